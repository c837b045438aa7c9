/* Hosted values between processes. */
#include "conformance/role.h"

#include <float.h>
#include <limits.h>

struct shared {
	const struct stage *stage;
	relevo_value *value;
	char operand[8];
	size_t size;
};

static const struct props shared_props = {
	sizeof(struct shared),
	{
		PROP(STAGE, struct shared, stage),
		PROP(VALUE, struct shared, value),
	},
};

/* A new one. A child over tcp:// may still have the last one open. */
static relevo_value *open_value(const struct stage *stage, enum relevo_type type, size_t size,
				const void *initial)
{
	static int number;
	char name[32];
	relevo_value *value;
	const struct relevo_value_options options = {
		.mode = RELEVO_OPEN_NEW,
		.lifetime = RELEVO_LIFETIME_UNTIL_UNUSED,
		.type = type,
		.size = size,
		.initial = initial,
	};
	snprintf(name, sizeof name, "value %d", ++number);
	assert_ok(relevo_value_open(stage->session, name, &options, &value));
	return value;
}

static void write_it(void *argument)
{
	const struct shared *shared = argument;
	relevo_value *value = shared->value;
	child_check(relevo_value_set(value, shared->operand, shared->size) == RELEVO_OK);
}

static void assert_value(relevo_value *value, const void *expected, size_t size)
{
	char found[64];
	assert_ok(relevo_value_get(value, found, size));
	assert_memory_equal(found, expected, size);
}

/* It starts as `initial`, keeps its limits, and what a child writes is seen. */
static void check_type(const struct stage *stage, enum relevo_type type, size_t size,
		       const void *const numbers[3])
{
	relevo_value *value = open_value(stage, type, size, numbers[0]);
	assert_int_equal(relevo_value_type(value), type);
	assert_int_equal(relevo_value_size(value), size);
	assert_value(value, numbers[0], size);
	assert_ok(relevo_value_set(value, numbers[1], size));
	assert_value(value, numbers[1], size);
	struct shared shared = { .stage = stage, .value = value, .size = size };
	assert_true(size <= sizeof shared.operand);
	memcpy(shared.operand, numbers[2], size);
	role_join(role_start(write_it, &shared_props, &shared));
	assert_value(value, numbers[2], size);
	assert_status(relevo_value_set(value, numbers[0], size + 1), RELEVO_BAD_ARGUMENT);
	assert_value(value, numbers[2], size);
	relevo_value_close(value);
}

#define CHECK_TYPE(type, ctype, initial, least, most)                                              \
	do {                                                                                       \
		ctype initial_ = (initial), least_ = (least), most_ = (most);                      \
		const void *const numbers_[3] = { &initial_, &least_, &most_ };                    \
		check_type(stage, (type), sizeof initial_, numbers_);                              \
	} while (0)

struct record {
	int32_t number;
	double real;
	int64_t large;
};

static void double_record(void *argument)
{
	const struct shared *shared = argument;
	relevo_value *value = shared->value;
	struct record old, new;
	memset(&new, 0, sizeof new);
	child_check(relevo_value_get(value, &old, sizeof old) == RELEVO_OK);
	new.number = 2 * old.number;
	new.real = 2 * old.real;
	new.large = 2 * old.large;
	child_check(relevo_value_compare_exchange(value, &old, &new, sizeof new) == RELEVO_OK);
}

static void double_text(void *argument)
{
	const struct shared *shared = argument;
	relevo_value *value = shared->value;
	char text[20], twice[41];
	child_check(relevo_value_get(value, text, sizeof text) == RELEVO_OK);
	snprintf(twice, sizeof twice, "%s%s", text, text);
	memcpy(text, twice, sizeof text);
	child_check(relevo_value_set(value, text, sizeof text) == RELEVO_OK);
}

static void check_bytes(const struct stage *stage)
{
	struct record record, found;
	memset(&record, 0, sizeof record);
	record = (struct record){ 3, 5.5, INT64_C(1) << 40 };
	struct shared shared = { .stage = stage };
	shared.value = open_value(stage, RELEVO_TYPE_BYTES, sizeof record, &record);
	role_join(role_start(double_record, &shared_props, &shared));
	assert_ok(relevo_value_get(shared.value, &found, sizeof found));
	assert_true(found.number == 6 && found.real == 11.0 && found.large == INT64_C(1) << 41);
	relevo_value_close(shared.value);
	char text[20] = "hello";
	shared.value = open_value(stage, RELEVO_TYPE_BYTES, sizeof text, text);
	role_join(role_start(double_text, &shared_props, &shared));
	assert_ok(relevo_value_get(shared.value, text, sizeof text));
	assert_string_equal(text, "hellohello");
	relevo_value_close(shared.value);
}

