#include "wire/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { LIMIT = 1024 * 1024 };

static void test_small(void **state)
{
	(void)state;
	struct arena arena;
	assert_true(arena_init(&arena, LIMIT));
	for (size_t size = 0; size < 100; size++) {
		char *bytes = arena_alloc(&arena, size);
		assert_non_null(bytes);
		assert_int_equal((uintptr_t)bytes % alignof(max_align_t), 0);
		memset(bytes, 1, size);
	}
	assert_null(arena.chunks);
	arena_fini(&arena);
}

/* A block of the caller's is used first, and is not freed; what does not fit into it still has
 * room. */
static void test_lent_block(void **state)
{
	(void)state;
	alignas(max_align_t) char block[256];
	struct arena arena;
	arena_init_with(&arena, block, sizeof block, LIMIT);
	char *first = arena_alloc(&arena, 100);
	assert_ptr_equal(first, block);
	char *second = arena_alloc(&arena, 100);
	assert_in_range((uintptr_t)second, (uintptr_t)first + 100, (uintptr_t)block + 156);
	assert_null(arena.chunks);
	assert_non_null(arena_alloc(&arena, 100));
	assert_non_null(arena.chunks);
	arena_reset(&arena);
	assert_null(arena.chunks);
	assert_ptr_equal(arena_alloc(&arena, sizeof block), block);
	arena_fini(&arena);
}

/* Every byte is written with its own number, then all are read again. */
static void test_no_overlap(void **state)
{
	(void)state;
	static uint8_t *pieces[1000];
	struct arena arena;
	assert_true(arena_init(&arena, 4 * LIMIT));
	for (size_t i = 0; i < 1000; i++) {
		size_t size = i * 37 % 2500 + (i % 100 == 0 ? 40000 : 1);
		pieces[i] = arena_alloc(&arena, size);
		assert_non_null(pieces[i]);
		memset(pieces[i], (int)(i % 251), size);
	}
	for (size_t i = 0; i < 1000; i++) {
		size_t size = i * 37 % 2500 + (i % 100 == 0 ? 40000 : 1);
		for (size_t j = 0; j < size; j++)
			assert_int_equal(pieces[i][j], i % 251);
	}
	arena_fini(&arena);
}

static size_t exhaust(struct arena *arena, size_t size)
{
	size_t given = 0;
	while (arena_alloc(arena, size) != NULL)
		given += size;
	assert_false(arena->out_of_memory);
	assert_true(arena->total <= LIMIT);
	return given;
}

/* Whatever the size of the pieces, most of the limit can be used, and what it
 * costs in memory stays below. */
static void test_limit(void **state)
{
	(void)state;
	static const size_t sizes[] = { 16, 48, 1024, 16384, 16400, 60000, 300000 };
	struct arena arena;
	assert_true(arena_init(&arena, LIMIT));
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		size_t given = exhaust(&arena, sizes[i]);
		assert_in_range(given, LIMIT / 2, LIMIT + 16 * 1024);
		arena_reset(&arena);
		assert_null(arena.chunks);
		assert_int_equal(arena.total, 0);
	}
	arena_fini(&arena);
}

static void test_too_large(void **state)
{
	(void)state;
	struct arena arena;
	assert_true(arena_init(&arena, LIMIT));
	assert_null(arena_alloc(&arena, LIMIT + 1));
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX - 7));
	assert_non_null(arena_alloc(&arena, LIMIT / 2));
	assert_null(arena_alloc(&arena, LIMIT / 2 + 1));
	assert_non_null(arena_alloc(&arena, 1));
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),      cmocka_unit_test(test_lent_block),
		cmocka_unit_test(test_no_overlap), cmocka_unit_test(test_limit),
		cmocka_unit_test(test_too_large),
	};
	return cmocka_run_group_tests_name("wire/arena", tests, NULL, NULL);
}
