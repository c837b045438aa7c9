#ifndef QUEUES_TOKEN_H
#define QUEUES_TOKEN_H

#include "core/lease_table.h"
#include "stock/queue.h"

/*
 * What locks, semaphores and conditions have beyond other queues.
 *
 * A token is an item without a body that is never put and never used up. One that
 * is released starts anew, as if it had never been handed out; one whose holder
 * died keeps its count of deliveries. So the one who gets it next sees a
 * redelivery, and knows.
 */

/* OPTION_MISMATCH when the queue was created with other tokens. */
int tokens_compare(const struct queue *queue, const struct queue_options *asked,
		   struct error *error);

/* BAD_ARGUMENT: too many. */
int tokens_check(const struct queue_options *options, struct error *error);

/* Give a new queue its tokens, charged to the peer's user. QUOTA, NO_MEMORY, or
 * the recorder's reason. */
int tokens_create(struct engine_peer *peer, struct queue *queue, struct error *error);

/* The number that goes with the next token handed out; 0 if the queue has none. */
uint64_t token_grant(struct queue *queue);

/* The session of the lease has ended in order: if its item is a token it is released, or
 * stays away if its queue says so. False: it is none. */
bool token_leave(struct lease *lease);

/* Drop what nobody waited for, if the queue is a condition's. */
void notices_drop(struct queue *queue);

#endif