static void value_types(void **state)
{
	const struct stage *stage = *state;
	CHECK_TYPE(RELEVO_TYPE_CHAR, char, 'x', CHAR_MIN, CHAR_MAX);
	CHECK_TYPE(RELEVO_TYPE_INT8, int8_t, -1, INT8_MIN, INT8_MAX);
	CHECK_TYPE(RELEVO_TYPE_INT16, int16_t, -77, INT16_MIN, INT16_MAX);
	CHECK_TYPE(RELEVO_TYPE_INT32, int32_t, 65536, INT32_MIN, INT32_MAX);
	CHECK_TYPE(RELEVO_TYPE_INT64, int64_t, 1, INT64_MIN, INT64_MAX);
	CHECK_TYPE(RELEVO_TYPE_UINT8, uint8_t, 1, 0, UINT8_MAX);
	CHECK_TYPE(RELEVO_TYPE_UINT16, uint16_t, 256, 0, UINT16_MAX);
	CHECK_TYPE(RELEVO_TYPE_UINT32, uint32_t, 65536, 0, UINT32_MAX);
	CHECK_TYPE(RELEVO_TYPE_UINT64, uint64_t, 7, 0, UINT64_MAX);
	CHECK_TYPE(RELEVO_TYPE_FLOAT, float, 1.5f, -FLT_MAX, FLT_MIN);
	CHECK_TYPE(RELEVO_TYPE_DOUBLE, double, 3.25, -DBL_MAX, DBL_MIN);
	check_bytes(stage);
}

/* ---- atomic steps ------------------------------------------------------- */

enum { ADDERS = 4, ADDITIONS = 500 };

static void add_many(void *argument)
{
	const struct shared *shared = argument;
	relevo_value *value = shared->value;
	const int64_t one = 1;
	for (int i = 0; i < ADDITIONS; i++)
		child_check(relevo_value_add(value, &one, NULL, sizeof one) == RELEVO_OK);
}

static void exchange_many(void *argument)
{
	const struct shared *shared = argument;
	relevo_value *value = shared->value;
	int64_t seen = 0;
	for (int done = 0; done < ADDITIONS;) {
		int64_t next = seen + 1;
		int status = relevo_value_compare_exchange(value, &seen, &next, sizeof next);
		child_check(status == RELEVO_OK || status == RELEVO_NOT_EQUAL);
		if (status == RELEVO_OK) {
			seen = next;
			done++;
		}
	}
}

static void value_changes_are_atomic(void **state)
{
	const struct stage *stage = *state;
	struct shared shared = { .stage = stage };
	relevo_process *children[2 * ADDERS];
	shared.value = open_value(stage, RELEVO_TYPE_INT64, 0, NULL);
	for (int i = 0; i < ADDERS; i++) {
		children[i] = role_start(add_many, &shared_props, &shared);
		children[ADDERS + i] = role_start(exchange_many, &shared_props, &shared);
	}
	for (int i = 0; i < 2 * ADDERS; i++)
		role_join(children[i]);
	const int64_t expected = 2 * ADDERS * ADDITIONS;
	assert_value(shared.value, &expected, sizeof expected);
	relevo_value_close(shared.value);
}

static void value_sums(void **state)
{
	const struct stage *stage = *state;
	const int32_t most = INT32_MAX, one = 1;
	int32_t sum;
	relevo_value *value = open_value(stage, RELEVO_TYPE_INT32, 0, &most);
	assert_ok(relevo_value_add(value, &one, &sum, sizeof sum));
	assert_int_equal(sum, INT32_MIN);
	int32_t expected = 5;
	assert_fails(relevo_value_compare_exchange(value, &expected, &one, sizeof one),
		     RELEVO_NOT_EQUAL, "is not what was expected");
	assert_int_equal(expected, INT32_MIN);
	assert_ok(relevo_value_compare_exchange(value, &expected, &one, sizeof one));
	assert_value(value, &one, sizeof one);
	relevo_value_close(value);
	value = open_value(stage, RELEVO_TYPE_BYTES, 4, NULL);
	assert_status(relevo_value_add(value, &one, &sum, sizeof sum), RELEVO_BAD_ARGUMENT);
	relevo_value_close(value);
}

