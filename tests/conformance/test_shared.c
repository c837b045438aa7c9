/* Values and arrays in shared memory: between processes of one host, in place. */
#include "support/queues.h"

#include <float.h>
#include <limits.h>
#include <sched.h>

static relevo_shared *open_with(relevo_session *session, const char *name, size_t size,
				const struct relevo_shared_options *options)
{
	relevo_shared *shared = NULL;
	assert_ok(relevo_shared_open(session, name, size, options, &shared));
	return shared;
}

/* ---- value_types ------------------------------------------------------- */

/* How values of a type are looked at: what each is set to, in turn. */
struct type {
	const char *name;
	size_t width;
	const void *values;
	size_t count;
};

#define TYPE(type, ...)                                                                            \
	{                                                                                          \
#type, sizeof(type),                                                               \
			(const type[]){ __VA_ARGS__ },                                             \
					sizeof((type[]){ __VA_ARGS__ }) / sizeof(type)             \
	}

static const struct type types[] = {
	TYPE(char, 'x', 'y', CHAR_MIN, CHAR_MAX),
	TYPE(int8_t, 1, -1, INT8_MIN, INT8_MAX),
	TYPE(int16_t, 1, -1, INT16_MIN, INT16_MAX),
	TYPE(int32_t, 1, -1, INT32_MIN, INT32_MAX),
	TYPE(int64_t, 1, -1, INT64_MIN, INT64_MAX),
	TYPE(uint8_t, 1, 0, UINT8_MAX),
	TYPE(uint16_t, 1, 0, UINT16_MAX),
	TYPE(uint32_t, 1, 0, UINT32_MAX),
	TYPE(uint64_t, 1, 0, UINT64_MAX),
	TYPE(float, 1.5f, -0.0f, FLT_MAX, FLT_TRUE_MIN),
	TYPE(double, 2.5, -0.0, DBL_MAX, DBL_TRUE_MIN),
};

struct writing {
	const struct type *type;
	relevo_shared *shared;
	size_t index;
};

static const void *nth(const struct type *type, size_t index)
{
	return (const char *)type->values + index * type->width;
}

static void write_value(void *argument)
{
	struct writing *writing = argument;
	if (relevo_shared_has_lock(writing->shared))
		child_check(relevo_shared_lock(writing->shared, TEST_PATIENCE, NULL) == RELEVO_OK);
	memcpy(relevo_shared_data(writing->shared), nth(writing->type, writing->index),
	       writing->type->width);
	if (relevo_shared_has_lock(writing->shared))
		child_check(relevo_shared_unlock(writing->shared) == RELEVO_OK);
}

static void each_value_is_seen(relevo_session *session, const struct type *type,
			       enum relevo_shared_locking locking)
{
	const struct relevo_shared_options options = {
		.locking = locking,
		.initial = type->values,
		.initial_size = type->width,
	};
	relevo_shared *shared = open_with(session, NULL, type->width, &options);
	assert_int_equal(relevo_shared_size(shared), type->width);
	assert_memory_equal(relevo_shared_data(shared), type->values, type->width);
	for (size_t i = 1; i < type->count; i++) {
		struct writing writing = { type, shared, i };
		child_join(child_start(write_value, &writing));
		assert_memory_equal(relevo_shared_data(shared), nth(type, i), type->width);
	}
	relevo_shared_close(shared);
}

struct record {
	int32_t small;
	double real;
	int64_t large;
};

struct doubling {
	const char *url;
	char record[64];
	char text[64];
};

/* As a program does that knows nothing but the names. */
static void double_everything(void *argument)
{
	struct doubling *names = argument;
	const struct relevo_shared_options existing = { .mode = RELEVO_OPEN_EXISTING };
	relevo_session *session;
	relevo_shared *first, *second;
	child_check(relevo_open(names->url, NULL, &session) == RELEVO_OK);
	child_check(relevo_shared_open(session, names->record, 0, &existing, &first) == RELEVO_OK);
	child_check(relevo_shared_open(session, names->text, 0, &existing, &second) == RELEVO_OK);
	struct record *record = relevo_shared_as(first, struct record);
	record->small *= 2;
	record->real *= 2;
	record->large *= 2;
	char *text = relevo_shared_data(second);
	size_t length = strlen(text);
	memcpy(text + length, text, length);
	relevo_shared_close(first);
	relevo_shared_close(second);
	child_check(relevo_close(session) == RELEVO_OK);
}

