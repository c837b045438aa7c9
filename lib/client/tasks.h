#ifndef CLIENT_TASKS_H
#define CLIENT_TASKS_H

#include "client/item_block.h"

/*
 * The leases of what a joinable handle got and is not done with yet, oldest first. They
 * are numbers of one connection, and void with it.
 */
struct task_list {
	uint64_t *leases; /* a ring */
	uint32_t first, count, capacity;
	uint64_t epoch;
	uint32_t lost; /* tasks that went back with a connection, and are not done with */
};

/* Make sure that so many can be added. False when memory ran out. */
bool tasks_reserve(struct task_list *tasks, size_t more);

void tasks_add(struct task_list *tasks, uint64_t lease, uint64_t epoch);

/* In a child after fork(2), they are the parent's. */
void tasks_forget(struct task_list *tasks);

void tasks_fini(struct task_list *tasks);

#endif
