#ifndef SUPPORT_KINDS_H
#define SUPPORT_KINDS_H

#include "support/queues.h"

/* Do it with the name of each kind, in the order of their texts and of their places in tuples. */
#define KINDS_EACH(act)                                                                            \
	act(queue) act(lock) act(rlock) act(semaphore) act(condition) act(event) act(barrier)      \
		act(value) act(array) act(shared)

enum { KINDS = 10 };

/* One object of each kind. What is called kinds_ and returns a status does it for one after the
 * other, until one fails: that is the status. */
struct kinds {
	relevo_session *session;
	relevo_queue *queue;
	relevo_lock *lock;
	relevo_rlock *rlock;
	relevo_semaphore *semaphore; /* of one */
	relevo_condition *condition;
	relevo_event *event;
	relevo_barrier *barrier; /* of one */
	relevo_value *value;     /* int32_t */
	relevo_array *array;     /* of four int32_t */
	relevo_shared *shared;   /* KINDS_SHARED bytes */
};

enum { KINDS_SHARED = 64 };

/* Called "NAME queue", "NAME lock" and so on; NULL: none has a name of its own, so that they end
 * with their last handles. NOT_LOCAL: all are open but the shared memory, since it is tcp. */
int kinds_open(struct kinds *kinds, relevo_session *session, const char *name);
void kinds_close(struct kinds *kinds);

/* Those that were opened with this name. */
int kinds_delete(relevo_session *session, const char *name);

/* ---- handed on --------------------------------------------------------------- */

struct kind_texts {
	char of[KINDS][RELEVO_HANDLE_TEXT];
};

int kinds_to_text(const struct kinds *kinds, struct kind_texts *texts);

/* What each of them says, from the texts in a line that begins with another one than its own.
 * Those that failed are NULL. */
void kinds_from_text(struct kinds *kinds, relevo_session *session, const struct kind_texts *texts,
		     size_t first, int statuses[KINDS]);

/* As values 0 .. KINDS - 1 of the tuple, named by their kinds. */
int kinds_to_tuple(const struct kinds *kinds, relevo_tuple *tuple);
int kinds_from_tuple(struct kinds *kinds, relevo_session *session, const relevo_tuple *tuple);

/* ---- used and kept ------------------------------------------------------------- */

/* Leave an item in the queue, and a text in the memory. */
void kinds_fill(const struct kinds *kinds);

/* In a child: all work, and have what they were filled with; else the process ends with failure. */
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