static void value_types(void **state)
{
	struct scene *scene = *state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		each_value_is_seen(scene->session, &types[i], RELEVO_SHARED_LOCK);
		each_value_is_seen(scene->session, &types[i], RELEVO_SHARED_NO_LOCK);
	}
	struct doubling names = { .url = scene->broker.url };
	const struct record record = { 21, 1.25, INT64_C(1) << 40 };
	const struct relevo_shared_options with = { .initial = &record,
						    .initial_size = sizeof record };
	const struct relevo_shared_options hello = { .initial = "hello", .initial_size = 5 };
	relevo_shared *first = open_with(scene->session, NULL, sizeof record, &with);
	relevo_shared *second = open_with(scene->session, NULL, 20, &hello);
	snprintf(names.record, sizeof names.record, "%s", relevo_shared_name(first));
	snprintf(names.text, sizeof names.text, "%s", relevo_shared_name(second));
	child_join(child_start(double_everything, &names));
	const struct record *seen = relevo_shared_as(first, struct record);
	assert_int_equal(seen->small, 42);
	assert_true(seen->real == 2.5);
	assert_int_equal(seen->large, INT64_C(1) << 41);
	assert_string_equal(relevo_shared_data(second), "hellohello");
	relevo_shared_close(first);
	relevo_shared_close(second);
}

/* ---- value_lock_accessor ----------------------------------------------- */

static void lock_has_to_wait(void *argument)
{
	child_check(relevo_shared_try_lock(argument, NULL) == RELEVO_TRY_AGAIN);
	int64_t start = test_now();
	child_check(relevo_shared_lock(argument, 100, NULL) == RELEVO_TIMED_OUT);
	child_check(test_now() - start >= 99);
	child_check(relevo_shared_unlock(argument) == RELEVO_NOT_OWNER);
}

static void its_lock_excludes(relevo_shared *shared)
{
	assert_ok(relevo_shared_lock(shared, 0, NULL));
	assert_ok(relevo_shared_lock(shared, RELEVO_FOREVER, NULL));
	assert_ok(relevo_shared_unlock(shared));
	child_join(child_start(lock_has_to_wait, shared));
	assert_ok(relevo_shared_unlock(shared));
	assert_fails(relevo_shared_unlock(shared), RELEVO_NOT_OWNER, relevo_shared_name(shared));
}

static void accessors_of(relevo_session *session, size_t size)
{
	relevo_shared *own = open_with(session, NULL, size, NULL);
	relevo_shared *owner = NULL;
	assert_true(relevo_shared_has_lock(own));
	assert_ok(relevo_shared_lock_owner(own, &owner));
	assert_ptr_equal(owner, own);
	its_lock_excludes(own);

	const struct relevo_shared_options given = { .locking = RELEVO_SHARED_NO_LOCK,
						     .lock_of = own };
	relevo_shared *guest = open_with(session, NULL, size, &given);
	assert_ok(relevo_shared_lock_owner(guest, &owner));
	assert_ptr_equal(owner, own);
	assert_ok(relevo_shared_lock(guest, 0, NULL));
	child_join(child_start(lock_has_to_wait, own));
	assert_ok(relevo_shared_unlock(own));

	const struct relevo_shared_options none = { .locking = RELEVO_SHARED_NO_LOCK };
	relevo_shared *bare = open_with(session, NULL, size, &none);
	assert_false(relevo_shared_has_lock(bare));
	assert_fails(relevo_shared_lock_owner(bare, &owner), RELEVO_BAD_STATE, "has no lock");
	assert_status(relevo_shared_lock(bare, 0, NULL), RELEVO_BAD_STATE);
	assert_status(relevo_shared_unlock(bare), RELEVO_BAD_STATE);

	relevo_shared *unopened = NULL;
	struct relevo_shared_options bad = { .locking = RELEVO_SHARED_NO_LOCK, .lock_of = bare };
	assert_fails(relevo_shared_open(session, NULL, size, &bad, &unopened), RELEVO_BAD_ARGUMENT,
		     "no lock");
	bad = (struct relevo_shared_options){ .lock_of = own };
	assert_status(relevo_shared_open(session, NULL, size, &bad, &unopened),
		      RELEVO_BAD_ARGUMENT);
	bad = (struct relevo_shared_options){ .locking = (enum relevo_shared_locking)7 };
	assert_fails(relevo_shared_open(session, NULL, size, &bad, &unopened), RELEVO_BAD_ARGUMENT,
		     "7 is no way of locking");
	assert_null(unopened);
	relevo_shared_close(guest);
	relevo_shared_close(own);
	relevo_shared_close(bare);
}

