/* Values and arrays in shared memory: between processes of one host, in place. */
#include "conformance/role.h"

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

/* What a child works on; the type of the values that it writes there when told. */
struct piece {
	struct stage *stage;
	relevo_shared *shared;
	size_t type;
	struct gate told, done;
};

static const struct props piece_props = {
	sizeof(struct piece),
	{
		PROP(STAGE, struct piece, stage),
		PROP(SHARED, struct piece, shared),
		PROP(GATE, struct piece, told),
		PROP(GATE, struct piece, done),
	},
};

static const void *nth(const struct type *type, size_t index)
{
	return (const char *)type->values + index * type->width;
}

static void write_value(relevo_shared *shared, const struct type *type, size_t index)
{
	if (relevo_shared_has_lock(shared))
		child_check(relevo_shared_lock(shared, TEST_PATIENCE, NULL) == RELEVO_OK);
	memcpy(relevo_shared_data(shared), nth(type, index), type->width);
	if (relevo_shared_has_lock(shared))
		child_check(relevo_shared_unlock(shared) == RELEVO_OK);
}

static void write_values(void *argument)
{
	struct piece *piece = argument;
	const struct type *type = &types[piece->type];
	for (size_t i = 1; i < type->count; i++) {
		gate_pass(&piece->told);
		write_value(piece->shared, type, i);
		gate_open(&piece->done);
	}
}

static void each_value_is_seen(struct stage *stage, size_t number,
			       enum relevo_shared_locking locking)
{
	const struct type *type = &types[number];
	const struct relevo_shared_options options = {
		.locking = locking,
		.initial = type->values,
		.initial_size = type->width,
	};
	relevo_shared *shared = open_with(stage->session, NULL, type->width, &options);
	assert_int_equal(relevo_shared_size(shared), type->width);
	assert_memory_equal(relevo_shared_data(shared), type->values, type->width);
	struct piece piece = { .stage = stage, .shared = shared, .type = number };
	gate_make(&piece.told);
	gate_make(&piece.done);
	relevo_process *child = role_start(write_values, &piece_props, &piece);
	for (size_t i = 1; i < type->count; i++) {
		gate_open(&piece.told);
		gate_pass(&piece.done);
		assert_memory_equal(relevo_shared_data(shared), nth(type, i), type->width);
	}
	role_join(child);
	gate_close(&piece.told);
	gate_close(&piece.done);
	relevo_shared_close(shared);
}

struct record {
	int32_t small;
	double real;
	int64_t large;
};

struct doubling {
	char url[ADDRESS_MAX];
	char record[64];
	char text[64];
};

static const struct props doubling_props = { sizeof(struct doubling), { { PROP_END, 0 } } };

/* As a program does that knows nothing but the names. */
static void double_everything(void *argument)
{
	struct doubling *names = argument;
	const struct relevo_shared_options existing = { .mode = RELEVO_OPEN_EXISTING };
	relevo_session *session;
	relevo_shared *first, *second;
	child_check(relevo_session_open(names->url, NULL, &session) == RELEVO_OK);
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
	child_check(relevo_session_close(session) == RELEVO_OK);
}

static void value_types(void **state)
{
	struct stage *stage = *state;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		each_value_is_seen(stage, i, RELEVO_SHARED_LOCK);
		each_value_is_seen(stage, i, RELEVO_SHARED_NO_LOCK);
	}
	struct doubling names;
	const struct record record = { 21, 1.25, INT64_C(1) << 40 };
	const struct relevo_shared_options with = { .initial = &record,
						    .initial_size = sizeof record };
	const struct relevo_shared_options hello = { .initial = "hello", .initial_size = 5 };
	relevo_shared *first = open_with(stage->session, NULL, sizeof record, &with);
	relevo_shared *second = open_with(stage->session, NULL, 20, &hello);
	snprintf(names.url, sizeof names.url, "%s", stage->broker.url);
	snprintf(names.record, sizeof names.record, "%s", relevo_shared_name(first));
	snprintf(names.text, sizeof names.text, "%s", relevo_shared_name(second));
	role_join(role_start(double_everything, &doubling_props, &names));
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
	relevo_shared *shared = ((struct piece *)argument)->shared;
	child_check(relevo_shared_lock(shared, 0, NULL) == RELEVO_TIMED_OUT);
	int64_t start = test_now();
	child_check(relevo_shared_lock(shared, 100, NULL) == RELEVO_TIMED_OUT);
	child_check(test_now() - start >= 99);
	child_check(relevo_shared_unlock(shared) == RELEVO_NOT_OWNER);
}

