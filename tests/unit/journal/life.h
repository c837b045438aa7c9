#ifndef UNIT_JOURNAL_LIFE_H
#define UNIT_JOURNAL_LIFE_H

#include "fixture.h"

#include "journal/journal.h"
#include "support/random.h"
#include "support/store_memory.h"

enum { QUEUES = 7, CELLS = 2, SEEN_MOST = 4096, SNAPSHOTS = 64, LEASES = 512, MOST_ITEMS = 150 };

/* What is to be seen of an item from outside, and its place. */
struct seen_item {
	uint64_t queue, sequence, digest, due, expires;
	uint32_t deliveries, rank;
};

struct snapshot {
	size_t records; /* of the disk, when it was taken */
	uint64_t time;  /* of the wall clock */
	size_t count;
	struct seen_item items[SEEN_MOST];
	uint64_t keys[QUEUES], bytes[QUEUES], ready[QUEUES], delayed[QUEUES], last[QUEUES];
	int shutdown[QUEUES];
	uint64_t cell_versions[CELLS], cell_digests[CELLS];
};

struct held {
	uint64_t lease;
	int queue;
};

struct life {
	uint64_t seed;
	struct random random;
	struct memory_disk disk;
	struct accounts accounts;
	struct account *user;
	struct store *store;
	struct journal *journal;
	struct engine *engine;
	struct engine_peer *peer;
	nsec_t now;
	uint64_t wall; /* of the engine's time 0 */
	uint32_t turn_work;
	uint32_t handles[QUEUES], cells[CELLS];
	struct held held[LEASES];
	size_t held_count;
	uint64_t words, puts;
	int last_queue; /* of the last put; -1: none, or the queue is another by now */
	uint64_t refused;
	struct snapshot snapshots[SNAPSHOTS];
	size_t taken;
	uint64_t restarts, images;
};

/* What there is now. */
void life_look(const struct life *life, struct snapshot *snapshot);

/* Fails the test, naming the first difference, unless all is as it was. */
void life_same(const struct life *life, const struct snapshot *was, const struct snapshot *is);

#endif
