/* What every store promises, asked of each: the log, one in memory, and a slow one. */
#include "support/log_test.h"
#include "support/store_memory.h"
#include "support/test.h"

#include <errno.h>
#include <relevo/status.h>
#include <string.h>

enum kind { LOG, MEMORY, SLOW };

struct subject {
	enum kind kind;
	struct log_test log; /* its user is everybody's */
	struct memory_disk memory;
};

static struct store_user *subject_open(struct subject *subject)
{
	struct error error = { 0 };
	struct store *store = subject->kind == LOG ? log_test_open(&subject->log)
						   : store_memory_open(&subject->memory);
	assert_non_null(store);
	int status = store_user_recover(&subject->log.user, store, &error);
	if (status != RELEVO_OK)
		fail_msg("recover: %s", error_text(&error));
	return &subject->log.user;
}

static struct store_user *subject_begin(struct subject *subject, void **state)
{
	*subject = (struct subject){ .kind = *(enum kind *)*state };
	subject->memory.delay = subject->kind == SLOW ? 5 : 0;
	fake_disk_init(&subject->log.disk, 3);
	store_user_init(&subject->log.user, 4);
	return subject_open(subject);
}

static struct store_user *subject_again(struct subject *subject)
{
	store_user_close(&subject->log.user);
	return subject_open(subject);
}

static void subject_end(struct subject *subject)
{
	store_user_close(&subject->log.user);
	store_user_fini(&subject->log.user);
	fake_disk_fini(&subject->log.disk);
	memory_disk_fini(&subject->memory);
}

static void subject_refuses(struct subject *subject, bool refuses)
{
	struct fake_disk *disk = &subject->log.disk;
	subject->memory.refuses = refuses;
	const struct fake_failure failure = { FAKE_BIT(FAKE_SYNC), refuses ? 1 : 0, -1UL, EIO };
	fake_disk_fail(disk, &failure);
}

/* ---- groups ------------------------------------------------------------- */

static void test_groups_come_back_in_order(void **state)
{
	struct subject subject;
	struct store_user *user = subject_begin(&subject, state);
	assert_int_equal(user->record_count, 0);
	for (unsigned i = 0; i < 60; i++)
		store_user_group(user, i % 7, i % 3 == 0);
	store_user_await(user);
	user = subject_again(&subject);
	assert_int_equal(user->record_count, 174);
	/* And again, behind those. */
	for (unsigned i = 0; i < 60; i++)
		store_user_group(user, i % 7, false);
	store_user_await(user);
	user = subject_again(&subject);
	assert_int_equal(user->record_count, 348);
	subject_end(&subject);
}

static void read_whole(const struct store_user *user, store_position at, const char *expected)
{
	struct buffer bytes = { 0 };
	struct error error;
	uint8_t type;
	assert_int_equal(user->ask->read(user->store, at, &type, &bytes, &error), RELEVO_OK);
	assert_int_equal(type, 9);
	assert_int_equal(buffer_size(&bytes), strlen(expected));
	assert_memory_equal(buffer_data(&bytes), expected, strlen(expected));
	buffer_fini(&bytes);
}

static void test_the_last_record_grows_until_its_group_ends(void **state)
{
	struct subject subject;
	struct store_user *user = subject_begin(&subject, state);
	const struct store_part one = { "one", 3 }, more[] = { { " and", 4 }, { " more", 5 } };
	store_position first, second;
	assert_int_equal(user->ask->extend(user->store, more, 2), RELEVO_BAD_STATE);
	assert_int_equal(user->ask->append(user->store, 9, &one, 1, &first), RELEVO_OK);
	assert_int_equal(user->ask->extend(user->store, more, 2), RELEVO_OK);
	assert_int_equal(user->ask->append(user->store, 9, &one, 1, &second), RELEVO_OK);
	assert_int_equal(user->ask->extend(user->store, more, 1), RELEVO_OK);
	read_whole(user, first, "one and more");
	read_whole(user, second, "one and");
	store_user_commit(user, false);
	assert_int_equal(user->ask->extend(user->store, more, 2), RELEVO_BAD_STATE);
	store_user_await(user);
	read_whole(user, first, "one and more");
	read_whole(user, second, "one and");
	subject_end(&subject);
}

