/* Pools: iterations, and input that fails. */
#include "conformance/crew.h"

#include <stdlib.h>

/* Numbers from 0 on. */
struct counting {
	uint32_t next;
	uint32_t end;   /* the first that does not come */
	uint32_t fails; /* at this one; UINT32_MAX: never */
	uint32_t given;
};

static int count_on(struct relevo_bytes *argument, void *user)
{
	struct counting *counting = user;
	if (counting->next == counting->fails)
		return RELEVO_NOT_EQUAL;
	if (counting->next == counting->end)
		return RELEVO_END_OF_STREAM;
	counting->given = counting->next++;
	*argument = (struct relevo_bytes){ &counting->given, sizeof counting->given };
	return RELEVO_OK;
}

static relevo_imap *begin(relevo_pool *pool, const char *function, struct counting *counting,
			  const struct relevo_imap_options *options)
{
	const struct relevo_input input = { count_on, counting };
	relevo_imap *imap;
	assert_ok(relevo_pool_imap(pool, function, &input, options, &imap));
	return imap;
}

/* ---- pool_iterator_error ------------------------------------------------------- */

static void expect_map_fails(relevo_pool *pool, uint32_t end, uint32_t fails, size_t chunk)
{
	struct counting counting = { .end = end, .fails = fails };
	const struct relevo_input input = { count_on, &counting };
	const struct relevo_map_options options = { .chunk = chunk };
	struct relevo_results results;
	assert_fails(relevo_pool_map_input(pool, "square", &input, &options, &results),
		     RELEVO_NOT_EQUAL, "input");
}

static void expect_imap_fails(relevo_pool *pool, uint32_t end, uint32_t fails,
			      const struct relevo_imap_options *options)
{
	struct counting counting = { .end = end, .fails = fails };
	relevo_imap *imap = begin(pool, "square", &counting, options);
	struct relevo_result result;
	uint32_t complete = fails - fails % (uint32_t)options->chunk, came = 0;
	bool seen[20] = { false };
	int status;
	while ((status = relevo_imap_next(imap, TEST_PATIENCE, &result)) == RELEVO_OK) {
		assert_true(result.index < complete);
		assert_false(seen[result.index]);
		seen[result.index] = true;
		assert_int_equal(number_of(&result), result.index * result.index);
		if (!options->unordered)
			assert_int_equal(result.index, came);
		came++;
		relevo_results_free(&result, 1);
	}
	assert_string_equal(relevo_error_name(status), relevo_error_name(RELEVO_NOT_EQUAL));
	assert_non_null(strstr(relevo_error_detail(), "input"));
	assert_int_equal(came, complete);
	assert_status(relevo_imap_next(imap, 0, &result), RELEVO_END_OF_STREAM);
	relevo_imap_free(imap);
}

static void pool_iterator_error(void **state)
{
	static const uint32_t cases[][2] = { { 10, 0 }, { 10, 3 }, { 20, 7 } };
	static const size_t chunks[] = { 1, 2, 4 };
	struct crew crew;
	crew_open(*state, &crew, 2);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 9; i++) {
			uint32_t end = cases[i / 3][0], fails = cases[i / 3][1];
			struct relevo_imap_options options = { .chunk = chunks[i % 3] };
			expect_map_fails(crew.pool, end, fails, chunks[i % 3]);
			expect_imap_fails(crew.pool, end, fails, &options);
			options.unordered = true;
			expect_imap_fails(crew.pool, end, fails, &options);
		}
		expect_works(crew.pool);
	}
	crew_free(&crew);
}

/* ---- pool_imap ------------------------------------------------------------------- */

static void expect_all(relevo_pool *pool, uint32_t count, const struct relevo_imap_options *options)
{
	struct counting counting = { .end = count, .fails = UINT32_MAX };
	relevo_imap *imap = begin(pool, "square", &counting, options);
	struct relevo_result result;
	bool *seen = calloc(count + 1, sizeof *seen);
	assert_non_null(seen);
	for (uint32_t i = 0; i < count; i++) {
		assert_ok(relevo_imap_next(imap, TEST_PATIENCE, &result));
		if (!options->unordered)
			assert_int_equal(result.index, i);
		assert_true(result.index < count && !seen[result.index]);
		seen[result.index] = true;
		assert_int_equal(number_of(&result), result.index * result.index);
		relevo_results_free(&result, 1);
	}
	for (int i = 0; i < 3; i++)
		assert_status(relevo_imap_next(imap, RELEVO_FOREVER, &result),
			      RELEVO_END_OF_STREAM);
	relevo_imap_free(imap);
	free(seen);
}

/* Waits for the test before it squares the last number. */
static int square_but_last(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number;
	memcpy(&number, argument->data, sizeof number);
	if (number == 9)
		gate_pass(user);
	number *= number;
	return relevo_reply_set(reply, &number, sizeof number);
}

static void expect_first_before_last(const struct stage *stage)
{
	struct counting counting = { .end = 10, .fails = UINT32_MAX };
	struct relevo_result result;
	struct gate gate;
	struct crew crew;
	gate_make(&gate);
	assert_ok(relevo_function_register("square but last", square_but_last, &gate));
	crew_open(stage, &crew, 1);
	relevo_imap *imap = begin(crew.pool, "square but last", &counting, NULL);
	for (uint32_t i = 0; i < 10; i++) {
		if (i == 9) {
			int64_t start = test_now();
			assert_status(relevo_imap_next(imap, 300, &result), RELEVO_TIMED_OUT);
			assert_took(start, 300);
			assert_status(relevo_imap_next(imap, 0, &result), RELEVO_TIMED_OUT);
			gate_open(&gate);
		}
		assert_ok(relevo_imap_next(imap, TEST_PATIENCE, &result));
		assert_int_equal(number_of(&result), i * i);
		relevo_results_free(&result, 1);
	}
	assert_status(relevo_imap_next(imap, 0, &result), RELEVO_END_OF_STREAM);
	relevo_imap_free(imap);
	crew_free(&crew);
	gate_close(&gate);
}

static void pool_imap(void **state)
{
	struct relevo_imap_options options = { .chunk = 1 };
	struct crew crew;
	crew_open(*state, &crew, 3);
	for (int i = 0; i < 2; i++) {
		options.unordered = i == 1;
		options.chunk = 1;
		expect_all(crew.pool, 0, &options);
		expect_all(crew.pool, 10, &options);
		options.chunk = 100;
		expect_all(crew.pool, 1000, &options);
	}
	crew_free(&crew);
	/* The gate is inherited. */
	if (crew_method == RELEVO_START_FORK)
		expect_first_before_last(*state);
}

int main(int argc, char **argv)
{
	crew_enter(argc, argv, NULL);
	const struct CMUnitTest tests[] = {
		CREW_CASE(pool_iterator_error),
		CREW_CASE(pool_imap),
	};
	return cmocka_run_group_tests_name("pool_imap", tests, cast_prepare, NULL);
}
