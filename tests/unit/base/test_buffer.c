#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"

#include <string.h>
#include <sys/resource.h>

static void test_zero_is_empty(void **state)
{
	(void)state;
	struct buffer buffer = { 0 };
	assert_int_equal(buffer_size(&buffer), 0);
	assert_int_equal(buffer_room(&buffer), 0);
	assert_true(buffer_append(&buffer, NULL, 0));
	assert_int_equal(buffer_size(&buffer), 0);
	buffer_shrink(&buffer, 0);
	buffer_fini(&buffer);
	buffer_fini(&buffer);
}

static void test_bytes_come_out_as_they_went_in(void **state)
{
	(void)state;
	struct buffer buffer = { 0 };
	uint32_t written = 0;
	uint32_t read = 0;
	/* Uneven steps, so that the contents move and grow at all offsets. */
	for (int round = 0; round < 2000; round++) {
		for (int i = 0; i < round % 37; i++, written++)
			assert_true(buffer_append(&buffer, &written, sizeof written));
		for (int i = 0; i < round % 31 && read < written; i++, read++) {
			assert_memory_equal(buffer_data(&buffer), &read, sizeof read);
			buffer_consume(&buffer, sizeof read);
		}
		assert_int_equal(buffer_size(&buffer), (written - read) * sizeof read);
	}
	assert_true(written > read);
	for (; read < written; read++) {
		assert_memory_equal(buffer_data(&buffer), &read, sizeof read);
		buffer_consume(&buffer, sizeof read);
	}
	assert_int_equal(buffer_size(&buffer), 0);
	buffer_fini(&buffer);
}

static void test_reserved_bytes_count_once_committed(void **state)
{
	(void)state;
	struct buffer buffer = { 0 };
	uint8_t *room = buffer_reserve(&buffer, 1000);
	assert_non_null(room);
	assert_true(buffer_room(&buffer) >= 1000);
	memset(room, 'x', 1000);
	assert_int_equal(buffer_size(&buffer), 0);
	buffer_commit(&buffer, 3);
	assert_int_equal(buffer_size(&buffer), 3);
	assert_memory_equal(buffer_data(&buffer), "xxx", 3);
	buffer_fini(&buffer);
}

static void test_a_steady_stream_does_not_grow_the_buffer(void **state)
{
	(void)state;
	struct buffer buffer = { 0 };
	const char bytes[100] = { 0 };
	for (int i = 0; i < 10; i++)
		assert_true(buffer_append(&buffer, bytes, sizeof bytes));
	for (int i = 0; i < 100000; i++) {
		assert_true(buffer_append(&buffer, bytes, sizeof bytes));
		buffer_consume(&buffer, sizeof bytes);
	}
	assert_int_equal(buffer_size(&buffer), 1000);
	assert_true(buffer.capacity <= 4096);
	buffer_fini(&buffer);
}

static void test_an_impossible_size_leaves_the_buffer_as_it_was(void **state)
{
	(void)state;
	struct buffer buffer = { 0 };
	assert_true(buffer_append(&buffer, "abc", 3));
	assert_null(buffer_reserve(&buffer, SIZE_MAX));
	assert_null(buffer_reserve(&buffer, SIZE_MAX / 2));
	assert_int_equal(buffer_size(&buffer), 3);
	assert_memory_equal(buffer_data(&buffer), "abc", 3);
	buffer_fini(&buffer);
}

static void test_shrink_frees_only_what_is_empty_and_large(void **state)
{
	(void)state;
	struct buffer buffer = { 0 };
	assert_non_null(buffer_reserve(&buffer, 100000));
	buffer_commit(&buffer, 1);
	buffer_shrink(&buffer, 1000);
	assert_true(buffer.capacity >= 100000);
	buffer_consume(&buffer, 1);
	buffer_shrink(&buffer, 1000000);
	assert_true(buffer.capacity >= 100000);
	buffer_shrink(&buffer, 1000);
	assert_int_equal(buffer.capacity, 0);
	buffer_fini(&buffer);
}

static void test_a_spare_goes_from_one_to_the_next(void **state)
{
	(void)state;
	struct buffer buffer = { 0 }, spare = { 0 }, small = { 0 };
	assert_true(buffer_append(&small, "x", 1));
	assert_non_null(buffer_reserve(&buffer, 100000));
	const uint8_t *large = buffer.bytes;
	buffer_shrink_to_spare(&buffer, 1000, &spare, 1000000);
	assert_ptr_equal(spare.bytes, large);
	assert_int_equal(buffer.capacity, 0);
	/* One that is in use, or has enough, keeps what it has. */
	buffer_use_spare(&small, &spare, 100000);
	buffer_consume(&small, 1);
	buffer_use_spare(&small, &spare, 1);
	assert_ptr_equal(spare.bytes, large);
	buffer_use_spare(&small, &spare, 10 * spare.capacity);
	assert_ptr_equal(spare.bytes, large);
	buffer_use_spare(&small, &spare, 100000);
	assert_ptr_equal(small.bytes, large);
	assert_true(spare.capacity > 0);
	/* What is in use stays, and so does what is small. */
	buffer_commit(&small, 1);
	buffer_shrink_to_spare(&small, 1000, &spare, 1000000);
	buffer_consume(&small, 1);
	buffer_shrink_to_spare(&small, small.capacity, &spare, 1000000);
	assert_ptr_equal(small.bytes, large);
	/* What is more than a spare may have is given back. */
	buffer_shrink_to_spare(&small, 1000, &spare, 1000);
	assert_int_equal(small.capacity, 0);
	assert_true(spare.capacity < 100000);
	buffer_fini(&spare);
}

/* Sanitizers' allocators copy. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static long faults(void)
{
	struct rusage usage;
	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_minflt;
}

/* As a large frame arrives its buffer grows, and no page of it is written anew for that. */
static void test_what_is_large_is_not_copied_to_grow(void **state)
{
	enum { LARGE = 64 * 1024 * 1024, LARGE_PAGES = LARGE / 4096 };
	(void)state;
	struct buffer buffer = { 0 };
	memset(buffer_reserve(&buffer, LARGE), 'x', LARGE);
	buffer_commit(&buffer, LARGE);
	long before = faults();
	assert_non_null(buffer_reserve(&buffer, LARGE));
	assert_true(faults() - before < LARGE_PAGES / 16);
	assert_int_equal(buffer_data(&buffer)[LARGE - 1], 'x');
	buffer_fini(&buffer);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zero_is_empty),
		cmocka_unit_test(test_bytes_come_out_as_they_went_in),
		cmocka_unit_test(test_reserved_bytes_count_once_committed),
		cmocka_unit_test(test_a_steady_stream_does_not_grow_the_buffer),
		cmocka_unit_test(test_an_impossible_size_leaves_the_buffer_as_it_was),
		cmocka_unit_test(test_shrink_frees_only_what_is_empty_and_large),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
		cmocka_unit_test(test_what_is_large_is_not_copied_to_grow),
#endif
		cmocka_unit_test(test_a_spare_goes_from_one_to_the_next),
	};
	return cmocka_run_group_tests_name("base/buffer", tests, NULL, NULL);
}