static void value_lock_accessor(void **state)
{
	struct scene *scene = *state;
	accessors_of(scene->session, sizeof(int));
	accessors_of(scene->session, 1000 * sizeof(int));
}

/* ---- array_elements_slices --------------------------------------------- */

static void sum_up(void *argument)
{
	int *elements = relevo_shared_data(argument);
	size_t count = relevo_shared_count(argument, sizeof(int));
	for (size_t i = 1; i < count; i++)
		elements[i] += elements[i - 1];
}

static const int list[] = { 680, 626, 934, 821, 150, 233, 548, 982, 714, 831 };
enum { LENGTH = sizeof list / sizeof list[0] };

static struct relevo_slice slice_of(size_t first, size_t end)
{
	return (struct relevo_slice){ sizeof(int), first, end };
}

static void out_of_range_changes_nothing(relevo_shared *array)
{
	int values[LENGTH + 1] = { 0 }, before[LENGTH];
	memcpy(before, relevo_shared_data(array), sizeof before);
	const struct {
		struct relevo_slice slice;
		size_t count;
		const char *text;
	} bad[] = {
		{ slice_of(LENGTH, LENGTH + 1), 1, "10 elements" },
		{ slice_of(0, LENGTH + 1), LENGTH + 1, "from 0 to 11" },
		{ slice_of(5, 4), 0, "from 5 to 4" },
		{ slice_of(5, 4), SIZE_MAX, "from 5 to 4" },
		{ slice_of(0, SIZE_MAX), SIZE_MAX, "10 elements" },
		{ slice_of(2, 5), 2, "3 elements" },
		{ slice_of(2, 5), 4, "from or to 4" },
		{ { 0, 0, 1 }, 1, "of 0 bytes" },
		{ { SIZE_MAX, 0, 1 }, 1, "0 elements" },
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_fails(relevo_shared_set(array, &bad[i].slice, values, bad[i].count),
			     RELEVO_BAD_ARGUMENT, bad[i].text);
		values[0] = 4711;
		assert_status(relevo_shared_get(array, &bad[i].slice, values, bad[i].count),
			      RELEVO_BAD_ARGUMENT);
		assert_int_equal(values[0], 4711);
	}
	assert_null(relevo_shared_element(array, sizeof(int), LENGTH));
	assert_null(relevo_shared_element(array, sizeof(int), SIZE_MAX));
	assert_null(relevo_shared_element(array, 0, 0));
	assert_memory_equal(relevo_shared_data(array), before, sizeof before);
}

