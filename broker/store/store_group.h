#ifndef STORE_STORE_GROUP_H
#define STORE_STORE_GROUP_H

#include "base/list.h"
#include "store/store.h"

/*
 * A group in memory, from its first record until it is durable: the bytes as they stand in the
 * file, and who is to be told. The loop fills it; once committed, its bytes are the writer's to
 * seal, and the loop only reads what it put there.
 */
struct store_group {
	/* The loop's. */
	struct list pending; /* those not durable, in order */
	store_done *done;
	void *context;
	/* Set when it is committed. */
	uint64_t number;
	store_position at;
	bool lazy;
	/* The writer's. */
	struct store_group *next;
	bool sealed;

	uint8_t *bytes; /* a head, and the records */
	size_t last;    /* where the last of them begins */
	size_t size;
	size_t capacity;
};

/* Groups that are not used now, and their memory; zero is empty. */
struct store_group_pool {
	struct store_group *free;
	unsigned count;
	size_t bytes;
};

void store_group_pool_fini(struct store_group_pool *pool);

/* With no records. NULL when memory ran out. */
struct store_group *store_group_new(struct store_group_pool *pool);
/* Give it back. */
void store_group_done(struct store_group_pool *pool, struct store_group *group);
/* Free it, without a pool; may be NULL. */
void store_group_free(struct store_group *group);

/* What the record takes with its head; 0: it is too large. */
size_t store_record_size(const struct store_part *parts, size_t count);

/* Add a record that takes so much. NO_MEMORY, TOO_LARGE: it is as before. */
int store_group_add(struct store_group *group, uint8_t type, const struct store_part *parts,
		    size_t count, size_t size);

/* Add bytes to the last record, which there is. NO_MEMORY, TOO_LARGE: it is as before. */
int store_group_extend(struct store_group *group, const struct store_part *parts, size_t count);

#endif
