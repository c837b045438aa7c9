#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collections/heap.h"
#include "support/random.h"

enum { NODES = 500 };

static void test_keys_come_out_in_order(void **state)
{
	(void)state;
	struct heap heap = { 0 };
	struct heap_node nodes[NODES] = { 0 };
	struct random random = { 1 };
	for (int i = 0; i < NODES; i++)
		assert_true(heap_push(&heap, &nodes[i], random_below(&random, 100)));
	uint64_t last = 0;
	for (int i = 0; i < NODES; i++) {
		struct heap_node *node = heap_first(&heap);
		assert_true(node->key >= last);
		last = node->key;
		heap_remove(&heap, node);
		assert_false(heap_holds(node));
	}
	assert_null(heap_first(&heap));
	heap_fini(&heap);
}

/* The smallest key of the nodes that are in, the slow way. */
static uint64_t smallest(const struct heap_node *nodes)
{
	uint64_t key = UINT64_MAX;
	for (int i = 0; i < NODES; i++) {
		if (heap_holds(&nodes[i]) && nodes[i].key < key)
			key = nodes[i].key;
	}
	return key;
}

static void test_any_node_can_leave(void **state)
{
	(void)state;
	struct heap heap = { 0 };
	struct heap_node nodes[NODES] = { 0 };
	struct random random = { 2 };
	uint32_t count = 0;
	for (int step = 0; step < 20000; step++) {
		struct heap_node *node = &nodes[random_below(&random, NODES)];
		if (heap_holds(node)) {
			heap_remove(&heap, node);
			count--;
		} else {
			assert_true(heap_push(&heap, node, random_next(&random)));
			count++;
		}
		assert_int_equal(heap.count, count);
		if (count > 0)
			assert_true(heap_first(&heap)->key == smallest(nodes));
	}
	heap_fini(&heap);
}

static void test_a_node_that_is_not_in_is_left_alone(void **state)
{
	(void)state;
	struct heap heap = { 0 };
	struct heap_node inside = { 0 };
	struct heap_node outside = { 0 };
	assert_true(heap_push(&heap, &inside, 5));
	heap_remove(&heap, &outside);
	assert_int_equal(heap.count, 1);
	heap_remove(&heap, &inside);
	heap_remove(&heap, &inside);
	assert_int_equal(heap.count, 0);
	heap_fini(&heap);
}

static void test_reserved_pushes_need_no_memory(void **state)
{
	(void)state;
	struct heap heap = { 0 };
	struct heap_node nodes[NODES] = { 0 };
	assert_true(heap_reserve(&heap, NODES));
	struct heap_node **memory = heap.nodes;
	for (uint64_t i = 0; i < NODES; i++)
		assert_true(heap_push(&heap, &nodes[i], NODES - i));
	assert_ptr_equal(heap.nodes, memory);
	assert_int_equal(heap_first(&heap)->key, 1);
	heap_fini(&heap);
}

static void test_more_than_can_be_counted_is_refused(void **state)
{
	(void)state;
	struct heap heap = { 0 };
	assert_false(heap_reserve(&heap, UINT32_MAX));
	struct heap_node node = { 0 };
	assert_true(heap_push(&heap, &node, 1));
	heap_fini(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_come_out_in_order),
		cmocka_unit_test(test_any_node_can_leave),
		cmocka_unit_test(test_a_node_that_is_not_in_is_left_alone),
		cmocka_unit_test(test_reserved_pushes_need_no_memory),
		cmocka_unit_test(test_more_than_can_be_counted_is_refused),
	};
	return cmocka_run_group_tests_name("base/heap", tests, NULL, NULL);
}
