/* Cells: opening them, and changing them in one step. */
#include "cells.h"

#include <stdio.h>
#include <string.h>

/* ---- opening ---------------------------------------------------------- */

static void test_a_new_cell_is_zero_or_as_told(void **state)
{
	struct fixture *f = *state;
	struct cell_opened opened;
	struct error error;
	const uint8_t initial[3] = { 7, 8, 9 };
	const struct cell_open_request request = {
		.name = "told",
		.options = { .type = ELEMENT_UINT8, .count = 3, .purpose = "" },
		.initial = initial,
		.initial_size = 3,
	};
	assert_int_equal(value_of(f->a, open_numbers(f->a, "zero", 2), 1), 0);
	assert_int_equal(cell_open(f->a, &request, &opened, &error), RELEVO_OK);
	assert_true(opened.created);
	assert_int_equal(opened.options.width, 1);
	struct cell_call call = { 0 };
	const struct number_update read = { .handle = opened.handle, .read_count = 3 };
	update(f->a, &read, &call);
	assert_int_equal(call.status, RELEVO_OK);
	assert_memory_equal(call.values, initial, sizeof initial);
	/* Who finds it there does not change it. */
	uint64_t identity = opened.identity;
	assert_int_equal(cell_open(f->c, &request, &opened, &error), RELEVO_OK);
	assert_false(opened.created);
	assert_int_equal(opened.identity, identity);
}

static void test_modes_say_what_must_exist(void **state)
{
	struct fixture *f = *state;
	struct error error;
	const struct cell_options options = numbers(1);
	assert_int_equal(try_open_cell(f->a, "x", QUEUE_OPEN_EXISTING, &options, &error),
			 RELEVO_NOT_FOUND);
	assert_text(error.text, "there is no test \"x\"");
	assert_int_equal(try_open_cell(f->a, "x", QUEUE_CREATE_NEW, &options, &error), RELEVO_OK);
	assert_int_equal(try_open_cell(f->a, "x", QUEUE_CREATE_NEW, &options, &error),
			 RELEVO_EXISTS);
	assert_int_equal(try_open_cell(f->a, "x", QUEUE_OPEN_EXISTING, &options, &error),
			 RELEVO_OK);
	assert_int_equal(try_open_cell(f->a, "", QUEUE_OPEN_EXISTING, &options, &error),
			 RELEVO_BAD_NAME);
	assert_int_equal(try_open_cell(f->a, "a\tb", QUEUE_CREATE_NEW, &options, &error),
			 RELEVO_BAD_NAME);
}

static void test_other_options_are_named(void **state)
{
	struct fixture *f = *state;
	struct error error;
	open_numbers(f->a, "x", 4);
	struct cell_options options = numbers(5);
	assert_int_equal(try_open_cell(f->a, "x", 0, &options, &error), RELEVO_OPTION_MISMATCH);
	assert_text(error.text, "the test \"x\" has the number of elements 4, not 5");
	options = numbers(4);
	options.type = ELEMENT_DOUBLE;
	assert_int_equal(try_open_cell(f->a, "x", 0, &options, &error), RELEVO_OPTION_MISMATCH);
	assert_text(error.text, "has the type int64, not double");
	options = numbers(4);
	options.lifetime = QUEUE_SESSION;
	assert_int_equal(try_open_cell(f->a, "x", 0, &options, &error), RELEVO_OPTION_MISMATCH);
	assert_text(error.text, "has the lifetime kept, not session");
	options = numbers(4);
	options.purpose = "barrier";
	assert_int_equal(try_open_cell(f->a, "x", QUEUE_OPEN_EXISTING, &options, &error),
			 RELEVO_OPTION_MISMATCH);
	assert_text(error.text, "\"x\" is of the kind test, not barrier");
	/* Whoever takes it as it is need know nothing. */
	options = (struct cell_options){ .purpose = "" };
	assert_int_equal(try_open_cell(f->a, "x", QUEUE_OPEN_EXISTING, &options, &error),
			 RELEVO_OK);
}

