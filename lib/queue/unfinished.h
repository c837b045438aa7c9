#ifndef QUEUE_UNFINISHED_H
#define QUEUE_UNFINISHED_H

#include "queue/item_block.h"

/*
 * The leases of what a joinable handle got and is not done with yet, oldest first. They
 * are numbers of one connection, and void with it.
 */
struct unfinished_list {
	uint64_t *leases; /* a ring */
	uint32_t first, count, capacity;
	uint64_t epoch;
	uint32_t lost; /* tasks that went back with a connection, and are not done with */
};

/* Make sure that so many can be added. False when memory ran out. */
bool unfinished_reserve(struct unfinished_list *tasks, size_t more);

void unfinished_add(struct unfinished_list *tasks, uint64_t lease, uint64_t epoch);

/* In a child after fork(2), they are the parent's. */
void unfinished_forget(struct unfinished_list *tasks);

void unfinished_fini(struct unfinished_list *tasks);

#endif