static void test_what_was_not_committed_is_gone(void **state)
{
	struct subject subject;
	struct store_user *user = subject_begin(&subject, state);
	assert_int_equal(user->ask->forming(user->store), 0);
	store_user_group(user, 4, false);
	store_user_append(user, 100);
	assert_true(user->ask->forming(user->store) >= 100);
	store_user_await(user);
	user = subject_again(&subject);
	assert_int_equal(user->record_count, 4);
	subject_end(&subject);
}

static void test_a_commit_is_told_from_dispatch_only(void **state)
{
	struct subject subject;
	struct store_user *user = subject_begin(&subject, state);
	store_user_group(user, 1, false);
	store_user_commit(user, false); /* of nothing */
	store_user_group(user, 1, true);
	assert_int_equal(user->told, 0);
	store_user_await(user);
	assert_int_equal(user->told, 3);
	assert_int_equal(user->refused, 0);
	store_user_await_that(user, store_user_has_no_backlog);
	subject_end(&subject);
}

static void test_closing_makes_durable_and_tells(void **state)
{
	struct subject subject;
	struct store_user *user = subject_begin(&subject, state);
	store_user_group(user, 3, false);
	store_user_group(user, 3, true);
	store_user_close(user);
	assert_int_equal(user->told, 2);
	assert_int_equal(user->confirmed, 6);
	user = subject_open(&subject);
	assert_int_equal(user->record_count, 6);
	subject_end(&subject);
}

static void test_records_have_any_size(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 9, 511, 4096, 16384, 100000, 1 << 20 };
	struct subject subject;
	struct store_user *user = subject_begin(&subject, state);
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		store_user_append(user, sizes[i]);
		store_user_append(user, 8);
		store_user_commit(user, false);
	}
	store_user_await(user);
	user = subject_again(&subject);
	assert_int_equal(user->record_count, 2 * sizeof sizes / sizeof sizes[0]);
	for (uint64_t i = 0; i < user->record_count; i++)
		store_user_read(user, i);
	subject_end(&subject);
}

static void test_a_record_too_large_is_refused(void **state)
{
	struct subject subject;
	struct store_user *user = subject_begin(&subject, state);
	const struct store_part parts[] = { { "", STORE_RECORD_MOST }, { "", 1 } };
	store_position at;
	assert_int_equal(user->ask->append(user->store, 1, parts, 2, &at), RELEVO_TOO_LARGE);
	assert_int_equal(user->ask->forming(user->store), 0);
	store_user_group(user, 1, false);
	store_user_await(user);
	user = subject_again(&subject);
	assert_int_equal(user->record_count, 1);
	subject_end(&subject);
}

/* ---- reading ------------------------------------------------------------ */

static void test_a_record_is_read_wherever_it_is(void **state)
{
	struct subject subject;
	struct store_user *user = subject_begin(&subject, state);
	for (unsigned i = 0; i < 200; i++) {
		store_user_append(user, 8 + i);
		store_user_read(user, user->record_count - 1);
		store_user_group(user, 3, i % 2 == 0);
		store_user_read(user, user->record_count - 1);
		store_user_read_any(user);
		user->ask->ahead(user->store, user->records[i].at, 100);
		if (i % 10 == 0)
			store_user_await(user);
	}
	store_user_await(user);
	user = subject_again(&subject);
	for (uint64_t i = 0; i < user->record_count; i++)
		store_user_read(user, i);
	subject_end(&subject);
}

