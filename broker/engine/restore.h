/* Giving an engine that begins what an earlier one had that was durable. */
#ifndef ENGINE_RESTORE_H
#define ENGINE_RESTORE_H

#include "engine/engine.h"

/* None of this is recorded: it is on record. It may cost more than a user has; what is kept is
 * the account, with references of its own, and nothing else of what is given. */

struct queue;

/* First of all: what time it is. */
void restore_begin(struct engine *engine, nsec_t now);

struct restored_queue {
	uint64_t key;
	const char *name;
	struct queue_options options;
	struct account *account;
	const uint8_t *owner; /* id of the client with which it ends; NULL: none is known */
	uint64_t last_sequence;
	uint8_t shutdown;
};

/* One that ends with its session, or without handles, waits CLIENT_CARE for its owner; and for
 * anybody who opens it, if handles are enough. NO_MEMORY. */
int restore_queue(struct engine *engine, const struct restored_queue *restored,
		  struct queue **queue, struct error *error);

struct restored_item {
	uint64_t sequence;
	struct account *account;
	const uint8_t *body;
	uint32_t size;
	uint16_t deliveries;
	uint32_t rank;
	nsec_t due;     /* 0: it is ready */
	nsec_t expires; /* 0: never */
	nsec_t hold;
	const uint8_t *key, *properties;
	uint32_t key_size, properties_size;
	const char *overdue_to; /* NULL: back to its place */
	bool extended;          /* it has more than a body */
};

/* In the order of their sequences. NO_MEMORY. */
int restore_item(struct queue *queue, const struct restored_item *restored, struct error *error);

/* Items with nothing but a body that were never handed out; they stay where they are until
 * their turn. */
struct restored_run {
	uint64_t first, count, bytes;
	struct account *account;
};

int restore_run(struct queue *queue, const struct restored_run *restored, struct error *error);

/* A put that may come again, of which so many items are in the queue. */
struct restored_put {
	const uint8_t *client; /* CLIENT_ID_SIZE bytes */
	uint64_t number, settled;
	uint32_t accepted;
};

/* QUOTA of the account, NO_MEMORY. */
int restore_put(struct queue *queue, struct account *account, const struct restored_put *restored,
		struct error *error);

struct restored_cell {
	uint64_t key;
	uint64_t version;
	struct account *account;
	const uint8_t *owner; /* as that of a queue */
	const char *name;
	struct cell_options options;
	const uint8_t *bytes; /* all of it */
};

/* NO_MEMORY. */
int restore_cell(struct engine *engine, const struct restored_cell *restored, struct error *error);

#endif
