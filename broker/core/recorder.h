#ifndef CORE_RECORDER_H
#define CORE_RECORDER_H

#include <stdint.h>

struct item;

/*
 * What the engine tells whoever keeps a record of it. All calls come from the broker's
 * loop. One that tells of a change is part of the current batch; commit() ends the batch.
 * Everything in a batch becomes durable together, in order, or none of it does.
 *
 * Queues go by their keys: a key is never used twice.
 */
struct recorder {
	const struct recorder_operations *operations;
};

struct recorder_operations {
	/* The queue exists under that name. */
	int (*queue_created)(struct recorder *recorder, uint64_t queue, const char *name);
	/* The queue and all its items are gone. */
	int (*queue_deleted)(struct recorder *recorder, uint64_t queue);
	/* The item is in the queue at `sequence`. */
	int (*item_added)(struct recorder *recorder, uint64_t queue, uint64_t sequence,
			  const struct item *item);
	/* The item has left the queue for good. */
	int (*item_removed)(struct recorder *recorder, uint64_t queue, uint64_t sequence);
	/* Its delivery count has changed. */
	int (*item_changed)(struct recorder *recorder, uint64_t queue, uint64_t sequence,
			    const struct item *item);

	/*
	 * End the batch. `done` is called with OK once it is durable, or with the
	 * reason why it is not; from inside commit() or later, from the loop, in
	 * the order of the commits.
	 */
	void (*commit)(struct recorder *recorder, void (*done)(void *context, int status),
		       void *context);
};

#endif
