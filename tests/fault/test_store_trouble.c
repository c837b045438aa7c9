/* The disk refuses, at any call: it is said why, nothing is lost, and it goes on by itself. */
#include "base/list.h"
#include "support/log_test.h"
#include "support/test.h"

#include <errno.h>
#include <relevo/status.h>
#include <string.h>

static uint64_t seed;

static bool is_settled(struct store_user *user)
{
	return store_user_has_no_trouble(user) && store_user_has_no_backlog(user);
}

/* A file may have to be opened to be read, and that may be what fails. */
static bool may_fail(struct store_user *user)
{
	return fake_disk_has_failed(&container_of(user, struct log_test, user)->disk);
}

/* Some calls fail from that one on. False: it was never reached. */
static bool fail_at(unsigned long call, unsigned kinds)
{
	static const int reasons[] = { EIO, ENOSPC, EDQUOT, EROFS };
	struct log_test test;
	struct error error = { 0 };
	log_test_begin(&test, seed + call);
	test.user.is_cut_off = may_fail;
	const struct fake_failure failure = {
		.kinds = kinds,
		.at = call,
		.count = 1 + random_below(&test.user.random, 4),
		.reason = reasons[random_below(&test.user.random, 4)],
	};
	fake_disk_fail(&test.disk, &failure);
	log_test_script(&test);
	bool reached = fake_disk_has_failed(&test.disk);
	uint64_t records = test.user.record_count;
	store_user_group(&test.user, 1, false);
	/* What was told as refused is durable in the end, too. */
	store_user_await_that(&test.user, is_settled);
	assert_int_equal(test.user.told, test.user.group_count);
	store_user_read_any(&test.user);
	fake_disk_reset(&test.disk);
	fake_disk_cut(&test.disk);
	store_user_close(&test.user);
	fake_disk_on(&test.disk, FAKE_DROPS);
	int status = store_user_recover(&test.user, log_test_open(&test), &error);
	if (status != RELEVO_OK)
		fail_msg("recover: %s", error_text(&error));
	assert_int_equal(test.user.record_count, records + 1);
	log_test_end(&test);
	return reached;
}

static void test_calls_that_fail_lose_nothing(void **state)
{
	(void)state;
	seed = log_test_seed();
	for (unsigned round = 0; round < log_test_rounds(); round++, seed += 1000003) {
		unsigned long call = 1;
		while (fail_at(call, FAKE_ANY & ~FAKE_BIT(FAKE_READ)))
			call++;
		assert_true(call > 20);
	}
}

static void test_syncs_that_fail_lose_nothing(void **state)
{
	(void)state;
	seed = log_test_seed();
	for (unsigned round = 0; round < log_test_rounds(); round++, seed += 1000003) {
		unsigned long call = 1;
		while (fail_at(call, FAKE_BIT(FAKE_SYNC) | FAKE_BIT(FAKE_SYNC_FOLDER)))
			call++;
		assert_true(call > 10);
	}
}

/* From now on. */
static void fail_for_good(struct log_test *test, enum fake_call call, int reason)
{
	const struct fake_failure failure = { FAKE_BIT(call), 1, -1UL, reason };
	fake_disk_fail(&test->disk, &failure);
}

static void check_refused(enum fake_call call, int reason, const char *text)
{
	struct log_test test;
	struct error error = { 0 };
	log_test_begin(&test, 7);
	store_user_group(&test.user, 3, false);
	store_user_await(&test.user);
	fail_for_good(&test, call, reason);
	/* More than one extent, so that a file is needed. */
	for (int i = 0; i < 30; i++)
		store_user_group(&test.user, 8, false);
	store_user_await(&test.user);
	store_user_await_that(&test.user, store_user_has_trouble);
	assert_true(test.user.refused > 0);
	assert_int_equal(test.user.ask->trouble(test.user.store, &error), RELEVO_STORAGE);
	assert_non_null(strstr(error.text, text));
	assert_non_null(strstr(error.text, "log/"));
	assert_non_null(strstr(error.text, strerror(reason)));
	/* What waits is there to be read, counted, and told as refused at once. */
	uint64_t refused = test.user.refused;
	assert_true(test.user.ask->backlog(test.user.store) > 0);
	store_user_group(&test.user, 1, false);
	store_user_await(&test.user);
	assert_int_equal(test.user.refused, refused + 1);
	for (uint64_t i = 0; i < test.user.record_count; i++)
		store_user_read(&test.user, i);
	fake_disk_reset(&test.disk);
	store_user_await_that(&test.user, is_settled);
	refused = test.user.refused;
	store_user_group(&test.user, 1, false);
	store_user_await(&test.user);
	assert_int_equal(test.user.refused, refused);
	test.user.confirmed = test.user.record_count;
	store_user_close(&test.user);
	log_test_again(&test);
	log_test_end(&test);
}

