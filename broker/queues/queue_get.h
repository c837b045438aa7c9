#ifndef QUEUES_QUEUE_GET_H
#define QUEUES_QUEUE_GET_H

#include "queues/queue_call.h"
#include "stock/queue.h"

/* Get from that queue alone, as queue_get() does. `member`: the waiter stands in line for another
 * call, which people are told of instead. */
void getter_begin(struct engine_peer *peer, const struct get_request *request, nsec_t now,
		  struct waiter *waiter, bool member);

/* Serve those that wait, a piece of it if it is much. Calls answers. */
void getters_serve(struct queue *queue);

/* Whether the first in line could be served. */
bool getters_due(struct queue *queue);

/* Answer those getters of the session. */
void getters_dismiss(struct queue *queue, struct engine_peer *peer, int status);

#endif
