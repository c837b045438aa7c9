#ifndef SUPPORT_STORE_USER_H
#define SUPPORT_STORE_USER_H

#include "store/store.h"
#include "support/random.h"

#include <stdbool.h>

/*
 * Somebody who keeps records in a store and knows what has to be there: records have numbers,
 * from which their bytes follow, and a checkpoint says below which number records are
 * of no interest. What is not as it should be fails the test.
 */
struct store_user {
	struct store *store;
	const struct store_operations *ask;
	struct random random;
	uint32_t size_most; /* of a record */
	/* Whether reading may fail, since the disk is gone; may be NULL. */
	bool (*is_cut_off)(struct store_user *user);

	struct user_record {
		store_position at;
		uint32_t size;
	} * records;
	uint64_t record_count, record_capacity;
	struct user_group {
		struct store_user *user;
		uint64_t end; /* the number of the record behind it */
		int status;   /* TRY_AGAIN: not told */
	} * *groups;
	uint64_t group_count, group_capacity;
	uint64_t told;          /* groups */
	uint64_t confirmed;     /* records that are durable */
	uint32_t trimmed_below; /* extents */
	uint64_t whole;         /* a group is known to end there */
	uint64_t refused;       /* groups of which was told that they are not */

	uint64_t image_base;   /* below it a checkpoint stands in, */
	uint64_t ending_base;  /* or will, */
	store_position begins; /* and from there on records are read back */
	int image_status;      /* of the last that ended; TRY_AGAIN: not told */
	uint64_t recovered;    /* while it is read back: the next number */
	bool recovered_any;
	uint64_t recovered_base;
	uint64_t image_records, recovered_needs;
};

void store_user_init(struct store_user *user, uint64_t seed);
void store_user_fini(struct store_user *user);

/* The bytes that a record has. */
void store_user_bytes(uint64_t number, uint8_t *bytes, uint32_t size);
uint8_t store_user_type(uint64_t number);

/* Recover; a status, with *error. What was read is compared to what is known: all that was
 * confirmed, and groups whole. What is not there is forgotten. */
int store_user_recover(struct store_user *user, struct store *store, struct error *error);
/* The same without a test that fails: whether it was right. For stores that may be damaged. */
int store_user_look(struct store_user *user, struct store *store, struct error *error, bool *right);

/* A group of so many records. */
void store_user_group(struct store_user *user, unsigned records, bool lazy);
/* One record that large in the group that is forming. */
void store_user_append(struct store_user *user, uint32_t size);
void store_user_commit(struct store_user *user, bool lazy);

/* Let the store tell, until all groups were told of. */
void store_user_await(struct store_user *user);
/* The same until it says so. */
void store_user_await_that(struct store_user *user, bool (*holds)(struct store_user *user));
bool store_user_has_no_trouble(struct store_user *user);
bool store_user_has_trouble(struct store_user *user);
bool store_user_image_is_over(struct store_user *user);
bool store_user_has_no_backlog(struct store_user *user);

void store_user_begin(struct store_user *user);
void store_user_end(struct store_user *user, unsigned records);
/* A whole one, and wait for it: its status. */
int store_user_checkpoint(struct store_user *user, unsigned records);
/* Trim all extents before the checkpoint, but those with records from that number on. */
void store_user_trim(struct store_user *user, uint64_t from);

/* Read that record, or any that is not trimmed, and compare. */
void store_user_read(struct store_user *user, uint64_t number);
void store_user_read_any(struct store_user *user);

/* Close the store; the user knows what it knows. */
void store_user_close(struct store_user *user);

#endif
