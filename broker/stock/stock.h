#ifndef STOCK_STOCK_H
#define STOCK_STOCK_H

#include "base/clock.h"
#include "collections/heap.h"
#include "collections/sorted.h"
#include "core/item.h"
#include "stock/cold.h"
#include "stock/marks.h"

#include <stdbool.h>

/*
 * The items of one queue that nobody holds, in their order: by rank where items
 * have ranks, and by sequence.
 *
 * Without ranks, those that were never handed out stand in a plain line, so that
 * each costs the same however many there are. The others stand in order: those
 * that came back, those that may have to leave from the middle (they expire), and
 * all where ranks count. A heap has those that are not due yet. Behind the line may be more of
 * it on disk: see cold.h, and wake.h for who wants the next.
 */
struct stock {
	struct item *first_new, *last_new;
	uint64_t new_count;
	struct marks marks;   /* some of the line, for who looks into it */
	struct sorted sorted; /* by rank, if `ranked`, and sequence */
	struct heap delayed;  /* by the time when they are due */
	struct cold cold;     /* those behind the line that are on disk */
	bool ranked;
	uint64_t bytes; /* of all bodies but the cold ones */
};

void stock_init(struct stock *stock, bool ranked);

/* stock_first() where some stand in order, and others perhaps in line. */
struct item *stock_first_of_both(const struct stock *stock);

/* The heaps must be empty. */
void stock_fini(struct stock *stock);

/* Add a new item; its `order.key` is its sequence, higher than any before it. There
 * must be room for it: see stock_reserve(). */
void stock_add(struct stock *stock, struct item *item);

/* The item that is next to be handed out, or NULL. */
static inline struct item *stock_first(const struct stock *stock)
{
	return stock->sorted.count == 0 ? stock->first_new : stock_first_of_both(stock);
}

/* The items that are ready, in their order, behind that place; nothing may come or go. */
struct stock_walk {
	const struct stock *stock;
	struct sorted_place place;
	struct item *sorted, *in_line; /* the next of each */
	uint64_t steps;                /* that it took so far */
};

struct stock_walk stock_walk(const struct stock *stock, uint32_t rank, uint64_t sequence);
struct item *stock_walk_next(struct stock_walk *walk);

/* Take it out. There must be one. */
struct item *stock_take(struct stock *stock);

/* Make sure that `out` items that are out can come back, or new ones be added.
 * False when memory ran out. */
bool stock_reserve(struct stock *stock, uint64_t out);

/* Give back an item for which stock_reserve() has made room. */
void stock_give_back(struct stock *stock, struct item *item);

/* The same, to be ready at `due`; needs heap_reserve() of `delayed` too. */
void stock_delay(struct stock *stock, struct item *item, nsec_t due);

/* Make ready the first that is due. False: none is. */
bool stock_ripen(struct stock *stock, nsec_t now);

/* Whether one that does not stand in the line is in stock. */
bool stock_has(const struct stock *stock, const struct item *item);

/* Take out one that expires, wherever it is. False: it is not in stock. */
bool stock_take_out(struct stock *stock, struct item *item);

/* Take out any item, ready or not; NULL when there is none. */
struct item *stock_drain(struct stock *stock);

static inline uint64_t stock_ready(const struct stock *stock)
{
	return stock->new_count + stock->cold.items + stock->sorted.count;
}

static inline uint64_t stock_bytes(const struct stock *stock)
{
	return stock->bytes + stock->cold.bytes;
}

static inline uint64_t stock_size(const struct stock *stock)
{
	return stock_ready(stock) + stock->delayed.count;
}

#endif
