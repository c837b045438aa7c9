#ifndef SUPPORT_STORE_MEMORY_H
#define SUPPORT_STORE_MEMORY_H

#include "store/store.h"

/*
 * The contract of a store kept in memory, for tests: of those who use one, and of the contract
 * itself. What is durable is in a disk that outlives the store; closing and opening again is a
 * start after a crash.
 */
struct memory_disk {
	/* A group is durable once dispatch() was called so often after its commit. */
	unsigned delay;
	/* While it is set nothing becomes durable. */
	bool refuses;

	struct memory_record {
		store_position at;
		uint8_t type;
		uint8_t *bytes;
		size_t size;
	} * records;
	size_t record_count, record_capacity; /* all */
	size_t durable_records;
	struct memory_record *images;
	size_t image_count;
	store_position begins;
	uint32_t last_extent; /* the highest that any record had */
	bool trimmed[4096];
};

#define MEMORY_EXTENT 4096

void memory_disk_fini(struct memory_disk *disk);

struct store *store_memory_open(struct memory_disk *disk);

#endif
