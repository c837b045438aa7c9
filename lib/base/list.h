#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A circular doubly linked list, its links inside the elements. The head is a
 * node of its own. A node that is in no list is linked to itself or zero, and
 * removing it does nothing.
 */
struct list {
	struct list *next;
	struct list *previous;
};

#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

static inline void list_init(struct list *list)
{
	list->next = list->previous = list;
}

static inline bool list_empty(const struct list *list)
{
	return list->next == list;
}

/* Whether the node is in a list. */
static inline bool list_linked(const struct list *node)
{
	return node->next != NULL && node->next != node;
}

static inline void list_insert_before(struct list *place, struct list *node)
{
	node->next = place;
	node->previous = place->previous;
	place->previous->next = node;
	place->previous = node;
}

static inline void list_append(struct list *head, struct list *node)
{
	list_insert_before(head, node);
}

static inline void list_remove(struct list *node)
{
	if (node->next == NULL)
		return;
	node->next->previous = node->previous;
	node->previous->next = node->next;
	list_init(node);
}

/* All of them, behind those of the other. */
static inline void list_move_all(struct list *from, struct list *to)
{
	if (from->next == from)
		return;
	from->next->previous = to->previous;
	from->previous->next = to;
	to->previous->next = from->next;
	to->previous = from->previous;
	list_init(from);
}

/* The first node, or NULL. */
static inline struct list *list_first(const struct list *head)
{
	return list_empty(head) ? NULL : head->next;
}

/* Walks over all of them. */
static inline size_t list_count(const struct list *head)
{
	size_t count = 0;
	for (const struct list *node = head->next; node != head; node = node->next)
		count++;
	return count;
}

/* The element may be removed inside the loop; its neighbours may not. */
#define list_for_each(node, head)                                                                  \
	for (struct list *node = (head)->next, *node##_next = node->next; node != (head);          \
	     node = node##_next, node##_next = node->next)

#endif
