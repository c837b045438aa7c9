#ifndef SUPPORT_KINDS_H
#define SUPPORT_KINDS_H

#include "support/queues.h"

/* One object of each kind, none with a name of its own: they end with their last handles. */
struct kinds {
	relevo_session *session;
	relevo_queue *queue; /* has the item "parent's" */
	relevo_lock *lock;
	relevo_rlock *rlock;
	relevo_semaphore *semaphore;
	relevo_condition *condition;
	relevo_event *event;
	relevo_barrier *barrier;
	relevo_value *value;
	relevo_array *array;
	relevo_shared *shared; /* "shared" stands in it */
};

void kinds_open(struct kinds *kinds, relevo_session *session);
void kinds_close(struct kinds *kinds);

/* In a child: all work, and have what they had; else the process ends with failure. */
void kinds_use(const struct kinds *kinds);

/* What they are called, to see whether they are still there. */
struct kind_names {
	relevo_session *session; /* of somebody else */
	char queue[64], lock[64], event[64], shared[64];
};

void kinds_note(const struct kinds *kinds, relevo_session *session, struct kind_names *names);
bool kinds_are_there(const struct kind_names *names);
bool kinds_are_gone(void *names); /* for eventually() */

#endif