/* ---- waiting ------------------------------------------------------------ */

static void value_wait_until(void **state)
{
	const struct stage *stage = *state;
	struct shared shared = { .stage = stage };
	const int64_t all = ADDITIONS, none = 0;
	shared.value = open_value(stage, RELEVO_TYPE_INT64, 0, NULL);
	int64_t start = test_now();
	assert_status(relevo_value_wait_until(shared.value, RELEVO_COMPARISON_GREATER, &none,
					      sizeof none, 200),
		      RELEVO_TIMED_OUT);
	assert_took(start, 200);
	relevo_process *child = role_start(add_many, &shared_props, &shared);
	assert_ok(relevo_value_wait_until(shared.value, RELEVO_COMPARISON_GREATER_OR_EQUAL, &all,
					  sizeof all, TEST_PATIENCE));
	role_join(child);
	assert_value(shared.value, &all, sizeof all);
	assert_status(relevo_value_wait_until(shared.value, (enum relevo_comparison)6, &all,
					      sizeof all, 0),
		      RELEVO_BAD_ARGUMENT);
	relevo_value_close(shared.value);
}

static void value_wait_change(void **state)
{
	const struct stage *stage = *state;
	const char text[4] = "abc";
	struct shared shared = { stage, NULL, "abc", sizeof text };
	uint64_t version = 0;
	shared.value = open_value(stage, RELEVO_TYPE_BYTES, sizeof text, NULL);
	assert_status(relevo_value_wait_change(shared.value, 0, &version), RELEVO_TIMED_OUT);
	relevo_process *child = role_start(write_it, &shared_props, &shared);
	assert_ok(relevo_value_wait_change(shared.value, TEST_PATIENCE, &version));
	assert_int_equal(version, 1);
	assert_value(shared.value, text, sizeof text);
	role_join(child);
	assert_status(relevo_value_wait_change(shared.value, 0, &version), RELEVO_TIMED_OUT);
	assert_status(relevo_value_wait_until(shared.value, RELEVO_COMPARISON_EQUAL, text,
					      sizeof text, 0),
		      RELEVO_BAD_ARGUMENT);
	relevo_value_close(shared.value);
}

static void value_open_rules(void **state)
{
	const struct stage *stage = *state;
	relevo_value *value = open_value(stage, RELEVO_TYPE_INT16, 0, NULL);
	relevo_value *other;
	const char *name = relevo_value_name(value);
	struct relevo_value_options options = {
		.type = RELEVO_TYPE_INT32,
		.lifetime = RELEVO_LIFETIME_UNTIL_UNUSED,
	};
	assert_fails(relevo_value_open(stage->session, name, &options, &other),
		     RELEVO_OPTION_MISMATCH, "has the type int16, not int32");
	options.type = (enum relevo_type)12;
	assert_status(relevo_value_open(stage->session, "more", &options, &other),
		      RELEVO_BAD_ARGUMENT);
	options.type = RELEVO_TYPE_BYTES;
	assert_status(relevo_value_open(stage->session, "more", &options, &other),
		      RELEVO_BAD_ARGUMENT);
	options.size = relevo_session_max_item(stage->session) + 1;
	assert_status(relevo_value_open(stage->session, "more", &options, &other),
		      RELEVO_TOO_LARGE);
	options = (struct relevo_value_options){ .mode = RELEVO_OPEN_EXISTING };
	assert_ok(relevo_value_open(stage->session, name, &options, &other));
	assert_int_equal(relevo_value_type(other), RELEVO_TYPE_INT16);
	relevo_value_close(value);
	/* It lives as long as one of them is open. */
	assert_ok(relevo_value_set(other, &(int16_t){ 3 }, sizeof(int16_t)));
	char copy[64];
	snprintf(copy, sizeof copy, "%s", relevo_value_name(other));
	relevo_value_close(other);
	assert_status(relevo_value_open(stage->session, copy, &options, &other), RELEVO_NOT_FOUND);
}

/* ---- the lock that goes with a value ------------------------------------ */

/* A process adds 1 in two steps, under the lock. */
static void add_in_two_steps(void *argument)
{
	const struct shared *shared = argument;
	relevo_value *value = shared->value;
	relevo_rlock *lock = NULL;
	child_check(relevo_value_lock(value, &lock) == RELEVO_OK);
	for (int i = 0; i < 50; i++) {
		int64_t number;
		child_check(relevo_rlock_acquire(lock, TEST_PATIENCE, NULL) == RELEVO_OK);
		child_check(relevo_value_get(value, &number, sizeof number) == RELEVO_OK);
		number++;
		child_check(relevo_value_set(value, &number, sizeof number) == RELEVO_OK);
		child_check(relevo_rlock_release(lock) == RELEVO_OK);
	}
}

