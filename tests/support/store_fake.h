#ifndef SUPPORT_STORE_FAKE_H
#define SUPPORT_STORE_FAKE_H

#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A store in memory whose commits can be held back, and whose operations can be
 * made to fail. Counts what it is told.
 */
struct store_fake {
	struct store store; /* hand this to the engine */
	struct store *memory;

	bool hold;         /* commits wait for store_fake_complete() */
	int commit_status; /* of the commits that are not held */
	int created_status, added_status, removed_status;
	int64_t items_left; /* item_new() fails when they are used up; -1: never */

	uint64_t created, deleted, added, removed, changed, commits;
	uint64_t items; /* alive */

	struct held_commit *first_held, **last_held;
};

/* False when memory ran out. */
bool store_fake_init(struct store_fake *fake);

/* No commit may be held. */
void store_fake_fini(struct store_fake *fake);

/* Complete the oldest commit that is held; false when there is none. */
bool store_fake_complete(struct store_fake *fake, int status);

#endif
