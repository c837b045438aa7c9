#ifndef CORE_RECORDER_H
#define CORE_RECORDER_H

#include "base/clock.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct item;
struct queue_options;
struct cell_options;

/*
 * What the engine tells whoever keeps a record of what is durable. All calls come from the
 * broker's loop. One that tells of a change is part of the current batch; commit() ends the
 * batch. Everything in a batch becomes durable together, in order, or none of it does.
 *
 * Queues and cells go by their keys: a key is never used twice. Times are the engine's.
 * What cannot be refused any more returns nothing: the recorder sees to it itself.
 */
struct recorder {
	const struct recorder_operations *operations;
};

/* The put that items came with, if it may be made again. */
struct put_origin {
	const uint8_t *client; /* 16 bytes; NULL: none */
	uint64_t number;       /* of the put, rising in the client */
	uint64_t settled;      /* those with lower numbers never come again */
	uint32_t accepted;     /* its items that entered before this one */
};

/* An item enters a queue. */
struct item_note {
	uint64_t queue;
	uint64_t sequence; /* higher than any before it in the queue */
	const struct item *item;
	bool ranked;
	bool moved; /* from another queue: its key and its times were for that one */
	nsec_t due; /* 0: at once */
	struct put_origin origin;
};

/* A queue comes to be. */
struct queue_note {
	uint64_t key;
	uint32_t uid;         /* who pays */
	const uint8_t *owner; /* CLIENT_ID_SIZE bytes: with whom it ends; NULL: none */
	const char *name;
	const struct queue_options *options;
};

/* A cell comes to be, or some of its bytes change. */
struct cell_note {
	uint64_t key;
	uint64_t version;
	uint32_t uid;
	const uint8_t *owner; /* as that of a queue; told when it comes to be */
	const char *name;
	const struct cell_options *options;
	const uint8_t *bytes; /* from `offset` on */
	size_t offset, size;
};

/* Items of a queue that are to be read back, and who takes them. */
struct recorder_reading {
	uint64_t queue;
	uint64_t first; /* sequence */
	uint64_t most;
	/* False: no more. */
	bool (*take)(void *context, uint64_t sequence, const uint8_t *body, uint32_t size);
	void *context;
};

struct recorder_operations {
	/* Why what comes now would not become durable soon; OK: nothing is known against it. */
	int (*trouble)(struct recorder *recorder, struct error *error);

	/* NO_MEMORY, TOO_LARGE. */
	int (*queue_created)(struct recorder *recorder, const struct queue_note *note);
	void (*queue_shut_down)(struct recorder *recorder, uint64_t queue, uint8_t how);
	/* With all its items. */
	void (*queue_deleted)(struct recorder *recorder, uint64_t queue);

	/* NO_MEMORY, TOO_LARGE. */
	int (*item_added)(struct recorder *recorder, const struct item_note *note);
	/* The items, from `first` on, have left the queue for good. */
	void (*items_removed)(struct recorder *recorder, uint64_t queue, uint64_t first,
			      uint64_t count);
	/* It is handed out, and counts that delivery already. */
	void (*item_handed_out)(struct recorder *recorder, uint64_t queue, uint64_t sequence,
				const struct item *item);
	/* Something else has changed: its delivery count; it is due at another time (0: now); it
	 * does not expire any more. */
	void (*item_changed)(struct recorder *recorder, uint64_t queue, uint64_t sequence,
			     const struct item *item, nsec_t due);

	/* Read items back that were added without more than a body, without a gap: as many as
	 * are asked for, or fewer, but one. STORAGE, DAMAGED, NO_MEMORY. */
	int (*items_read)(struct recorder *recorder, const struct recorder_reading *reading,
			  struct error *error);

	/* NO_MEMORY, TOO_LARGE. */
	int (*cell_created)(struct recorder *recorder, const struct cell_note *note);
	void (*cell_changed)(struct recorder *recorder, const struct cell_note *note);
	void (*cell_deleted)(struct recorder *recorder, uint64_t cell);

	/* Fencing tokens up to that number may be given out. */
	void (*granting)(struct recorder *recorder, uint64_t bound);

	/*
	 * End the batch. `done` is called with OK once it is durable, or with the reason why it
	 * is not, though it may be later; from the loop, in the order of the commits. `lazy`:
	 * nobody waits for it.
	 */
	void (*commit)(struct recorder *recorder, bool lazy,
		       void (*done)(void *context, int status), void *context);
};

#endif
