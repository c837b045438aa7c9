/* Somebody who keeps records in a store: appending, and being told. */
#include "support/store_user.h"

#include "base/clock.h"
#include "support/test.h"

#include <poll.h>
#include <relevo/status.h>
#include <stdlib.h>
#include <string.h>

void store_user_init(struct store_user *user, uint64_t seed)
{
	*user = (struct store_user){
		.random = { seed },
		.size_most = 300,
		.image_status = TRY_AGAIN,
	};
}

void store_user_fini(struct store_user *user)
{
	for (uint64_t i = 0; i < user->group_count; i++)
		free(user->groups[i]);
	free(user->groups);
	free(user->records);
}

void store_user_bytes(uint64_t number, uint8_t *bytes, uint32_t size)
{
	struct random random = { number };
	for (uint32_t at = 0; at < size; at += sizeof number) {
		uint64_t next = at == 0 ? number : random_next(&random);
		memcpy(bytes + at, &next, size - at < sizeof next ? size - at : sizeof next);
	}
}

uint8_t store_user_type(uint64_t number)
{
	return (uint8_t)(number * 7 + 1);
}

/* ---- appending ---------------------------------------------------------- */

static void *user_grow(void *array, uint64_t count, uint64_t *capacity, size_t size)
{
	if (count < *capacity)
		return array;
	*capacity = *capacity * 2 + 64;
	void *grown = realloc(array, *capacity * size);
	assert_non_null(grown);
	return grown;
}

void store_user_append(struct store_user *user, uint32_t size)
{
	uint8_t *bytes = malloc(size);
	uint64_t number = user->record_count;
	store_position at = 0;
	assert_non_null(bytes);
	store_user_bytes(number, bytes, size);
	/* In pieces, of which one is empty. */
	uint32_t first = random_below(&user->random, size + 1);
	const struct store_part parts[] = {
		{ bytes, first },
		{ NULL, 0 },
		{ bytes + first, size - first },
	};
	assert_int_equal(user->ask->append(user->store, store_user_type(number), parts, 3, &at),
			 RELEVO_OK);
	free(bytes);
	if (number > 0)
		assert_true(at > user->records[number - 1].at);
	assert_true(at > 0);
	user->records =
		user_grow(user->records, number, &user->record_capacity, sizeof *user->records);
	user->records[number] = (struct user_record){ at, size };
	user->record_count++;
}

static void user_on_done(void *context, int status)
{
	struct user_group *group = context;
	struct store_user *user = group->user;
	assert_int_equal(group->status, TRY_AGAIN);
	/* In the order of the commits. */
	assert_ptr_equal(group, user->groups[user->told]);
	group->status = status;
	user->told++;
	if (status == RELEVO_OK)
		user->confirmed = group->end;
	else
		user->refused++;
}

void store_user_commit(struct store_user *user, bool lazy)
{
	struct user_group *group = malloc(sizeof *group);
	assert_non_null(group);
	*group = (struct user_group){ user, user->record_count, TRY_AGAIN };
	user->groups = user_grow(user->groups, user->group_count, &user->group_capacity,
				 sizeof *user->groups);
	user->groups[user->group_count++] = group;
	assert_int_equal(user->ask->commit(user->store, lazy, user_on_done, group), RELEVO_OK);
}

void store_user_group(struct store_user *user, unsigned records, bool lazy)
{
	for (unsigned i = 0; i < records; i++)
		store_user_append(user, 8 + random_below(&user->random, user->size_most));
	store_user_commit(user, lazy);
}

/* ---- being told --------------------------------------------------------- */

void store_user_await_that(struct store_user *user, bool (*holds)(struct store_user *user))
{
	nsec_t deadline = clock_deadline(clock_now(), TEST_PATIENCE);
	struct pollfd event = { .fd = user->ask->descriptor(user->store), .events = POLLIN };
	user->ask->dispatch(user->store);
	while (!holds(user)) {
		if (clock_now() > deadline)
			fail_msg("the store told nothing in time");
		if (event.fd >= 0)
			poll(&event, 1, clock_poll_timeout(clock_now(), deadline));
		user->ask->dispatch(user->store);
	}
}

