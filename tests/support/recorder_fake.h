#ifndef SUPPORT_RECORDER_FAKE_H
#define SUPPORT_RECORDER_FAKE_H

#include "core/recorder.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Counts what it is told. Its commits can be held back, and its operations can be made to
 * fail.
 */
struct recorder_fake {
	struct recorder recorder; /* hand this to the engine */

	bool hold;         /* commits wait for recorder_fake_complete() */
	int commit_status; /* of the commits that are not held */
	int created_status, added_status;
	int trouble; /* new work is refused with it */

	uint64_t created, deleted, added, removed, handed_out, changed;
	uint64_t commits, lazy; /* and of these, those that nobody waits for */
	uint64_t granting;

	struct held_commit *first_held, **last_held;
};

void recorder_fake_init(struct recorder_fake *fake);

/* No commit may be held. */
void recorder_fake_fini(struct recorder_fake *fake);

/* Complete the oldest commit that is held; false when there is none. */
bool recorder_fake_complete(struct recorder_fake *fake, int status);

#endif
