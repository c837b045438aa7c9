#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/spares.h"

#include <stdlib.h>
#include <string.h>

static void *take_filled(struct spares *spares, size_t size)
{
	void *block = spares_take(spares, size);
	assert_non_null(block);
	memset(block, 0x5a, size);
	return block;
}

/* Every size has a block that holds it, and goes back. */
static void test_blocks_of_all_sizes(void **state)
{
	(void)state;
	struct spares spares = { 0 };
	for (int round = 0; round < 2; round++) {
		for (size_t size = 0; size <= SPARES_LARGEST + SPARES_UNIT; size++) {
			void *block = take_filled(&spares, size);
			spares_give(&spares, block, size);
		}
	}
	spares_give(&spares, NULL, 1);
	spares_fini(&spares);
	assert_int_equal(spares.kept, 0);
}

/* Those that are out at the same time are different ones. */
static void test_blocks_do_not_overlap(void **state)
{
	(void)state;
	enum { COUNT = 100, SIZE = 104 };
	struct spares spares = { 0 };
	uint8_t *blocks[COUNT];
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < COUNT; i++) {
			blocks[i] = spares_take(&spares, SIZE);
			memset(blocks[i], i, SIZE);
		}
		for (int i = 0; i < COUNT; i++) {
			assert_int_equal(blocks[i][0], i);
			assert_int_equal(blocks[i][SIZE - 1], i);
			spares_give(&spares, blocks[i], SIZE);
		}
	}
	spares_fini(&spares);
}

/* What is given back is bounded, and the rest is freed. */
static void test_not_all_is_kept(void **state)
{
	(void)state;
	enum { COUNT = 3 * SPARES_MOST / SPARES_LARGEST };
	struct spares spares = { 0 };
	void **blocks = calloc(COUNT, sizeof *blocks);
	assert_non_null(blocks);
	for (int i = 0; i < COUNT; i++)
		blocks[i] = take_filled(&spares, SPARES_LARGEST);
	for (int i = 0; i < COUNT; i++)
		spares_give(&spares, blocks[i], SPARES_LARGEST);
	assert_true(spares.kept <= SPARES_MOST);
#ifndef __SANITIZE_ADDRESS__
	assert_true(spares.kept > SPARES_MOST - 2 * SPARES_LARGEST);
	/* And serves the next. */
	void *block = spares_take(&spares, SPARES_LARGEST);
	assert_true(spares.kept < SPARES_MOST - SPARES_LARGEST);
	spares_give(&spares, block, SPARES_LARGEST);
#endif
	free(blocks);
	spares_fini(&spares);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks_of_all_sizes),
		cmocka_unit_test(test_blocks_do_not_overlap),
		cmocka_unit_test(test_not_all_is_kept),
	};
	return cmocka_run_group_tests_name("base/spares", tests, NULL, NULL);
}
