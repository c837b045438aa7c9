/* How queues come to be, are found, and last as long as somebody refers to them. */
#ifndef STOCK_QUEUE_LIFE_H
#define STOCK_QUEUE_LIFE_H

#include "stock/queue.h"

/* A queue under a name that is not taken, charged to the account. QUOTA,
 * NO_MEMORY, or the recorder's reason. */
int queue_new(struct engine *engine, struct account *account, const char *name,
	      const struct queue_options *options, struct queue **queue, struct error *error);

/* One that is on record. */
struct queue_again {
	struct account *account;
	const char *name;
	uint64_t key;
	const struct queue_options *options;
};

/* Make it again, whatever it costs. NO_MEMORY. */
int queue_new_again(struct engine *engine, const struct queue_again *again, struct queue **queue,
		    struct error *error);

/* A new one under a name that the engine makes up. */
int queue_new_nameless(struct engine_peer *peer, const struct queue_options *options,
		       struct queue **queue, struct error *error);

/* The queue of that name, or NULL. */
struct queue *queue_find(struct engine *engine, const char *name);

void queue_hold(struct queue *queue);
void queue_drop(struct queue *queue);

/* Have it looked at by engine_run(). */
void queue_activate(struct queue *queue);

#endif
