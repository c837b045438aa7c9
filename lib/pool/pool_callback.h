#ifndef POOL_POOL_CALLBACK_H
#define POOL_POOL_CALLBACK_H

#include "base/error.h"
#include "base/list.h"

#include <relevo/pool_async.h>

#include <pthread.h>

/*
 * The thread that calls the user's callbacks, one after the other: so one that blocks
 * holds up no results. Started with the first job that has some.
 */
struct callbacks {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool started;
	bool stop;
	struct list notes; /* what is to be called */
};

enum note_kind { NOTE_PROGRESS, NOTE_RESULT, NOTE_END };

/* One call that is due. */
struct note {
	struct list link;
	enum note_kind kind;
	relevo_job *job; /* referenced */
	size_t index;
	size_t size; /* of what the task said: */
	char said[];
};

void callbacks_init(struct callbacks *callbacks);

/* Have the thread running. */
int callbacks_start(struct callbacks *callbacks, struct error *error);

/* Have the note called and freed. */
void callbacks_add(struct callbacks *callbacks, struct note *note);

/* Whether this is its thread. */
bool callbacks_here(struct callbacks *callbacks);

/* Call what is due, and stop. */
void callbacks_fini(struct callbacks *callbacks);

#endif
