#include "store/store_log.h"
#include "support/fake_disk.h"
#include "support/store_user.h"
#include "support/test.h"

#include <relevo/status.h>
#include <stdio.h>
#include <string.h>

struct log_test {
	struct fake_disk disk;
	struct store_user user;
};

static struct store *open_log(struct log_test *test)
{
	const struct store_log_options options = {
		.folder = -1,
		.path = "log",
		.extent_size = 64 << 10,
		.disk = &test->disk.calls,
	};
	struct store *store = NULL;
	struct error error = { 0 };
	assert_int_equal(store_log_open(&options, &store, &error), RELEVO_OK);
	return store;
}

static void open_again(struct log_test *test)
{
	struct error error = { 0 };
	int status = store_user_recover(&test->user, open_log(test), &error);
	if (status != RELEVO_OK)
		fail_msg("recover: %s", error_text(&error));
}

static void begin(struct log_test *test)
{
	fake_disk_init(&test->disk, 1);
	store_user_init(&test->user, 2);
	open_again(test);
}

static void end(struct log_test *test)
{
	store_user_close(&test->user);
	store_user_fini(&test->user);
	fake_disk_fini(&test->disk);
}

static void test_what_was_confirmed_comes_back(void **state)
{
	struct log_test test;
	(void)state;
	begin(&test);
	for (int i = 0; i < 100; i++)
		store_user_group(&test.user, 10, false);
	store_user_await(&test.user);
	assert_int_equal(test.user.confirmed, 1000);
	for (int i = 0; i < 1000; i++)
		store_user_read(&test.user, (uint64_t)i);
	store_user_close(&test.user);
	open_again(&test);
	assert_int_equal(test.user.record_count, 1000);
	for (int i = 0; i < 1000; i++)
		store_user_read(&test.user, (uint64_t)i);
	end(&test);
}

static void test_use_of_the_disk_stays_flat(void **state)
{
	struct log_test test;
	uint64_t most = 0;
	(void)state;
	begin(&test);
	for (int i = 0; i < 60; i++) {
		for (int j = 0; j < 50; j++)
			store_user_group(&test.user, 10, false);
		assert_int_equal(store_user_checkpoint(&test.user, 10), RELEVO_OK);
		store_user_trim(&test.user, test.user.record_count);
		uint64_t use = fake_disk_use(&test.disk);
		if (use > most)
			most = use;
	}
	assert_true(most < (uint64_t)12 * (64 << 10));
	store_user_close(&test.user);
	open_again(&test);
	assert_int_equal(test.user.image_records, 10);
	end(&test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_confirmed_comes_back),
		cmocka_unit_test(test_use_of_the_disk_stays_flat),
	};
	return cmocka_run_group_tests_name("store/log", tests, NULL, NULL);
}
