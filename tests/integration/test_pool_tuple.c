/* Typed values as arguments and results of pools. */
#include "support/pools.h"

/* (x, y, name: text) to (x * y, text). */
static int multiply(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	relevo_tuple *in, *out;
	int64_t x, y;
	const char *text;
	size_t place;
	(void)user;
	int status = relevo_argument_tuple(argument, &in);
	if (status != RELEVO_OK)
		return relevo_reply_fail(reply, "%s", relevo_error_detail());
	child_check(relevo_tuple_int(in, 0, &x) == RELEVO_OK);
	child_check(relevo_tuple_int(in, 1, &y) == RELEVO_OK);
	child_check(relevo_tuple_find(in, "name", &place) == RELEVO_OK);
	child_check(relevo_tuple_text(in, place, &text, NULL) == RELEVO_OK);
	child_check(relevo_tuple_new(&out) == RELEVO_OK);
	child_check(relevo_tuple_add_int(out, NULL, x * y) == RELEVO_OK);
	child_check(relevo_tuple_add_text(out, NULL, text) == RELEVO_OK);
	status = relevo_reply_set_tuple(reply, out);
	relevo_tuple_free(in);
	relevo_tuple_free(out);
	return status;
}

/* A result that bytes cannot hold. */
static int give_descriptor(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	relevo_tuple *out;
	(void)argument, (void)user;
	child_check(relevo_tuple_new(&out) == RELEVO_OK);
	child_check(relevo_tuple_add_descriptor(out, NULL, STDERR_FILENO) == RELEVO_OK);
	int status = relevo_reply_set_tuple(reply, out);
	relevo_tuple_free(out);
	return status;
}

static relevo_tuple *numbers(int64_t x, int64_t y, const char *text)
{
	relevo_tuple *tuple;
	assert_ok(relevo_tuple_new(&tuple));
	assert_ok(relevo_tuple_add_int(tuple, NULL, x));
	assert_ok(relevo_tuple_add_int(tuple, NULL, y));
	assert_ok(relevo_tuple_add_text(tuple, "name", text));
	return tuple;
}

static void open_pool(struct pool_scene *scene)
{
	assert_ok(relevo_function_register("multiply", multiply, NULL));
	assert_ok(relevo_function_register("give", give_descriptor, NULL));
	pool_open(scene, 2);
}

static void tuples_go_there_and_back(void **state)
{
	struct pool_scene *scene = *state;
	const relevo_tuple *arguments[20];
	struct relevo_result results[20];
	open_pool(scene);
	for (int i = 0; i < 20; i++)
		arguments[i] = numbers(i, i + 1, i % 2 == 0 ? "even" : "odd");
	assert_ok(relevo_pool_starmap(scene->pool, "multiply", arguments, 20, NULL, results));
	for (int i = 0; i < 20; i++) {
		relevo_tuple *result;
		int64_t product;
		const char *text;
		assert_ok(relevo_result_tuple(&results[i], &result));
		assert_ok(relevo_tuple_int(result, 0, &product));
		assert_ok(relevo_tuple_text(result, 1, &text, NULL));
		assert_int_equal(product, i * (i + 1));
		assert_string_equal(text, i % 2 == 0 ? "even" : "odd");
		relevo_tuple_free(result);
		relevo_tuple_free((relevo_tuple *)arguments[i]);
	}
	relevo_results_free(results, 20);
	assert_ok(relevo_pool_starmap(scene->pool, "multiply", arguments, 0, NULL, results));
}

static void what_is_no_tuple_is_told(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result result;
	relevo_tuple *tuple;
	open_pool(scene);
	assert_ok(
		relevo_pool_apply(scene->pool, "multiply", "\377\377", 2, TEST_PATIENCE, &result));
	assert_fails(relevo_result_tuple(&result, &tuple), RELEVO_REMOTE, result.data);
	relevo_results_free(&result, 1);
	assert_ok(relevo_pool_apply(scene->pool, "echo", "\377\377", 2, TEST_PATIENCE, &result));
	assert_status(relevo_result_tuple(&result, &tuple), RELEVO_BAD_FRAME);
	relevo_results_free(&result, 1);
	assert_ok(relevo_pool_apply(scene->pool, "give", "", 0, TEST_PATIENCE, &result));
	assert_status(relevo_result_tuple(&result, &tuple), RELEVO_CANNOT_ENCODE);
	relevo_results_free(&result, 1);
}

static void an_argument_that_cannot_be_packed_stops_all(void **state)
{
	struct pool_scene *scene = *state;
	struct relevo_result results[2];
	relevo_tuple *good = numbers(1, 2, "x"), *bad = numbers(1, 2, "x");
	open_pool(scene);
	assert_ok(relevo_tuple_add_descriptor(bad, "fd", STDERR_FILENO));
	const relevo_tuple *arguments[] = { good, bad };
	assert_status(relevo_pool_starmap(scene->pool, "multiply", arguments, 2, NULL, results),
		      RELEVO_CANNOT_ENCODE);
	relevo_tuple_free(good);
	relevo_tuple_free(bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pool_unit_test(tuples_go_there_and_back),
		pool_unit_test(what_is_no_tuple_is_told),
		pool_unit_test(an_argument_that_cannot_be_packed_stops_all),
	};
	return cmocka_run_group_tests_name("pool_tuple", tests, NULL, NULL);
}
