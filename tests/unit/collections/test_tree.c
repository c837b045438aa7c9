/* Ordered trees: against a sorted array, with whole stretches that leave. */
#include "base/list.h"
#include "collections/tree.h"
#include "support/random.h"
#include "support/test.h"

#include <stdlib.h>

enum { MOST = 300 };

struct number {
	struct tree_node node;
	uint32_t value;
	bool in_tree;
};

static struct number numbers[MOST];

static bool is_less(const struct tree_node *node, const void *context)
{
	return container_of(node, const struct number, node)->value < *(const uint32_t *)context;
}

/* Nodes are in order, know their parents, sizes and their tree. */
static uint32_t check(const struct tree *tree, const struct tree_node *node, uint32_t *last)
{
	if (node == NULL)
		return 0;
	uint32_t size = 1;
	assert_true(node->left == NULL || node->left->parent == node);
	assert_true(node->right == NULL || node->right->parent == node);
	size += check(tree, node->left, last);
	uint32_t value = container_of(node, const struct number, node)->value;
	assert_true(value >= *last);
	*last = value;
	size += check(tree, node->right, last);
	assert_int_equal(node->size, size);
	assert_ptr_equal(tree_of(node), tree);
	return size;
}

static uint32_t check_tree(const struct tree *tree)
{
	uint32_t last = 0;
	assert_true(tree->root == NULL || tree->root->parent == NULL);
	assert_int_equal(check(tree, tree->root, &last), tree_size(tree));
	return tree_size(tree);
}

static void what_is_in_it_is_in_order(void **state)
{
	struct tree tree = { 0 };
	struct random random = { 3 };
	uint32_t count = 0;
	(void)state;
	for (int step = 0; step < 5000; step++) {
		struct number *number = &numbers[random_below(&random, MOST)];
		if (number->in_tree) {
			tree_remove(&number->node);
			count--;
		} else {
			number->value = random_below(&random, 50);
			number->node.weight = (uint32_t)random_next(&random);
			tree_insert(&tree, &number->node, is_less, &number->value);
			count++;
		}
		number->in_tree = !number->in_tree;
		if (step % 50 == 0)
			assert_int_equal(check_tree(&tree), count);
	}
	assert_int_equal(check_tree(&tree), count);
}

static void fill(struct tree *tree, struct random *random)
{
	for (uint32_t i = 0; i < MOST; i++) {
		numbers[i].value = i;
		numbers[i].node.weight = (uint32_t)random_next(random);
		tree_insert(tree, &numbers[i].node, is_less, &i);
	}
}

static void a_stretch_leaves_and_comes_back(void **state)
{
	struct tree tree = { 0 }, stretch = { 0 }, rest = { 0 };
	struct random random = { 5 };
	const uint32_t from = 100, to = 250;
	(void)state;
	fill(&tree, &random);
	tree_split(&tree, &stretch, is_less, &from);
	tree_split(&stretch, &rest, is_less, &to);
	assert_int_equal(check_tree(&tree), 100);
	assert_int_equal(check_tree(&stretch), 150);
	assert_int_equal(check_tree(&rest), 50);
	assert_ptr_equal(tree_first(&stretch), &numbers[100].node);
	tree_remove(&numbers[100].node);
	assert_ptr_equal(tree_first(&stretch), &numbers[101].node);
	assert_ptr_equal(tree_of(&numbers[180].node), &stretch);
	tree_join(&tree, &rest);
	assert_int_equal(tree_size(&rest), 0);
	assert_int_equal(check_tree(&tree), 150);
	assert_ptr_equal(tree_of(&numbers[250].node), &tree);
}

static void the_first_behind_a_place_is_found(void **state)
{
	struct tree tree = { 0 };
	struct random random = { 7 };
	uint32_t place = 0;
	(void)state;
	assert_null(tree_find(&tree, is_less, &place));
	assert_null(tree_first(&tree));
	fill(&tree, &random);
	for (place = 0; place < MOST; place += 7)
		assert_ptr_equal(tree_find(&tree, is_less, &place), &numbers[place].node);
	place = MOST;
	assert_null(tree_find(&tree, is_less, &place));
}

/* Of equals the one that came first stands first. */
static void equals_keep_their_order(void **state)
{
	struct tree tree = { 0 };
	struct random random = { 9 };
	const uint32_t behind_equals = 8;
	(void)state;
	for (uint32_t i = 0; i < 10; i++) {
		numbers[i].value = 7;
		numbers[i].node.weight = (uint32_t)random_next(&random);
		tree_insert(&tree, &numbers[i].node, is_less, &behind_equals);
	}
	for (uint32_t i = 0; i < 10; i++) {
		assert_ptr_equal(tree_first(&tree), &numbers[i].node);
		tree_remove(&numbers[i].node);
	}
	assert_int_equal(tree_size(&tree), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_it_is_in_order),
		cmocka_unit_test(a_stretch_leaves_and_comes_back),
		cmocka_unit_test(the_first_behind_a_place_is_found),
		cmocka_unit_test(equals_keep_their_order),
	};
	return cmocka_run_group_tests_name("base/tree", tests, NULL, NULL);
}