static void its_lock_excludes(struct stage *stage, relevo_shared *shared)
{
	struct piece piece = { .stage = stage, .shared = shared };
	assert_ok(relevo_shared_lock(shared, 0, NULL));
	assert_ok(relevo_shared_lock(shared, RELEVO_FOREVER, NULL));
	assert_ok(relevo_shared_unlock(shared));
	role_join(role_start(lock_has_to_wait, &piece_props, &piece));
	assert_ok(relevo_shared_unlock(shared));
	assert_fails(relevo_shared_unlock(shared), RELEVO_NOT_OWNER, relevo_shared_name(shared));
}

static void accessors_of(struct stage *stage, size_t size)
{
	relevo_session *session = stage->session;
	relevo_shared *own = open_with(session, NULL, size, NULL);
	relevo_shared *owner = NULL;
	assert_true(relevo_shared_has_lock(own));
	assert_ok(relevo_shared_lock_owner(own, &owner));
	assert_ptr_equal(owner, own);
	its_lock_excludes(stage, own);

	const struct relevo_shared_options given = { .locking = RELEVO_SHARED_NO_LOCK,
						     .lock_of = own };
	relevo_shared *guest = open_with(session, NULL, size, &given);
	assert_ok(relevo_shared_lock_owner(guest, &owner));
	assert_ptr_equal(owner, own);
	assert_ok(relevo_shared_lock(guest, 0, NULL));
	struct piece piece = { .stage = stage, .shared = own };
	role_join(role_start(lock_has_to_wait, &piece_props, &piece));
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
	struct stage *stage = *state;
	accessors_of(stage, sizeof(int));
	accessors_of(stage, 1000 * sizeof(int));
}

/* ---- array_elements_slices --------------------------------------------- */

static void sum_up(void *argument)
{
	const struct piece *piece = argument;
	int *elements = relevo_shared_data(piece->shared);
	size_t count = relevo_shared_count(piece->shared, sizeof(int));
	for (size_t i = 1; i < count; i++)
		elements[i] += elements[i - 1];
}

static const int list[] = { 680, 626, 934, 821, 150, 233, 548, 982, 714, 831 };
enum { LENGTH = sizeof list / sizeof list[0] };

static void out_of_range_changes_nothing(relevo_shared *array)
{
	int values[LENGTH + 1] = { 0 }, before[LENGTH];
	memcpy(before, relevo_shared_data(array), sizeof before);
	const struct {
		size_t width, first, count;
		const char *text;
	} bad[] = {
		{ sizeof(int), LENGTH, 1, "10 elements" },
		{ sizeof(int), 0, LENGTH + 1, "no 11 from 0 on" },
		{ sizeof(int), 5, LENGTH - 4, "no 6 from 5 on" },
		{ sizeof(int), 5, SIZE_MAX, "from 5 on" },
		{ sizeof(int), SIZE_MAX, 5, "10 elements" },
		{ sizeof(int), LENGTH + 1, 0, "no 0 from 11 on" },
		{ 0, 0, 1, "of 0 bytes" },
		{ SIZE_MAX, 0, 1, "0 elements" },
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_fails(
			relevo_shared_set(array, bad[i].width, bad[i].first, bad[i].count, values),
			RELEVO_BAD_ARGUMENT, bad[i].text);
		values[0] = 4711;
		assert_status(
			relevo_shared_get(array, bad[i].width, bad[i].first, bad[i].count, values),
			RELEVO_BAD_ARGUMENT);
		assert_int_equal(values[0], 4711);
	}
	assert_null(relevo_shared_element(array, sizeof(int), LENGTH));
	assert_null(relevo_shared_element(array, sizeof(int), SIZE_MAX));
	assert_null(relevo_shared_element(array, 0, 0));
	assert_memory_equal(relevo_shared_data(array), before, sizeof before);
}