static void test_a_place_without_a_record_is_not_found(void **state)
{
	struct subject subject;
	struct buffer bytes = { 0 };
	struct error error = { 0 };
	uint8_t type;
	struct store_user *user = subject_begin(&subject, state);
	store_user_group(user, 3, false);
	store_position behind = user->records[2].at + 100000;
	assert_int_equal(user->ask->read(user->store, behind, &type, &bytes, &error),
			 RELEVO_NOT_FOUND);
	assert_true(error.text[0] != '\0');
	store_user_append(user, 20);
	store_position inside = user->records[3].at + 1;
	assert_int_equal(user->ask->read(user->store, inside, &type, &bytes, &error),
			 RELEVO_NOT_FOUND);
	buffer_fini(&bytes);
	subject_end(&subject);
}

/* ---- checkpoints -------------------------------------------------------- */

static void test_a_checkpoint_stands_in_for_what_was_before(void **state)
{
	struct subject subject;
	struct store_user *user = subject_begin(&subject, state);
	store_user_group(user, 5, false);
	/* In the midst of a group, and with others before its end. */
	store_user_append(user, 10);
	store_user_begin(user);
	store_user_append(user, 11);
	store_user_commit(user, false);
	store_user_group(user, 2, true);
	store_user_end(user, 3000);
	store_user_group(user, 1, false);
	store_user_await_that(user, store_user_image_is_over);
	assert_int_equal(user->image_status, RELEVO_OK);
	store_user_await(user);
	user = subject_again(&subject);
	assert_int_equal(user->image_records, 3000);
	assert_int_equal(user->recovered_base, 6);
	assert_int_equal(user->record_count, 10);
	/* One of nothing. */
	assert_int_equal(store_user_checkpoint(user, 1), RELEVO_OK);
	user = subject_again(&subject);
	assert_int_equal(user->recovered_base, 10);
	assert_false(user->recovered_any);
	subject_end(&subject);
}

static void test_only_a_checkpoint_that_ended_counts(void **state)
{
	struct subject subject;
	struct store_user *user = subject_begin(&subject, state);
	const struct store_part part = { "x", 1 };
	assert_int_equal(user->ask->checkpoint_add(user->store, 1, &part, 1), RELEVO_BAD_STATE);
	assert_int_equal(user->ask->checkpoint_end(user->store, NULL, NULL), RELEVO_BAD_STATE);
	store_user_group(user, 5, false);
	assert_int_equal(store_user_checkpoint(user, 4), RELEVO_OK);
	store_user_group(user, 5, false);
	store_user_await(user);
	store_user_begin(user);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(user->ask->checkpoint_add(user->store, 1, &part, 1), RELEVO_OK);
	user = subject_again(&subject);
	assert_int_equal(user->image_records, 4);
	assert_int_equal(user->record_count, 10);
	subject_end(&subject);
}

static void test_a_second_checkpoint_drops_the_first(void **state)
{
	struct subject subject;
	struct store_user *user = subject_begin(&subject, state);
	store_user_group(user, 5, false);
	store_user_begin(user);
	store_user_end(user, 5);
	store_user_begin(user);
	/* Unless it was finished already. */
	if (user->image_status == TRY_AGAIN)
		store_user_await_that(user, store_user_image_is_over);
	assert_true(user->image_status == RELEVO_CANCELLED || user->image_status == RELEVO_OK);
	store_user_end(user, 7);
	store_user_await_that(user, store_user_image_is_over);
	assert_int_equal(user->image_status, RELEVO_OK);
	user = subject_again(&subject);
	assert_int_equal(user->image_records, 7);
	subject_end(&subject);
}

static void test_extents_go_when_nobody_needs_them(void **state)
{
	struct subject subject;
	struct store_user *user = subject_begin(&subject, state);
	for (unsigned i = 0; i < 300; i++)
		store_user_group(user, 3, false);
	store_user_await(user);
	uint32_t first = store_extent(user->records[0].at);
	uint32_t last = store_extent(user->records[user->record_count - 1].at);
	assert_true(last > first + 2);
	assert_int_equal(user->ask->next_extent(user->store, 0), first);
	assert_int_equal(user->ask->next_extent(user->store, first + 1), first + 1);
	assert_int_equal(user->ask->next_extent(user->store, last + 1), 0);
	assert_int_equal(store_user_checkpoint(user, 2), RELEVO_OK);
	store_user_trim(user, user->record_count - 1);
	assert_int_equal(user->ask->next_extent(user->store, 0), last);
	store_user_read(user, user->record_count - 1);
	user = subject_again(&subject);
	store_user_read(user, user->record_count - 1);
	subject_end(&subject);
}