static void value_lock_accessor(void **state)
{
	struct stage *stage = *state;
	enum { CHILDREN = 4 };
	relevo_process *children[CHILDREN];
	struct shared shared = { .stage = stage };
	relevo_rlock *lock = NULL, *same = NULL, *given = NULL;
	relevo_value *guarded = NULL, *bare = NULL;
	int64_t sum;
	shared.value = open_value(stage, RELEVO_TYPE_INT64, 0, NULL);
	for (int i = 0; i < CHILDREN; i++)
		children[i] = role_start(add_in_two_steps, &shared_props, &shared);
	for (int i = 0; i < CHILDREN; i++)
		role_join(children[i]);
	assert_ok(relevo_value_get(shared.value, &sum, sizeof sum));
	assert_int_equal(sum, CHILDREN * 50);
	/* Its own is recursive, and always the same. */
	assert_ok(relevo_value_lock(shared.value, &lock));
	assert_ok(relevo_value_lock(shared.value, &same));
	assert_ptr_equal(lock, same);
	assert_ok(relevo_rlock_acquire(lock, TEST_PATIENCE, NULL));
	assert_ok(relevo_rlock_acquire(lock, 0, NULL));
	assert_ok(relevo_rlock_release(lock));
	assert_ok(relevo_rlock_release(lock));
	assert_status(relevo_rlock_release(lock), RELEVO_NOT_OWNER);

	assert_ok(relevo_rlock_open(stage->session, "given", NULL, &given));
	struct relevo_value_options options = { .type = RELEVO_TYPE_INT8, .lock = given };
	assert_ok(relevo_value_open(stage->session, "guarded", &options, &guarded));
	assert_ok(relevo_value_lock(guarded, &lock));
	assert_ptr_equal(lock, given);
	options = (struct relevo_value_options){ .type = RELEVO_TYPE_INT8, .unlocked = true };
	assert_ok(relevo_value_open(stage->session, "bare", &options, &bare));
	assert_fails(relevo_value_lock(bare, &lock), RELEVO_BAD_STATE,
		     "the value \"bare\" has no lock");
	assert_null(lock);
	relevo_value_close(bare);
	relevo_value_close(guarded);
	/* Both at once cannot be, nor a lock of another session. */
	relevo_session *other = NULL;
	options.lock = given;
	assert_status(relevo_value_open(stage->session, "both", &options, &bare),
		      RELEVO_BAD_ARGUMENT);
	options.unlocked = false;
	assert_ok(relevo_session_open(stage->broker.url, NULL, &other));
	assert_fails(relevo_value_open(other, "foreign", &options, &bare), RELEVO_BAD_ARGUMENT,
		     "\"given\" is of another session");
	assert_ok(relevo_session_close(other));
	relevo_rlock_close(given);
	relevo_value_close(shared.value);
}

static void array_lock_accessor(void **state)
{
	struct stage *stage = *state;
	relevo_array *array = NULL;
	relevo_rlock *lock = NULL, *same = NULL;
	struct relevo_array_options options = { .type = RELEVO_TYPE_INT32, .count = 3 };
	assert_ok(relevo_array_open(stage->session, "array", &options, &array));
	assert_ok(relevo_array_lock(array, &lock));
	assert_ok(relevo_array_lock(array, &same));
	assert_ptr_equal(lock, same);
	assert_ok(relevo_rlock_acquire(lock, 0, NULL));
	assert_ok(relevo_rlock_release(lock));
	relevo_array_close(array);
	options.unlocked = true;
	assert_ok(relevo_array_open(stage->session, "bare", &options, &array));
	assert_status(relevo_array_lock(array, &lock), RELEVO_BAD_STATE);
	relevo_array_close(array);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		ROLE_CASE(value_lock_accessor), STAGE_CASE(array_lock_accessor),
		ROLE_CASE(value_types),         ROLE_CASE(value_changes_are_atomic),
		STAGE_CASE(value_sums),         ROLE_CASE(value_wait_until),
		ROLE_CASE(value_wait_change),   STAGE_CASE(value_open_rules),
	};
	return cmocka_run_group_tests_name("value", tests, cast_prepare, NULL);
}