static void test_a_disk_that_refuses_is_told_and_waited_for(void **state)
{
	(void)state;
	check_refused(FAKE_WRITE, EIO, "write");
	check_refused(FAKE_WRITE, ENOSPC, "write");
	check_refused(FAKE_ALLOCATE, ENOSPC, "fallocate");
	check_refused(FAKE_SYNC, EIO, "fdatasync");
	check_refused(FAKE_RENAME, EROFS, "rename");
}

/* Closing does not wait for a disk that refuses; what it took is there. */
static void test_closing_in_trouble_ends(void **state)
{
	struct log_test test;
	(void)state;
	log_test_begin(&test, 9);
	store_user_group(&test.user, 3, false);
	store_user_await(&test.user);
	fail_for_good(&test, FAKE_SYNC, EIO);
	store_user_group(&test.user, 3, false);
	store_user_close(&test.user);
	assert_int_equal(test.user.told, 2);
	assert_int_equal(test.user.confirmed, 3);
	fake_disk_on(&test.disk, FAKE_MIXES);
	log_test_again(&test);
	log_test_end(&test);
}

static void test_a_checkpoint_that_fails_changes_nothing(void **state)
{
	struct log_test test;
	struct error error = { 0 };
	(void)state;
	log_test_begin(&test, 11);
	store_user_group(&test.user, 3, false);
	assert_int_equal(store_user_checkpoint(&test.user, 5), RELEVO_OK);
	store_user_group(&test.user, 3, false);
	store_user_await(&test.user);
	fail_for_good(&test, FAKE_RENAME, ENOSPC);
	assert_int_equal(store_user_checkpoint(&test.user, 6), RELEVO_STORAGE);
	assert_int_equal(test.user.ask->checkpoint_failure(test.user.store, &error),
			 RELEVO_STORAGE);
	assert_non_null(strstr(error.text, "rename to log/checkpoint: No space left"));
	assert_int_equal(test.user.ask->trouble(test.user.store, NULL), RELEVO_OK);
	fake_disk_reset(&test.disk);
	store_user_close(&test.user);
	log_test_again(&test);
	assert_int_equal(test.user.image_records, 5);
	assert_int_equal(store_user_checkpoint(&test.user, 7), RELEVO_OK);
	assert_int_equal(test.user.ask->checkpoint_failure(test.user.store, &error), RELEVO_OK);
	log_test_end(&test);
}

/* A disk that cannot be read is no empty one, and is left alone. */
static void test_a_disk_that_cannot_be_read_is_refused(void **state)
{
	struct log_test test;
	struct error error = { 0 };
	(void)state;
	log_test_begin(&test, 13);
	for (int i = 0; i < 20; i++)
		store_user_group(&test.user, 8, false);
	assert_int_equal(store_user_checkpoint(&test.user, 5), RELEVO_OK);
	store_user_close(&test.user);
	fake_disk_again(&test.disk);
	for (unsigned long call = 1;; call++) {
		const struct fake_failure failure = {
			FAKE_BIT(FAKE_READ) | FAKE_BIT(FAKE_OPEN),
			call,
			1,
			EIO,
		};
		fake_disk_fail(&test.disk, &failure);
		struct store *store = log_test_open(&test);
		int status = store_user_recover(&test.user, store, &error);
		bool reached = fake_disk_has_failed(&test.disk);
		store_user_close(&test.user);
		if (status == RELEVO_OK && !reached)
			break;
		if (status != RELEVO_OK)
			assert_int_equal(status, RELEVO_STORAGE);
	}
	fake_disk_reset(&test.disk);
	log_test_again(&test);
	log_test_end(&test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_that_fail_lose_nothing),
		cmocka_unit_test(test_syncs_that_fail_lose_nothing),
		cmocka_unit_test(test_a_disk_that_refuses_is_told_and_waited_for),
		cmocka_unit_test(test_closing_in_trouble_ends),
		cmocka_unit_test(test_a_checkpoint_that_fails_changes_nothing),
		cmocka_unit_test(test_a_disk_that_cannot_be_read_is_refused),
	};
	return cmocka_run_group_tests_name("store_trouble", tests, NULL, NULL);
}
