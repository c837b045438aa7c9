#ifndef COLLECTIONS_TREE_H
#define COLLECTIONS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An ordered tree whose nodes live inside the elements: a treap. Any node leaves in
 * O(log n), and so does any stretch of neighbours, as a tree of its own.
 */
struct tree;

struct tree_node {
	struct tree_node *parent, *left, *right;
	struct tree *tree; /* of the root only */
	uint32_t size;     /* of what hangs here, with itself */
	uint32_t weight;   /* by chance, which nobody outside may guess */
};

struct tree {
	struct tree_node *root;
};

/* Where a node stands, asked of one after the other: true for those in front of some
 * place in the order, false for those behind it. */
typedef bool tree_test(const struct tree_node *node, const void *context);

static inline uint32_t tree_size(const struct tree *tree)
{
	return tree->root != NULL ? tree->root->size : 0;
}

/* Put it where `in_front` says, which is true for nodes that stay in front of it. */
void tree_insert(struct tree *tree, struct tree_node *node, tree_test *in_front,
		 const void *context);

/* Take it out of the tree that it is in. */
void tree_remove(struct tree_node *node);

/* The tree that it is in. */
struct tree *tree_of(const struct tree_node *node);

/* The first node that is not in front; NULL: all are. */
struct tree_node *tree_find(const struct tree *tree, tree_test *in_front, const void *context);

/* The first of all, or NULL. */
struct tree_node *tree_first(const struct tree *tree);

/* Move those that are not in front to `rest`, which is empty. */
void tree_split(struct tree *tree, struct tree *rest, tree_test *in_front, const void *context);

/* Move those of `rest` behind all. */
void tree_join(struct tree *tree, struct tree *rest);

#endif
