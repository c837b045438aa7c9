#ifndef QUEUES_QUEUE_WAIT_H
#define QUEUES_QUEUE_WAIT_H

#include "core/peer_wait.h"
#include "core/waiter.h"
#include "stock/queue.h"

/* What the kinds of calls that wait at a queue have in common. */

/* At the end of that line of the queue, which is looked at, and stays while it waits. */
void queue_wait_enter(struct waiter *waiter, struct queue *queue, struct list *line);

/* Have it refused when the queue has been settled to the end; false: it has been. */
bool queue_wait_put_off(struct waiter *waiter, struct queue *queue);

/* Why the call at the queue came to nothing; `late`: if time has run out, in words that
 * follow the queue's name. False: it is nothing of these. */
bool queue_wait_describe(const struct waiter *waiter, const struct queue *queue, const char *late,
			 struct error *error);

void queue_wait_look(const struct queue *queue, enum peer_call call, struct peer_wait *wait);

#endif
