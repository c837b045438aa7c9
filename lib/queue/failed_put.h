#ifndef QUEUE_FAILED_PUT_H
#define QUEUE_FAILED_PUT_H

#include "queue/queue_part.h"
#include "wire/frame.h"

#include <relevo/queue.h>

struct relevo_queue;

/*
 * Puts that failed after they had returned. The broker sends their bodies back;
 * they wait here until the lock is free, since a user's callback is never called
 * under it.
 */

/* Note the bodies of a Failure of this queue, NULL: one that is closed by now. The
 * session is locked. Those of a queue without an error callback are dropped. */
void failed_put_add(struct queue_part *queues, struct relevo_queue *queue,
		    const struct frame *frame);

/* Note one item that was not put. The session is locked. */
void failed_put_note(struct queue_part *queues, struct relevo_queue *queue, int status,
		     const struct relevo_bytes *item);

/*
 * Run the callbacks that are due, in order, by one thread at a time, and wait until
 * `deadline` for those that another runs. The session is locked; unlocked meanwhile.
 * Errors: TIMED_OUT.
 */
int failed_put_tell(struct queue_part *queues, nsec_t deadline, struct error *error);

/* Drop what is noted for a queue, and wait for a callback of it that runs in
 * another thread. The session is locked. */
void failed_put_forget(struct queue_part *queues, struct relevo_queue *queue);

#endif