/* ---- trouble ------------------------------------------------------------ */

static void test_trouble_is_told_and_passes(void **state)
{
	struct subject subject;
	struct error error = { 0 };
	struct store_user *user = subject_begin(&subject, state);
	store_user_group(user, 2, false);
	store_user_await(user);
	assert_int_equal(user->ask->trouble(user->store, &error), RELEVO_OK);
	subject_refuses(&subject, true);
	store_user_group(user, 2, false);
	store_user_group(user, 2, false);
	store_user_await(user);
	assert_int_equal(user->refused, 2);
	assert_int_equal(user->ask->trouble(user->store, &error), RELEVO_STORAGE);
	assert_true(error.text[0] != '\0');
	assert_true(user->ask->backlog(user->store) > 0);
	store_user_read(user, 5);
	subject_refuses(&subject, false);
	store_user_await_that(user, store_user_has_no_trouble);
	store_user_await_that(user, store_user_has_no_backlog);
	store_user_group(user, 2, false);
	store_user_await(user);
	assert_int_equal(user->refused, 2);
	user = subject_again(&subject);
	assert_int_equal(user->record_count, 8);
	subject_end(&subject);
}

static void test_it_can_be_opened_many_times(void **state)
{
	struct subject subject;
	struct store_user *user = subject_begin(&subject, state);
	for (unsigned i = 0; i < 50; i++) {
		store_user_group(user, 2, false);
		if (i % 5 == 0) {
			assert_int_equal(store_user_checkpoint(user, 1), RELEVO_OK);
			store_user_trim(user, user->record_count);
		}
		store_user_await(user);
		user = subject_again(&subject);
		assert_int_equal(user->record_count, 2 * (i + 1));
	}
	/* Space for each time would be too much. */
	assert_true(fake_disk_use(&subject.log.disk) < (uint64_t)8 * LOG_TEST_EXTENT);
	subject_end(&subject);
}

static int ask(const char *name, enum kind kind)
{
	static enum kind kinds[] = { LOG, MEMORY, SLOW };
	void *it = &kinds[kind];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_groups_come_back_in_order, it),
		cmocka_unit_test_prestate(test_the_last_record_grows_until_its_group_ends, it),
		cmocka_unit_test_prestate(test_what_was_not_committed_is_gone, it),
		cmocka_unit_test_prestate(test_a_commit_is_told_from_dispatch_only, it),
		cmocka_unit_test_prestate(test_closing_makes_durable_and_tells, it),
		cmocka_unit_test_prestate(test_records_have_any_size, it),
		cmocka_unit_test_prestate(test_a_record_too_large_is_refused, it),
		cmocka_unit_test_prestate(test_a_record_is_read_wherever_it_is, it),
		cmocka_unit_test_prestate(test_a_place_without_a_record_is_not_found, it),
		cmocka_unit_test_prestate(test_a_checkpoint_stands_in_for_what_was_before, it),
		cmocka_unit_test_prestate(test_only_a_checkpoint_that_ended_counts, it),
		cmocka_unit_test_prestate(test_a_second_checkpoint_drops_the_first, it),
		cmocka_unit_test_prestate(test_extents_go_when_nobody_needs_them, it),
		cmocka_unit_test_prestate(test_trouble_is_told_and_passes, it),
		cmocka_unit_test_prestate(test_it_can_be_opened_many_times, it),
	};
	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(void)
{
	int failed = ask("store/contract of the log", LOG);
	failed += ask("store/contract of one in memory", MEMORY);
	failed += ask("store/contract of a slow one", SLOW);
	return failed;
}
