/* Items that wait on disk: behind those in line, and only where they stand is in memory. */
#ifndef STOCK_COLD_H
#define STOCK_COLD_H

#include "collections/account.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Items without a gap, of one user. */
struct cold_run {
	uint64_t first; /* sequence */
	uint64_t count;
	uint64_t bytes; /* of their bodies */
	struct account *account;
};

/* Zero is empty. */
struct cold {
	struct cold_run *runs; /* in order, from `start` on */
	size_t start, end, capacity;
	uint64_t items, bytes;
};

/* A durable queue has so many bytes of bodies in memory; what comes behind them is cold. */
enum { COLD_FROM_BYTES = 16 * 1024 * 1024 };

/* Whether an item that has nothing but a body of that size is to wait on disk: others do already,
 * or it would be too much beside what is in memory. */
static inline bool cold_begins(const struct cold *cold, uint64_t in_memory, size_t size)
{
	return cold->items > 0 || in_memory + size > COLD_FROM_BYTES;
}

/* Add one behind all others, which is recorded. False when memory ran out. */
bool cold_add(struct cold *cold, uint64_t sequence, size_t size, struct account *account);

/* The same for many. */
bool cold_add_run(struct cold *cold, const struct cold_run *run);

/* The first run; NULL: there is none. */
const struct cold_run *cold_first(const struct cold *cold);

/* The first item of the first run, of that size, is not cold any more. */
void cold_remove(struct cold *cold, size_t size);

/* The whole first run is gone. */
void cold_remove_run(struct cold *cold);

/* All are. */
void cold_end(struct cold *cold);

#endif
