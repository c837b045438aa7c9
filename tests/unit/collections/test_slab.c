#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collections/slab.h"

#include <stdlib.h>
#include <string.h>

static void *take_filled(struct slabs *slabs, size_t size)
{
	void *block = slab_take(slabs, size);
	assert_non_null(block);
	memset(block, 0x5a, size);
	return block;
}

/* Every size has a block that holds it, and goes back. */
static void test_blocks_of_all_sizes(void **state)
{
	(void)state;
	struct slabs slabs = { 0 };
	for (int round = 0; round < 2; round++) {
		for (size_t size = 0; size <= SLAB_LARGEST + SLAB_UNIT; size++) {
			void *block = take_filled(&slabs, size);
			slab_give(&slabs, block, size);
		}
	}
	slab_give(&slabs, NULL, 1);
	slab_fini(&slabs);
	assert_int_equal(slabs.empty, 0);
}

/* Those that are out at the same time are different ones. */
static void test_blocks_do_not_overlap(void **state)
{
	(void)state;
	enum { COUNT = 100, SIZE = 104 };
	struct slabs slabs = { 0 };
	uint8_t *blocks[COUNT];
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < COUNT; i++) {
			blocks[i] = slab_take(&slabs, SIZE);
			memset(blocks[i], i, SIZE);
		}
		for (int i = 0; i < COUNT; i++) {
			assert_int_equal(blocks[i][0], i);
			assert_int_equal(blocks[i][SIZE - 1], i);
			slab_give(&slabs, blocks[i], SIZE);
		}
	}
	slab_fini(&slabs);
}

/* Slabs are made as they are needed; when none of their blocks is out any more, a few are
 * kept, and serve the next. */
static void test_not_all_is_kept(void **state)
{
	(void)state;
	/* Each at least a sixty-fourth of a slab. */
	enum { COUNT = 2 * 64 * SLAB_KEPT, SIZE = 256 };
	struct slabs slabs = { 0 };
	void **blocks = calloc(COUNT, sizeof *blocks);
	assert_non_null(blocks);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < COUNT; i++)
			blocks[i] = take_filled(&slabs, SIZE);
		assert_int_equal(slabs.empty, 0);
		/* Every other one first: a slab stays as long as one of its blocks is out. */
		for (int i = 0; i < COUNT; i += 2)
			slab_give(&slabs, blocks[i], SIZE);
		assert_int_equal(slabs.empty, 0);
		for (int i = 1; i < COUNT; i += 2)
			slab_give(&slabs, blocks[i], SIZE);
#ifndef __SANITIZE_ADDRESS__
		assert_int_equal(slabs.empty, SLAB_KEPT);
#endif
	}
	free(blocks);
	slab_fini(&slabs);
}

/* Though one block of every slab is out, what others need does not grow on and on. */
static void test_waste_is_bounded(void **state)
{
	(void)state;
	/* Each at least a sixty-fourth of a slab, of which there are enough to be too many. */
	enum { PER_SLAB = 64, COUNT = PER_SLAB * (2 * SLAB_WASTE / (16 * 1024)), SIZES = 4 };
	struct slabs slabs = { 0 };
	void **blocks = calloc((size_t)SIZES * COUNT, sizeof *blocks);
	assert_non_null(blocks);
	for (int size = 0; size < SIZES; size++) {
		void **of_size = blocks + (size_t)size * COUNT;
		for (int i = 0; i < COUNT; i++)
			of_size[i] = take_filled(&slabs, 256 + 16 * size);
		for (int i = 0; i < COUNT; i++) {
			if (i % PER_SLAB == 0)
				continue;
			slab_give(&slabs, of_size[i], 256 + 16 * size);
			of_size[i] = NULL;
		}
	}
	/* Of one size alone there is more than twice that. */
	assert_true(slabs.held <= 3 * (size_t)SLAB_WASTE);
	for (int size = 0; size < SIZES; size++)
		for (int i = 0; i < COUNT; i++)
			slab_give(&slabs, blocks[(size_t)size * COUNT + i], 256 + 16 * size);
	free(blocks);
	slab_fini(&slabs);
	assert_int_equal(slabs.held, 0);
	assert_int_equal(slabs.out, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks_of_all_sizes),
		cmocka_unit_test(test_blocks_do_not_overlap),
		cmocka_unit_test(test_not_all_is_kept),
		cmocka_unit_test(test_waste_is_bounded),
	};
	return cmocka_run_group_tests_name("base/slab", tests, NULL, NULL);
}