static void slices_of(struct stage *stage, enum relevo_shared_locking locking)
{
	const struct relevo_shared_options options = {
		.locking = locking,
		.initial = list,
		.initial_size = sizeof list,
	};
	relevo_shared *array = open_with(stage->session, NULL, sizeof list, &options);
	int values[LENGTH], sums[LENGTH];
	assert_int_equal(relevo_shared_count(array, sizeof(int)), LENGTH);
	for (size_t i = 0; i < LENGTH; i++)
		assert_int_equal(*(int *)relevo_shared_element(array, sizeof(int), i), list[i]);
	assert_ok(relevo_shared_get(array, sizeof(int), 2, 5, values));
	assert_memory_equal(values, list + 2, 5 * sizeof(int));
	const int others[] = { 1, 2, 3, 4, 5 };
	assert_ok(relevo_shared_set(array, sizeof(int), 2, 5, others));
	assert_ok(relevo_shared_get(array, sizeof(int), 0, LENGTH, values));
	assert_memory_equal(values, list, 2 * sizeof(int));
	assert_memory_equal(values + 2, others, sizeof others);
	assert_memory_equal(values + 7, list + 7, 3 * sizeof(int));
	assert_ok(relevo_shared_get(array, sizeof(int), LENGTH, 0, NULL));
	out_of_range_changes_nothing(array);
	for (size_t i = 0; i < LENGTH; i++)
		sums[i] = values[i] + (i > 0 ? sums[i - 1] : 0);
	struct piece piece = { .stage = stage, .shared = array };
	role_join(role_start(sum_up, &piece_props, &piece));
	assert_ok(relevo_shared_get(array, sizeof(int), 0, LENGTH, values));
	assert_memory_equal(values, sums, sizeof sums);
	relevo_shared_close(array);
}

static void array_elements_slices(void **state)
{
	enum { SIZE = 100000 };
	struct stage *stage = *state;
	slices_of(stage, RELEVO_SHARED_LOCK);
	slices_of(stage, RELEVO_SHARED_NO_LOCK);
	for (int round = 0; round < 3; round++) {
		relevo_shared *array = open_with(stage->session, NULL, SIZE * sizeof(int), NULL);
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
	char url[ADDRESS_MAX];
	struct gate begin;
};

static const struct props counting_props = {
	sizeof(struct counting),
	{ PROP(GATE, struct counting, begin) },
};

static void count_up(void *argument)
{
	struct counting *counting = argument;
	relevo_session *session;
	relevo_shared *counter;
	child_check(relevo_session_open(counting->url, NULL, &session) == RELEVO_OK);
	gate_pass(&counting->begin);
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
	child_check(relevo_session_close(session) == RELEVO_OK);
}

/* They also all open it at once: one of them creates it, none sees it half made. */
static void lock_excludes(void **state)
{
	struct stage *stage = *state;
	relevo_process *children[CHILDREN];
	struct counting counting;
	snprintf(counting.url, sizeof counting.url, "%s", stage->broker.url);
	gate_make(&counting.begin);
	for (int i = 0; i < CHILDREN; i++)
		children[i] = role_start(count_up, &counting_props, &counting);
	for (int i = 0; i < CHILDREN; i++)
		gate_open(&counting.begin);
	for (int i = 0; i < CHILDREN; i++)
		role_join(children[i]);
	gate_close(&counting.begin);
	relevo_shared *counter = open_with(stage->session, "counter", sizeof(int), NULL);
	assert_false(relevo_shared_created(counter));
	assert_int_equal(*relevo_shared_as(counter, int), CHILDREN * ADDITIONS);
	relevo_shared_close(counter);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		ROLE_LOCAL_CASE(value_types),
		ROLE_LOCAL_CASE(value_lock_accessor),
		ROLE_LOCAL_CASE(array_elements_slices),
		ROLE_LOCAL_CASE(lock_excludes),
	};
	return cmocka_run_group_tests_name("shared", tests, cast_prepare, NULL);
}
