/* How queues come to be, are found, and last as long as somebody refers to them. */
#ifndef STOCK_QUEUE_LIFE_H
#define STOCK_QUEUE_LIFE_H

#include "stock/queue.h"

/* What a queue is made with. */
struct queue_making {
	struct account *account; /* who pays */
	const uint8_t *owner;    /* id of the client with which it ends; NULL: none is known */
	const char *name;
	uint64_t key; /* of one that is on record; any other gets the next */
	const struct queue_options *options;
};

/* A queue under a name that is not taken, charged to the account. QUOTA,
 * NO_MEMORY, or the recorder's reason. */
int queue_new(struct engine *engine, const struct queue_making *making, struct queue **queue,
	      struct error *error);

/* Make one again that is on record, whatever it costs. NO_MEMORY. */
int queue_new_again(struct engine *engine, const struct queue_making *making, struct queue **queue,
		    struct error *error);

/* A new one under a name that the engine makes up. */
int queue_new_nameless(struct engine *engine, const struct queue_making *making,
		       struct queue **queue, struct error *error);

/* The queue of that name, or NULL. */
struct queue *queue_find(struct engine *engine, const char *name);

void queue_hold(struct queue *queue);
void queue_drop(struct queue *queue);

/* Have it looked at by engine_run(). */
void queue_activate(struct queue *queue);

#endif
