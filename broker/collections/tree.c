/* A treap, made of two steps: splitting a tree at a place and joining two. */
#include "collections/tree.h"

static uint32_t tree_size_of(const struct tree_node *node)
{
	return node != NULL ? node->size : 0;
}

static void set_left(struct tree_node *node, struct tree_node *left)
{
	node->left = left;
	if (left != NULL)
		left->parent = node;
}

static void set_right(struct tree_node *node, struct tree_node *right)
{
	node->right = right;
	if (right != NULL)
		right->parent = node;
}

static void count(struct tree_node *node)
{
	node->size = 1 + tree_size_of(node->left) + tree_size_of(node->right);
}

static void set_root(struct tree *tree, struct tree_node *root)
{
	tree->root = root;
	if (root == NULL)
		return;
	root->parent = NULL;
	root->tree = tree;
}

/* Both halves of what hangs at the node. It is as deep as the tree, some dozens. */
static void tree_split_here(struct tree_node *node, tree_test *in_front, const void *context,
			    struct tree_node *halves[2])
{
	struct tree_node *inner[2];
	if (node == NULL) {
		halves[0] = halves[1] = NULL;
		return;
	}
	if (in_front(node, context)) {
		tree_split_here(node->right, in_front, context, inner);
		set_right(node, inner[0]);
		halves[0] = node;
		halves[1] = inner[1];
	} else {
		tree_split_here(node->left, in_front, context, inner);
		set_left(node, inner[1]);
		halves[0] = inner[0];
		halves[1] = node;
	}
	count(node);
}

static struct tree_node *tree_join_here(struct tree_node *one, struct tree_node *other)
{
	if (one == NULL || other == NULL)
		return one != NULL ? one : other;
	if (one->weight > other->weight) {
		set_right(one, tree_join_here(one->right, other));
		count(one);
		return one;
	}
	set_left(other, tree_join_here(one, other->left));
	count(other);
	return other;
}

void tree_split(struct tree *tree, struct tree *rest, tree_test *in_front, const void *context)
{
	struct tree_node *halves[2];
	tree_split_here(tree->root, in_front, context, halves);
	set_root(tree, halves[0]);
	set_root(rest, halves[1]);
}

void tree_join(struct tree *tree, struct tree *rest)
{
	set_root(tree, tree_join_here(tree->root, rest->root));
	rest->root = NULL;
}

void tree_insert(struct tree *tree, struct tree_node *node, tree_test *in_front,
		 const void *context)
{
	struct tree single = { .root = node }, rest;
	node->left = node->right = NULL;
	node->size = 1;
	tree_split(tree, &rest, in_front, context);
	tree_join(tree, &single);
	tree_join(tree, &rest);
}

struct tree *tree_of(const struct tree_node *node)
{
	while (node->parent != NULL)
		node = node->parent;
	return node->tree;
}

void tree_remove(struct tree_node *node)
{
	struct tree_node *parent = node->parent;
	struct tree_node *left = tree_join_here(node->left, node->right);
	if (parent == NULL) {
		set_root(node->tree, left);
		return;
	}
	if (parent->left == node)
		set_left(parent, left);
	else
		set_right(parent, left);
	for (; parent != NULL; parent = parent->parent)
		parent->size--;
}

struct tree_node *tree_find(const struct tree *tree, tree_test *in_front, const void *context)
{
	struct tree_node *found = NULL, *node = tree->root;
	while (node != NULL) {
		if (in_front(node, context)) {
			node = node->right;
		} else {
			found = node;
			node = node->left;
		}
	}
	return found;
}

struct tree_node *tree_first(const struct tree *tree)
{
	struct tree_node *node = tree->root;
	while (node != NULL && node->left != NULL)
		node = node->left;
	return node;
}
