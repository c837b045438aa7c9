/* Hosted arrays between processes. */
#include "conformance/role.h"

enum { COUNT = 10 };

static const int32_t numbers[COUNT] = { 680, 626, 934, 821, 150, 233, 548, 982, 714, 831 };

struct shared {
	const struct stage *stage;
	relevo_array *array;
};

static const struct props shared_props = {
	sizeof(struct shared),
	{
		PROP(STAGE, struct shared, stage),
		PROP(ARRAY, struct shared, array),
	},
};

/* A new one. A child over tcp:// may still have the last one open. */
static relevo_array *open_array(const struct stage *stage, uint32_t count, const int32_t *initial)
{
	static int number;
	char name[32];
	relevo_array *array;
	const struct relevo_array_options options = {
		.mode = RELEVO_OPEN_NEW,
		.lifetime = RELEVO_LIFETIME_UNTIL_UNUSED,
		.type = RELEVO_TYPE_INT32,
		.count = count,
		.initial = initial,
	};
	snprintf(name, sizeof name, "array %d", ++number);
	assert_ok(relevo_array_open(stage->session, name, &options, &array));
	return array;
}

static void assert_elements(relevo_array *array, size_t first, size_t count,
			    const int32_t *expected)
{
	int32_t found[COUNT];
	assert_ok(relevo_array_read(array, first, count, found, count * sizeof *found));
	assert_memory_equal(found, expected, count * sizeof *found);
}

static void sum_up(void *argument)
{
	const struct shared *shared = argument;
	relevo_array *array = shared->array;
	int32_t sum, number;
	child_check(relevo_array_get(array, 0, &sum, sizeof sum) == RELEVO_OK);
	for (size_t i = 1; i < COUNT; i++) {
		child_check(relevo_array_get(array, i, &number, sizeof number) == RELEVO_OK);
		sum += number;
		child_check(relevo_array_set(array, i, &sum, sizeof sum) == RELEVO_OK);
	}
}

static void check_refusals(relevo_array *array)
{
	const struct {
		size_t first, count, size;
	} cases[] = {
		{ COUNT, 1, 4 }, { COUNT - 1, 2, 8 }, { 0, COUNT + 1, 44 }, { SIZE_MAX, 2, 8 },
		{ 1, 2, 4 },     { 1, 2, 12 },        { 1, 2, 7 },          { 0, 0, 4 },
	};
	int32_t found[COUNT + 1] = { 0 };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_status(relevo_array_write(array, cases[i].first, cases[i].count, found,
						 cases[i].size),
			      RELEVO_BAD_ARGUMENT);
		assert_status(relevo_array_read(array, cases[i].first, cases[i].count, found,
						cases[i].size),
			      RELEVO_BAD_ARGUMENT);
	}
	assert_status(relevo_array_get(array, COUNT, found, 4), RELEVO_BAD_ARGUMENT);
	assert_status(relevo_array_set(array, 0, found, 8), RELEVO_BAD_ARGUMENT);
	assert_fails(relevo_array_add(array, COUNT, found, NULL, 4), RELEVO_BAD_ARGUMENT,
		     "10 elements, and no 1 from number 10 on");
}

static void check_slices(const struct stage *stage)
{
	relevo_array *array = open_array(stage, COUNT, numbers);
	assert_int_equal(relevo_array_count(array), COUNT);
	assert_int_equal(relevo_array_size(array), sizeof(int32_t));
	assert_int_equal(relevo_array_type(array), RELEVO_TYPE_INT32);
	for (size_t i = 0; i < COUNT; i++)
		assert_elements(array, i, 1, numbers + i);
	assert_elements(array, 2, 5, numbers + 2);
	assert_ok(relevo_array_read(array, COUNT, 0, NULL, 0));
	check_refusals(array);
	assert_elements(array, 0, COUNT, numbers);
	const int32_t slice[] = { -1, -2, -3, -4 };
	assert_ok(relevo_array_write(array, 4, 4, slice, sizeof slice));
	assert_elements(array, 0, 4, numbers);
	assert_elements(array, 4, 4, slice);
	assert_elements(array, 8, 2, numbers + 8);
	relevo_array_close(array);
}