static void test_what_is_no_cell_is_refused(void **state)
{
	struct fixture *f = *state;
	struct error error;
	struct cell_options options = { .type = ELEMENT_BYTES, .count = 1, .purpose = "" };
	assert_int_equal(try_open_cell(f->a, "x", 0, &options, &error), RELEVO_BAD_ARGUMENT);
	options = numbers(1);
	options.purpose = "longer than it may be";
	assert_int_equal(try_open_cell(f->a, "x", 0, &options, &error), RELEVO_BAD_ARGUMENT);
	options.purpose = "\n";
	assert_int_equal(try_open_cell(f->a, "x", 0, &options, &error), RELEVO_BAD_ARGUMENT);
	struct cell_opened opened;
	const struct cell_open_request request = {
		.name = "x",
		.options = numbers(1),
		.initial = (const uint8_t *)"abc",
		.initial_size = 3,
	};
	assert_int_equal(cell_open(f->a, &request, &opened, &error), RELEVO_BAD_ARGUMENT);
	assert_int_equal(f->first_user->queues, 0);
}

static void test_lifetimes_are_those_of_queues(void **state)
{
	struct fixture *f = *state;
	struct error error;
	struct cell_options options = numbers(1);
	uint32_t kept = open_cell(f->a, "kept", &options);
	options.lifetime = QUEUE_HANDLES;
	uint32_t handles = open_cell(f->a, "handles", &options);
	open_cell(f->c, "handles", &options);
	options.lifetime = QUEUE_SESSION;
	open_cell(f->a, "session", &options);
	uint32_t of_c = open_cell(f->c, "session", &options);
	assert_int_equal(cell_close(f->a, kept, &error), RELEVO_OK);
	assert_int_equal(cell_close(f->a, handles, &error), RELEVO_OK);
	assert_int_equal(cell_close(f->a, handles, &error), RELEVO_BAD_ARGUMENT);
	options = numbers(1);
	assert_int_equal(try_open_cell(f->b, "handles", QUEUE_OPEN_EXISTING, &options, &error),
			 RELEVO_OK);
	gone(f, &f->a);
	struct cell_call call = { 0 };
	update(f->c, &(struct number_update){ .handle = of_c }, &call);
	assert_cell_answer(&call, RELEVO_GONE);
	assert_text(call.text, "the test \"session\" was deleted");
	gone(f, &f->b);
	gone(f, &f->c);
	f->a = engine_peer_new(f->engine, f->first_user);
	assert_int_equal(try_open_cell(f->a, "handles", QUEUE_OPEN_EXISTING, &options, &error),
			 RELEVO_NOT_FOUND);
	assert_int_equal(try_open_cell(f->a, "kept", QUEUE_OPEN_EXISTING, &options, &error),
			 RELEVO_OK);
}

static void test_cells_are_paid_for(void **state)
{
	struct fixture *f = *state;
	struct error error;
	struct cell_options options = numbers(1000);
	size_t before = f->second_user->used;
	open_cell(f->c, "mine", &options);
	assert_true(f->second_user->used >= before + 8000);
	open_cell(f->a, "mine", &options);
	f->accounts.memory_limit = f->first_user->used + 5000;
	assert_int_equal(try_open_cell(f->a, "more", 0, &options, &error), RELEVO_QUOTA);
	assert_text(error.text, "user 1 ");
	f->accounts.memory_limit = SIZE_MAX;
	f->accounts.queue_limit = 1;
	assert_int_equal(try_open_cell(f->c, "more", 0, &options, &error), RELEVO_QUOTA);
	assert_int_equal(cell_delete(f->engine, "mine", "event", &error), RELEVO_OPTION_MISMATCH);
	assert_text(error.text, "\"mine\" is of the kind test, not event");
	assert_int_equal(cell_delete(f->engine, "mine", "test", &error), RELEVO_OK);
	assert_int_equal(cell_delete(f->engine, "mine", "", &error), RELEVO_NOT_FOUND);
	assert_int_equal(f->second_user->queues, 0);
}

