#ifndef QUEUE_QUEUE_PART_H
#define QUEUE_QUEUE_PART_H

#include "base/list.h"
#include "queue/kept_put.h"
#include "session/part.h"

#include <pthread.h>

/*
 * What the queues of a session, and what is made of queues, have there in common.
 */
struct queue_part {
	struct session_part part;
	struct list queues;      /* struct relevo_queue, those that are open */
	struct list stashes;     /* struct stash, those that are not empty */
	struct list failed_puts; /* for error callbacks, see failed_put.h */
	bool calling_back;       /* a thread runs them */
	pthread_cond_t called_back;
	int put_to_failed;     /* see put_to_quietly() */
	struct kept_puts puts; /* to durable queues */
};

/* That of the session, made with its first queue; NULL: memory ran out. The session is
 * locked. */
struct queue_part *queue_part_of(struct relevo_session *session);

#endif