static void array_elements_slices(void **state)
{
	const struct stage *stage = *state;
	const int32_t zeros[COUNT] = { 0 };
	check_slices(stage);
	for (int i = 0; i < 3; i++) {
		relevo_array *array = open_array(stage, COUNT, NULL);
		assert_elements(array, 0, COUNT, zeros);
		assert_ok(relevo_array_write(array, 0, COUNT, numbers, sizeof numbers));
		assert_elements(array, 0, COUNT, numbers);
		relevo_array_close(array);
	}
	struct shared shared = { stage, open_array(stage, COUNT, numbers) };
	role_join(role_start(sum_up, &shared_props, &shared));
	int32_t sums[COUNT] = { numbers[0] };
	for (int i = 1; i < COUNT; i++)
		sums[i] = sums[i - 1] + numbers[i];
	assert_elements(shared.array, 0, COUNT, sums);
	relevo_array_close(shared.array);
}

static void add_to_last(void *argument)
{
	const struct shared *shared = argument;
	relevo_array *array = shared->array;
	const int32_t two = 2;
	child_check(relevo_array_add(array, COUNT - 1, &two, NULL, sizeof two) == RELEVO_OK);
}

static void array_single_elements(void **state)
{
	const struct stage *stage = *state;
	struct shared shared = { stage, open_array(stage, COUNT, NULL) };
	const int32_t two = 2;
	int32_t number = 1;
	uint64_t version = 0;
	assert_ok(relevo_array_add(shared.array, 3, &two, &number, sizeof number));
	assert_int_equal(number, 2);
	number = 7;
	assert_status(relevo_array_compare_exchange(shared.array, 3, &number, &two, sizeof two),
		      RELEVO_NOT_EQUAL);
	assert_int_equal(number, 2);
	assert_ok(relevo_array_wait_change(shared.array, 0, &version));
	relevo_process *child = role_start(add_to_last, &shared_props, &shared);
	assert_ok(relevo_array_wait_until(shared.array, COUNT - 1, RELEVO_COMPARISON_EQUAL, &two,
					  sizeof two, TEST_PATIENCE));
	assert_ok(relevo_array_wait_change(shared.array, 0, &version));
	assert_int_equal(version, 2);
	role_join(child);
	relevo_array_close(shared.array);
}

/* As large as an item may be, and of texts. */
static void array_sizes(void **state)
{
	const struct stage *stage = *state;
	enum { WIDTH = 20 };
	const uint32_t count = (uint32_t)(relevo_session_max_item(stage->session) / WIDTH);
	struct relevo_array_options options = {
		.type = RELEVO_TYPE_BYTES,
		.size = WIDTH,
		.count = count,
		.lifetime = RELEVO_LIFETIME_UNTIL_UNUSED,
	};
	relevo_array *array;
	char text[WIDTH] = "the last of many";
	char *all = malloc((size_t)count * WIDTH);
	assert_non_null(all);
	assert_ok(relevo_array_open(stage->session, "texts", &options, &array));
	assert_ok(relevo_array_set(array, count - 1, text, WIDTH));
	assert_ok(relevo_array_read(array, 0, count, all, (size_t)count * WIDTH));
	assert_int_equal(all[0], 0);
	assert_string_equal(all + (size_t)(count - 1) * WIDTH, text);
	memset(all, 'x', (size_t)count * WIDTH);
	assert_ok(relevo_array_write(array, 0, count, all, (size_t)count * WIDTH));
	assert_ok(relevo_array_get(array, count / 2, text, WIDTH));
	assert_memory_equal(text, all, WIDTH);
	relevo_array_close(array);
	free(all);
	options.count++;
	options.size++;
	assert_status(relevo_array_open(stage->session, "more", &options, &array),
		      RELEVO_TOO_LARGE);
	options.count = 0;
	assert_ok(relevo_array_open(stage->session, "none", &options, &array));
	assert_int_equal(relevo_array_count(array), 0);
	assert_status(relevo_array_get(array, 0, text, WIDTH), RELEVO_BAD_ARGUMENT);
	relevo_array_close(array);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		ROLE_CASE(array_elements_slices),
		ROLE_CASE(array_single_elements),
		STAGE_CASE(array_sizes),
	};
	return cmocka_run_group_tests_name("array", tests, cast_prepare, NULL);
}
