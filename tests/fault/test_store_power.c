/* The power goes, at any call to the disk: what was confirmed is there, and groups are whole. */
#include "support/log_test.h"
#include "support/test.h"

#include <relevo/status.h>

/* What the disk is told to do; what it is asked changes nothing. */
static const unsigned changing = FAKE_ANY & ~(FAKE_BIT(FAKE_READ) | FAKE_BIT(FAKE_OPEN));

static uint64_t seed;

static int nobodys_image(void *context, const struct store_record *record, struct error *error)
{
	(void)context;
	(void)record;
	(void)error;
	return RELEVO_OK;
}

static int nobodys_record(void *context, store_position at, const struct store_record *record,
			  struct error *error)
{
	(void)at;
	return nobodys_image(context, record, error);
}

static enum fake_loss some_loss(struct log_test *test)
{
	return (enum fake_loss)random_below(&test->user.random, FAKE_LOSSES);
}

/* The log is read back, and the power goes again meanwhile, or soon afterwards. */
static void recover_in_vain(struct log_test *test)
{
	const struct store_reader nobody = { NULL, nobodys_image, nobodys_record };
	struct error error = { 0 };
	struct store *store = log_test_open(test);
	fake_disk_cut_at(&test->disk, changing, 1 + random_below(&test->user.random, 6));
	int status = store->operations->recover(store, &nobody, &error);
	if (status != RELEVO_OK && status != RELEVO_STORAGE)
		fail_msg("recover: %s", error_text(&error));
	store->operations->close(store);
	fake_disk_on(&test->disk, some_loss(test));
}

/* One life that ends with that call; false: it ended by itself before. */
static bool live_until(struct log_test *test, unsigned long call)
{
	fake_disk_cut_at(&test->disk, changing, call);
	log_test_script(test);
	store_user_close(&test->user);
	return fake_disk_is_off(&test->disk);
}

static bool cut_at(enum store_durability durability, unsigned long call)
{
	struct log_test test;
	log_test_begin(&test, seed + call);
	test.durability = durability;
	store_user_close(&test.user);
	log_test_again(&test);
	bool cut = live_until(&test, call);
	/* What the kernel has is not on the disk yet. */
	if (durability != STORE_SYNC)
		test.user.confirmed = 0;
	fake_disk_on(&test.disk, (enum fake_loss)(call % FAKE_LOSSES));
	if (call % 3 == 0)
		recover_in_vain(&test);
	log_test_again(&test);
	/* It goes on from there, and nothing that was dropped comes back. */
	for (int i = 0; i < 5; i++)
		store_user_group(&test.user, 3, false);
	store_user_await(&test.user);
	fake_disk_cut(&test.disk);
	store_user_close(&test.user);
	if (durability != STORE_SYNC)
		test.user.confirmed = 0;
	fake_disk_on(&test.disk, some_loss(&test));
	log_test_again(&test);
	store_user_read_any(&test.user);
	log_test_end(&test);
	return cut;
}

static void cut_at_every_call(enum store_durability durability, unsigned step)
{
	seed = log_test_seed();
	for (unsigned round = 0; round < 3 * log_test_rounds(); round++, seed += 1000003) {
		unsigned long call = 1 + random_below(&(struct random){ seed }, step);
		while (cut_at(durability, call))
			call += step;
		assert_true(call > 20);
	}
}

static void test_what_is_synced_outlives_a_power_cut(void **state)
{
	(void)state;
	cut_at_every_call(STORE_SYNC, 1);
}

static void test_what_is_written_is_whole_after_a_power_cut(void **state)
{
	(void)state;
	cut_at_every_call(STORE_COMMIT, 3);
	cut_at_every_call(STORE_NONE, 3);
}

/* The kernel has it all, and the power goes only afterwards. */
static void test_what_is_written_outlives_the_program(void **state)
{
	struct log_test test;
	struct error error = { 0 };
	(void)state;
	log_test_begin(&test, log_test_seed());
	test.durability = STORE_COMMIT;
	store_user_close(&test.user);
	log_test_again(&test);
	store_user_group(&test.user, 5, false);
	store_user_await(&test.user);
	store_user_group(&test.user, 5, false);
	store_user_await(&test.user);
	assert_int_equal(test.user.confirmed, 10);
	/* Closing it is what a program that is killed does not do. */
	fake_disk_cut(&test.disk);
	store_user_close(&test.user);
	fake_disk_again(&test.disk);
	/* What is read back is durable from then on, whatever it was before. */
	assert_int_equal(store_user_recover(&test.user, log_test_open(&test), &error), RELEVO_OK);
	assert_int_equal(test.user.record_count, 10);
	fake_disk_cut(&test.disk);
	store_user_close(&test.user);
	fake_disk_on(&test.disk, FAKE_DROPS);
	log_test_again(&test);
	assert_int_equal(test.user.record_count, 10);
	log_test_end(&test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_synced_outlives_a_power_cut),
		cmocka_unit_test(test_what_is_written_is_whole_after_a_power_cut),
		cmocka_unit_test(test_what_is_written_outlives_the_program),
	};
	return cmocka_run_group_tests_name("store_power", tests, NULL, NULL);
}
