/* What is to be kept on disk: only where there is a data folder, and never by mistake. */
#include "cells.h"

static struct fixture *open_fixture(bool durable)
{
	const struct engine_config config = {
		.seed = 1, .peer_waiters = 9, .peer_leases = 9, .peer_handles = 9
	};
	return durable ? fixture_open(&config) : fixture_open_unrecorded(&config);
}

static int try_open(struct fixture *f, const char *name, bool durable, struct queue_opened *opened,
		    struct error *error)
{
	const struct queue_options options = { .durable = durable };
	return queue_open(f->a, name, QUEUE_OPEN_OR_CREATE, &options, opened, error);
}

static void test_without_a_folder_nothing_is(void **state)
{
	struct fixture *f = open_fixture(false);
	struct queue_opened opened;
	struct error error;
	struct cell_options cell = numbers(1);
	(void)state;
	assert_int_equal(try_open(f, "q", true, &opened, &error), RELEVO_NOT_DURABLE);
	assert_text(error.text, "the queue \"q\" cannot be durable");
	assert_text(error.text, "relevod --data DIR");
	assert_int_equal(try_open(f, "", true, &opened, &error), RELEVO_NOT_DURABLE);
	cell.durable = true;
	assert_int_equal(try_open_cell(f->a, "c", 0, &cell, &error), RELEVO_NOT_DURABLE);
	assert_text(error.text, "the test \"c\" cannot be durable");
	assert_int_equal(f->first_user->queues, 0);
	fixture_close(f);
}

static void test_a_queue_is_or_is_not(void **state)
{
	struct fixture *f = open_fixture(true);
	struct queue_opened opened;
	struct error error;
	(void)state;
	assert_int_equal(try_open(f, "kept", true, &opened, &error), RELEVO_OK);
	assert_true(opened.options.durable);
	assert_true(counts_of(f->a, opened.handle).durable);
	assert_int_equal(try_open(f, "kept", false, &opened, &error), RELEVO_OPTION_MISMATCH);
	assert_text(error.text, "the queue \"kept\" has the option durable yes, not no");
	assert_int_equal(try_open(f, "plain", false, &opened, &error), RELEVO_OK);
	assert_false(counts_of(f->a, opened.handle).durable);
	assert_int_equal(try_open(f, "plain", true, &opened, &error), RELEVO_OPTION_MISMATCH);
	assert_text(error.text, "the option durable no, not yes");
	fixture_close(f);
}

static void test_a_cell_is_or_is_not(void **state)
{
	struct fixture *f = open_fixture(true);
	struct cell_options cell = numbers(1);
	struct error error;
	(void)state;
	cell.durable = true;
	open_cell(f->a, "kept", &cell);
	cell.durable = false;
	assert_int_equal(try_open_cell(f->a, "kept", 0, &cell, &error), RELEVO_OPTION_MISMATCH);
	assert_text(error.text, "the test \"kept\" has the option durable yes, not no");
	fixture_close(f);
}

static void expect_target(bool durable)
{
	struct fixture *f = open_fixture(true);
	struct call call = { 0 };
	struct error error;
	const struct queue_options options = { .max_deliveries = 1,
					       .dead_letter = "dead",
					       .durable = durable };
	struct queue_opened opened;
	assert_int_equal(queue_open(f->a, "q", QUEUE_CREATE_NEW, &options, &opened, &error),
			 RELEVO_OK);
	put_now(f->a, opened.handle, "1");
	get(f->a, opened.handle, 1, 0, &call);
	nack(f->a, &call);
	assert_int_equal(queue_open(f->a, "dead", QUEUE_OPEN_EXISTING, &(struct queue_options){ 0 },
				    &opened, &error),
			 RELEVO_OK);
	assert_int_equal(opened.options.durable, durable);
	expect(f->a, opened.handle, "1", &call);
	ack(f->a, &call);
	fixture_close(f);
}

static void test_dead_letters_are_kept_as_well(void **state)
{
	(void)state;
	expect_target(true);
	expect_target(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_a_folder_nothing_is),
		cmocka_unit_test(test_a_queue_is_or_is_not),
		cmocka_unit_test(test_a_cell_is_or_is_not),
		cmocka_unit_test(test_dead_letters_are_kept_as_well),
	};
	return cmocka_run_group_tests_name("durable", tests, NULL, NULL);
}
