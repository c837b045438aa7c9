/* What the log promises beyond the contract. */
#include "store/store_log.h"
#include "support/fake_disk.h"
#include "support/log_test.h"
#include "support/store_user.h"
#include "support/test.h"

#include <relevo/status.h>
#include <stdio.h>
#include <string.h>

static void test_nothing_is_told_before_it_is_synced(void **state)
{
	struct log_test test;
	(void)state;
	log_test_begin(&test, 1);
	store_user_group(&test.user, 1, false);
	store_user_await(&test.user);
	fake_disk_hold(&test.disk, true);
	store_user_group(&test.user, 1, false);
	fake_disk_await_held(&test.disk);
	/* These share the next sync. */
	store_user_group(&test.user, 1, false);
	store_user_group(&test.user, 1, true);
	test.user.ask->dispatch(test.user.store);
	assert_int_equal(test.user.told, 1);
	store_user_read(&test.user, 3);
	fake_disk_hold(&test.disk, false);
	store_user_await(&test.user);
	assert_int_equal(test.user.confirmed, 4);
	log_test_end(&test);
}

static void test_without_syncs_a_commit_waits_for_none(void **state)
{
	struct log_test test;
	(void)state;
	for (int i = 0; i < 2; i++) {
		log_test_begin(&test, 1);
		test.durability = i == 0 ? STORE_COMMIT : STORE_NONE;
		store_user_close(&test.user);
		log_test_again(&test);
		store_user_group(&test.user, 1, false);
		store_user_await(&test.user);
		fake_disk_hold(&test.disk, true);
		store_user_group(&test.user, 1, false);
		store_user_await(&test.user);
		assert_int_equal(test.user.told, 2);
		/* It is synced all the same: within a second. */
		fake_disk_await_held(&test.disk);
		fake_disk_hold(&test.disk, false);
		store_user_await_that(&test.user, store_user_has_no_backlog);
		log_test_end(&test);
	}
}

static void groups_of_a_kilobyte(struct log_test *test, int count)
{
	for (int i = 0; i < count; i++) {
		store_user_append(&test->user, 1000);
		store_user_commit(&test->user, false);
	}
}

/* The name of an extent's file is lost, but not its groups; and then it becomes the same extent's
 * file again, for groups that end where those did. */
static void test_what_was_dropped_does_not_come_back(void **state)
{
	struct log_test test;
	(void)state;
	log_test_begin(&test, 1);
	groups_of_a_kilobyte(&test, 10);
	store_user_await(&test.user);
	/* Makes the name of the spare durable that is there by now. */
	assert_int_equal(store_user_checkpoint(&test.user, 1), RELEVO_OK);
	groups_of_a_kilobyte(&test, 5);
	store_user_await(&test.user);
	fake_disk_cut_at(&test.disk, FAKE_BIT(FAKE_SYNC_FOLDER), 1);
	fake_disk_hold(&test.disk, true);
	groups_of_a_kilobyte(&test, 2);
	assert_true(store_extent(test.user.records[15].at) >
		    store_extent(test.user.records[14].at));
	fake_disk_await_held(&test.disk);
	fake_disk_hold(&test.disk, false);
	store_user_await(&test.user);
	store_user_close(&test.user);
	fake_disk_on(&test.disk, FAKE_DROPS);
	log_test_again(&test);
	assert_int_equal(test.user.record_count, 15);
	groups_of_a_kilobyte(&test, 1);
	store_user_await(&test.user);
	fake_disk_cut(&test.disk);
	store_user_close(&test.user);
	fake_disk_on(&test.disk, FAKE_KEEPS);
	log_test_again(&test);
	assert_int_equal(test.user.record_count, 16);
	log_test_end(&test);
}

static void test_use_of_the_disk_stays_flat(void **state)
{
	struct log_test test;
	uint64_t most = 0;
	(void)state;
	log_test_begin(&test, 1);
	for (int i = 0; i < 200; i++) {
		for (int j = 0; j < 15; j++)
			store_user_group(&test.user, 10, false);
		assert_int_equal(store_user_checkpoint(&test.user, 10), RELEVO_OK);
		store_user_trim(&test.user, test.user.record_count);
		uint64_t use = fake_disk_use(&test.disk);
		if (use > most)
			most = use;
	}
	assert_true(most < (uint64_t)14 * LOG_TEST_EXTENT);
	log_test_end(&test);
}

static void test_a_flood_is_written_once(void **state)
{
	struct log_test test;
	uint64_t payload = 0;
	(void)state;
	log_test_begin(&test, 1);
	uint64_t before = fake_disk_written(&test.disk);
	for (int i = 0; i < 500; i++)
		store_user_group(&test.user, 20, false);
	store_user_await(&test.user);
	for (uint64_t i = 0; i < test.user.record_count; i++)
		payload += test.user.records[i].size;
	uint64_t written = fake_disk_written(&test.disk) - before;
	assert_true(written >= payload);
	assert_true(written < payload + payload / 5);
	log_test_end(&test);
}

/* So that damage to the last group is told from one that was never finished, without a close. */
static void test_what_was_durable_last_is_noted_after_a_while(void **state)
{
	struct log_test test;
	struct error error = { 0 };
	bool right = true;
	char name[32];
	size_t size;
	(void)state;
	log_test_begin(&test, 1);
	store_user_group(&test.user, 3, false);
	store_user_await(&test.user);
	fake_disk_await_written(&test.disk, fake_disk_written(&test.disk));
	fake_disk_cut(&test.disk);
	store_user_close(&test.user);
	fake_disk_on(&test.disk, FAKE_KEEPS);
	const struct user_record *last = &test.user.records[2];
	snprintf(name, sizeof name, "extent-%08x", store_extent(last->at));
	fake_disk_bytes(&test.disk, name, &size)[(uint32_t)last->at + 10] ^= 1;
	assert_int_equal(store_user_look(&test.user, log_test_open(&test), &error, &right),
			 RELEVO_DAMAGED);
	log_test_end(&test);
}

static void test_options_are_checked(void **state)
{
	struct store *store = NULL;
	struct error error = { 0 };
	struct store_log_options options = { .folder = -1, .path = "log", .extent_size = 1 };
	(void)state;
	assert_int_equal(store_log_open(&options, &store, &error), RELEVO_BAD_ARGUMENT);
	assert_non_null(strstr(error.text, "has 1 bytes"));
	assert_null(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_told_before_it_is_synced),
		cmocka_unit_test(test_without_syncs_a_commit_waits_for_none),
		cmocka_unit_test(test_what_was_dropped_does_not_come_back),
		cmocka_unit_test(test_use_of_the_disk_stays_flat),
		cmocka_unit_test(test_a_flood_is_written_once),
		cmocka_unit_test(test_what_was_durable_last_is_noted_after_a_while),
		cmocka_unit_test(test_options_are_checked),
	};
	return cmocka_run_group_tests_name("store/log", tests, NULL, NULL);
}