static bool user_was_told_all(struct store_user *user)
{
	return user->told == user->group_count;
}

void store_user_await(struct store_user *user)
{
	store_user_await_that(user, user_was_told_all);
}

bool store_user_has_no_trouble(struct store_user *user)
{
	return user->ask->trouble(user->store, NULL) == RELEVO_OK;
}

bool store_user_has_trouble(struct store_user *user)
{
	return !store_user_has_no_trouble(user);
}

bool store_user_has_no_backlog(struct store_user *user)
{
	return user->ask->backlog(user->store) == 0;
}

bool store_user_image_is_over(struct store_user *user)
{
	return user->image_status != TRY_AGAIN;
}

/* ---- checkpoints -------------------------------------------------------- */

static void user_on_image(void *context, int status)
{
	struct store_user *user = context;
	assert_int_equal(user->image_status, TRY_AGAIN);
	user->image_status = status;
	if (status == RELEVO_OK)
		user->image_base = user->ending_base;
}

void store_user_begin(struct store_user *user)
{
	assert_int_equal(user->ask->checkpoint_begin(user->store, &user->begins), RELEVO_OK);
	user->ending_base = user->record_count;
}

void store_user_end(struct store_user *user, unsigned records)
{
	uint8_t bytes[200];
	for (unsigned i = 0; i < records; i++) {
		memset(bytes, (int)(i & 0xff), sizeof bytes);
		memcpy(bytes, &user->ending_base, sizeof user->ending_base);
		memcpy(bytes + 8, &user->record_count, sizeof user->record_count);
		const struct store_part parts[] = { { bytes, 100 }, { bytes + 100, 100 } };
		assert_int_equal(user->ask->checkpoint_add(user->store, (uint8_t)i, parts, 2),
				 RELEVO_OK);
	}
	user->image_status = TRY_AGAIN;
	assert_int_equal(user->ask->checkpoint_end(user->store, user_on_image, user), RELEVO_OK);
}

int store_user_checkpoint(struct store_user *user, unsigned records)
{
	store_user_begin(user);
	store_user_end(user, records);
	store_user_await_that(user, store_user_image_is_over);
	return user->image_status;
}

void store_user_trim(struct store_user *user, uint64_t from)
{
	uint32_t keep = UINT32_MAX, begins = store_extent(user->begins);
	if (from < user->record_count)
		keep = store_extent(user->records[from].at);
	uint32_t extent = user->ask->next_extent(user->store, 0);
	for (; extent != 0 && extent < keep && extent < begins;
	     extent = user->ask->next_extent(user->store, extent + 1)) {
		user->ask->trim(user->store, extent);
		user->trimmed_below = extent + 1;
	}
}

/* ---- reading ------------------------------------------------------------ */

void store_user_read(struct store_user *user, uint64_t number)
{
	const struct user_record *record = &user->records[number];
	uint8_t *expected = malloc(record->size);
	struct buffer bytes = { 0 };
	struct error error = { 0 };
	uint8_t type = 0;
	assert_non_null(expected);
	store_user_bytes(number, expected, record->size);
	int status = user->ask->read(user->store, record->at, &type, &bytes, &error);
	if (status != RELEVO_OK && user->is_cut_off != NULL && user->is_cut_off(user)) {
		buffer_fini(&bytes);
		free(expected);
		return;
	}
	if (status != RELEVO_OK)
		fail_msg("reading record %lu: %s", (unsigned long)number, error_text(&error));
	assert_int_equal(type, store_user_type(number));
	assert_int_equal(buffer_size(&bytes), record->size);
	assert_memory_equal(buffer_data(&bytes), expected, record->size);
	buffer_fini(&bytes);
	free(expected);
}

void store_user_read_any(struct store_user *user)
{
	if (user->record_count == 0)
		return;
	uint64_t number = random_next(&user->random) % user->record_count;
	uint32_t extent = store_extent(user->records[number].at);
	if (extent >= user->trimmed_below)
		store_user_read(user, number);
}

void store_user_close(struct store_user *user)
{
	user->ask->close(user->store);
	user->store = NULL;
}
