/* What a queue serves as, in words, and what can be done with it. */
#ifndef STOCK_QUEUE_KIND_H
#define STOCK_QUEUE_KIND_H

#include "stock/queue.h"

/* What to call it in a message: "queue", "lock", ... */
const char *queue_noun(const struct queue *queue);
const char *kind_noun(enum queue_kind kind);

/* OPTION_MISMATCH when the queue is not of that kind. */
int kind_compare(const struct queue *queue, enum queue_kind asked, struct error *error);

/* BAD_ARGUMENT: nothing can be put there. */
int token_refuse_put(const struct queue *queue, struct error *error);

/* BAD_ARGUMENT: it is no queue of items, so `why` it cannot be done. */
int kind_need_items(const struct queue *queue, const char *why, struct error *error);

/* BAD_ARGUMENT: tokens are acquired and released, and nothing else is done with them; `why`. */
int token_refuse(const struct queue *queue, const char *why, struct error *error);

/* Whether what it has are tokens: it is a lock or a semaphore. */
bool kind_has_tokens(const struct queue *queue);

#endif
