#ifndef STORE_STORE_EXTENTS_H
#define STORE_STORE_EXTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The extents there are, in order, and which of them were trimmed but may not go yet. Zero is
 * empty.
 */
struct store_extents {
	struct store_extent_state {
		uint32_t number;
		bool trimmed;
	} * states;
	size_t count;
	size_t capacity;
};

void store_extents_fini(struct store_extents *extents);

/* One more, higher than all others. False when memory ran out. */
bool store_extents_add(struct store_extents *extents, uint32_t number);

/* The first from that number on that was not trimmed; 0: none. */
uint32_t store_extents_next(const struct store_extents *extents, uint32_t from);

void store_extents_trim(struct store_extents *extents, uint32_t number);

/* The first that was trimmed and is below that one; 0: none. */
uint32_t store_extents_trimmed(const struct store_extents *extents, uint32_t below);
/* It is no more. */
void store_extents_remove(struct store_extents *extents, uint32_t number);

#endif
