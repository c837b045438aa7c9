#ifndef ENGINE_TOKEN_H
#define ENGINE_TOKEN_H

#include "engine/queue.h"

struct lease;

/*
 * What locks, semaphores and conditions have beyond other queues.
 *
 * A token is an item without a body that is never put and never used up. One that
 * is released starts anew, as if it had never been handed out; one whose holder
 * died keeps its count of deliveries. So the one who gets it next sees a
 * redelivery, and knows.
 */

/* What to call it in a message: "queue", "lock", ... */
const char *queue_noun(const struct queue *queue);
const char *kind_noun(enum queue_kind kind);

/* OPTION_MISMATCH when the queue is not of that kind. */
int kind_compare(const struct queue *queue, enum queue_kind asked, struct error *error);

/* OPTION_MISMATCH when the queue was created with other tokens. */
int tokens_compare(const struct queue *queue, const struct queue_options *asked,
		   struct error *error);

/* BAD_ARGUMENT: too many. */
int tokens_check(const struct queue_options *options, struct error *error);

/* Give a new queue its tokens, charged to the peer's user. QUOTA, NO_MEMORY, or
 * the store's reason. */
int tokens_create(struct engine_peer *peer, struct queue *queue, struct error *error);

/* The number that goes with the next token handed out; 0 if the queue has none. */
uint64_t token_grant(struct queue *queue);

/* BAD_ARGUMENT: nothing can be put there. */
int token_refuse_put(const struct queue *queue, struct error *error);

/* BAD_ARGUMENT: it is no queue of items, so `why` it cannot be done. */
int kind_need_items(const struct queue *queue, const char *why, struct error *error);

/* BAD_ARGUMENT: tokens are acquired and released, and nothing else is done with them; `why`. */
int token_refuse(const struct queue *queue, const char *why, struct error *error);

/* The session of the lease has ended in order: if its item is a token it is released, or
 * stays away if its queue says so. False: it is none. */
bool token_leave(struct lease *lease);

/* Drop what nobody waited for, if the queue is a condition's. */
void notices_drop(struct queue *queue);

#endif