static void slices_of(relevo_session *session, enum relevo_shared_locking locking)
{
	const struct relevo_shared_options options = {
		.locking = locking,
		.initial = list,
		.initial_size = sizeof list,
	};
	relevo_shared *array = open_with(session, NULL, sizeof list, &options);
	int values[LENGTH], sums[LENGTH];
	struct relevo_slice all = slice_of(0, LENGTH), middle = slice_of(2, 7);
	assert_int_equal(relevo_shared_count(array, sizeof(int)), LENGTH);
	for (size_t i = 0; i < LENGTH; i++)
		assert_int_equal(*(int *)relevo_shared_element(array, sizeof(int), i), list[i]);
	assert_ok(relevo_shared_get(array, &middle, values, 5));
	assert_memory_equal(values, list + 2, 5 * sizeof(int));
	const int others[] = { 1, 2, 3, 4, 5 };
	assert_ok(relevo_shared_set(array, &middle, others, 5));
	assert_ok(relevo_shared_get(array, &all, values, LENGTH));
	assert_memory_equal(values, list, 2 * sizeof(int));
	assert_memory_equal(values + 2, others, sizeof others);
	assert_memory_equal(values + 7, list + 7, 3 * sizeof(int));
	struct relevo_slice empty = slice_of(LENGTH, LENGTH);
	assert_ok(relevo_shared_get(array, &empty, NULL, 0));
	out_of_range_changes_nothing(array);
	for (size_t i = 0; i < LENGTH; i++)
		sums[i] = values[i] + (i > 0 ? sums[i - 1] : 0);
	child_join(child_start(sum_up, array));
	assert_ok(relevo_shared_get(array, &all, values, LENGTH));
	assert_memory_equal(values, sums, sizeof sums);
	relevo_shared_close(array);
}

static void array_elements_slices(void **state)
{
	enum { SIZE = 100000 };
	struct scene *scene = *state;
	slices_of(scene->session, RELEVO_SHARED_LOCK);
	slices_of(scene->session, RELEVO_SHARED_NO_LOCK);
	for (int round = 0; round < 3; round++) {
		relevo_shared *array = open_with(scene->session, NULL, SIZE * sizeof(int), NULL);
		int *elements = relevo_shared_as(array, int);
		for (size_t i = 0; i < SIZE; i++) {
			assert_int_equal(elements[i], 0);
			elements[i] = -1;
		}
		relevo_shared_close(array);
	}
}

/* ---- lock_excludes ----------------------------------------------------- */

enum { CHILDREN = 8, ADDITIONS = 1000 };

struct counting {
	const char *url;
	struct gate *begin;
};

static void count_up(void *argument)
{
	struct counting *counting = argument;
	relevo_session *session;
	relevo_shared *counter;
	child_check(relevo_open(counting->url, NULL, &session) == RELEVO_OK);
	gate_pass(counting->begin);
	child_check(relevo_shared_open(session, "counter", sizeof(int), NULL, &counter) ==
		    RELEVO_OK);
	volatile int *value = relevo_shared_as(counter, int);
	for (int i = 0; i < ADDITIONS; i++) {
		child_check(relevo_shared_lock(counter, TEST_PATIENCE, NULL) == RELEVO_OK);
		int read = *value;
		if (i % 50 == 0)
			sched_yield();
		*value = read + 1;
		child_check(relevo_shared_unlock(counter) == RELEVO_OK);
	}
	relevo_shared_close(counter);
	child_check(relevo_close(session) == RELEVO_OK);
}

/* They also all open it at once: one of them creates it, none sees it half made. */
static void lock_excludes(void **state)
{
	struct scene *scene = *state;
	struct gate begin;
	pid_t children[CHILDREN];
	struct counting counting = { scene->broker.url, &begin };
	gate_make(&begin);
	for (int i = 0; i < CHILDREN; i++)
		children[i] = child_start(count_up, &counting);
	for (int i = 0; i < CHILDREN; i++)
		gate_open(&begin);
	for (int i = 0; i < CHILDREN; i++)
		child_join(children[i]);
	gate_close(&begin);
	relevo_shared *counter = open_with(scene->session, "counter", sizeof(int), NULL);
	assert_false(relevo_shared_created(counter));
	assert_int_equal(*relevo_shared_as(counter, int), CHILDREN * ADDITIONS);
	relevo_shared_close(counter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(value_types),
		scene_unit_test(value_lock_accessor),
		scene_unit_test(array_elements_slices),
		scene_unit_test(lock_excludes),
	};
	return cmocka_run_group_tests_name("shared", tests, NULL, NULL);
}