static void test_a_session_opens_no_more_than_its_limit(void **state)
{
	(void)state;
	const struct engine_config config = { .seed = 1, .peer_handles = 2 };
	struct fixture *f = fixture_open(&config);
	struct error error;
	const struct cell_options options = numbers(1);
	open_numbers(f->a, "x", 1);
	open_numbers(f->a, "", 1);
	assert_int_equal(try_open_cell(f->a, "y", 0, &options, &error), RELEVO_LIMIT);
	assert_text(error.text, "2 cells open");
	fixture_close(f);
}

/* ---- updates ---------------------------------------------------------- */

static void test_changes_are_made_in_order(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	const struct number_update request = {
		.handle = open_numbers(f->a, "x", 2),
		.terms = { { 0, CELL_SET, 5 }, { 0, CELL_ADD, 3 }, { 1, CELL_ADD, -1 } },
		.count = 3,
		.read_count = 2,
	};
	update(f->a, &request, &call);
	assert_cell_answer(&call, RELEVO_OK);
	assert_int_equal(call.values[0], 8);
	assert_int_equal(call.values[1], -1);
	assert_int_equal(call.version, 1);
	assert_int_equal(call.will, 0);
}

static void test_a_check_that_fails_stops_everything(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	uint32_t x = open_numbers(f->a, "x", 2);
	/* Checks see what was there before, wherever they stand. */
	const struct number_update request = {
		.handle = x,
		.terms = { { 0, CELL_SET, 5 }, { 0, ELEMENT_EQUAL, 5 } },
		.count = 2,
		.will = { { 0, CELL_SET, 9 } },
		.will_count = 1,
		.read_count = 1,
	};
	update(f->a, &request, &call);
	assert_cell_answer(&call, RELEVO_OK);
	assert_false(call.applied);
	assert_int_equal(call.values[0], 0);
	assert_int_equal(call.version, 0);
	assert_int_equal(call.will, 0);
	set(f->a, x, 0, 5);
	update(f->a, &request, &call);
	assert_true(call.applied);
	assert_int_not_equal(call.will, 0);
}

static void test_reading_is_no_change(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	const struct number_update request = {
		.handle = open_numbers(f->a, "x", 2),
		.terms = { { 1, ELEMENT_LESS, 1 } },
		.count = 1,
		.read_count = 2,
	};
	update(f->a, &request, &call);
	assert_true(call.applied);
	assert_int_equal(call.version, 0);
	assert_int_equal(call.count, 2);
}

static void test_terms_reach_over_many_elements(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { .waiter.answer = NULL };
	uint32_t x = open_numbers(f->a, "x", 4);
	uint8_t numbers_of_two[16] = { 1, [8] = 2 };
	struct cell_term terms[] = {
		{ 1, ELEMENT_EQUAL, (const uint8_t[16]){ 0 }, 16 },
		{ 1, CELL_SET, numbers_of_two, 16 },
		{ 2, CELL_ADD, numbers_of_two, 16 },
	};
	const struct cell_update request = {
		.handle = x,
		.terms = terms,
		.count = 3,
		.read_count = 4,
	};
	update(f->a, &(struct number_update){ .handle = x }, &call);
	call.answers = 0;
	cell_update(f->a, &request, f->now, &call.waiter);
	assert_true(call.applied);
	const int64_t expected[] = { 0, 1, 3, 2 };
	assert_memory_equal(call.values, expected, sizeof expected);
	/* Every one of them has to hold. */
	call.answers = 0;
	cell_update(f->a, &request, f->now, &call.waiter);
	assert_false(call.applied);
	terms[0].size = 12;
	call.answers = 0;
	cell_update(f->a, &request, f->now, &call.waiter);
	assert_cell_answer(&call, RELEVO_BAD_ARGUMENT);
	assert_text(call.text, "12 bytes does not suit elements of 8");
}

static void test_bad_terms_are_refused(void **state)
{
	struct fixture *f = *state;
	uint32_t x = open_numbers(f->a, "x", 2);
	const struct {
		struct number_term term;
		const char *text;
	} cases[] = {
		{ { 2, CELL_SET, 1 }, "2 elements, and no 1 from number 2 on" },
		{ { UINT32_MAX, CELL_SET, 1 }, "from number 4294967295 on" },
		{ { 0, CELL_CHANGED, 1 }, "operation 8 on a cell is not known" },
		{ { 0, 255, 1 }, "operation 255 on a cell is not known" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct cell_call call = { 0 };
		struct number_update request = {
			.handle = x,
			.terms = { { 0, CELL_SET, 1 }, cases[i].term },
			.count = 2,
		};
		update(f->a, &request, &call);
		assert_cell_answer(&call, RELEVO_BAD_ARGUMENT);
		assert_text(call.text, cases[i].text);
		/* In a will as well. */
		request.count = 1;
		request.will[0] = cases[i].term;
		request.will_count = 1;
		update(f->a, &request, &call);
		assert_cell_answer(&call, RELEVO_BAD_ARGUMENT);
	}
	struct cell_call call = { 0 };
	update(f->a, &(struct number_update){ .handle = x, .read_first = 1, .read_count = 2 },
	       &call);
	assert_cell_answer(&call, RELEVO_BAD_ARGUMENT);
	update(f->a, &(struct number_update){ .handle = 77 }, &call);
	assert_cell_answer(&call, RELEVO_BAD_ARGUMENT);
	update(f->a, &(struct number_update){ .handle = x, .count = MOST_TERMS }, &call);
	assert_cell_answer(&call, RELEVO_LIMIT);
	assert_int_equal(value_of(f->a, x, 0), 0);
}

static void test_bytes_are_compared_and_set_as_a_whole(void **state)
{
	struct fixture *f = *state;
	struct cell_call call = { 0 };
	const struct cell_options options = {
		.type = ELEMENT_BYTES,
		.width = 8,
		.count = 2,
		.purpose = "",
	};
	struct number_update request = {
		.handle = open_cell(f->a, "x", &options),
		.terms = { { 1, ELEMENT_EQUAL, 0 }, { 1, CELL_SET, -2 } },
		.count = 2,
		.read_first = 1,
		.read_count = 1,
	};
	update(f->a, &request, &call);
	assert_true(call.applied);
	assert_int_equal(call.values[0], -2);
	request.terms[0].operation = ELEMENT_LESS;
	update(f->a, &request, &call);
	assert_cell_answer(&call, RELEVO_BAD_ARGUMENT);
	assert_text(call.text, "the cell \"x\" is made of bytes, not of numbers");
	request.terms[0].operation = CELL_ADD;
	update(f->a, &request, &call);
	assert_cell_answer(&call, RELEVO_BAD_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_a_new_cell_is_zero_or_as_told),
		fixture_test(test_modes_say_what_must_exist),
		fixture_test(test_other_options_are_named),
		fixture_test(test_what_is_no_cell_is_refused),
		fixture_test(test_lifetimes_are_those_of_queues),
		fixture_test(test_cells_are_paid_for),
		cmocka_unit_test(test_a_session_opens_no_more_than_its_limit),
		fixture_test(test_changes_are_made_in_order),
		fixture_test(test_a_check_that_fails_stops_everything),
		fixture_test(test_reading_is_no_change),
		fixture_test(test_terms_reach_over_many_elements),
		fixture_test(test_bad_terms_are_refused),
		fixture_test(test_bytes_are_compared_and_set_as_a_whole),
	};
	return cmocka_run_group_tests_name("engine/cell", tests, NULL, NULL);
}
