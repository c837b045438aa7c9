#include "engine/cell_watch.h"

#include "base/mutant.h"
#include "engine/waiter.h"

#include <string.h>

static struct watch *watch_at(struct tree_node *node)
{
	return node != NULL ? container_of(node, struct watch, node) : NULL;
}

static bool holds(const struct cell *cell, uint8_t comparison, const uint8_t *left,
		  const uint8_t *right)
{
	return element_holds(cell->options.type, cell->options.width,
			     (enum element_comparison)comparison, left, right);
}

static const uint8_t *element_at(const struct cell *cell, uint32_t element)
{
	return cell->bytes + (size_t)element * cell->options.width;
}

/* A number that is none has no place in the order, and nothing but NOT_EQUAL ever holds. */
static bool is_never(const struct watch *watch)
{
	return watch->operation < ELEMENT_COMPARISONS &&
	       holds(watch->cell, ELEMENT_NOT_EQUAL, watch->operand, watch->operand);
}

static struct tree *tree_for(const struct watch *watch)
{
	struct tree *trees = watch->cell->watches;
	if (watch->operation == CELL_CHANGED)
		return &trees[WATCHES_CHANGED];
	return &trees[is_never(watch) ? WATCHES_NEVER : watch->operation];
}

/* ---- the order: by element, then by operand, then by arrival --------------- */

struct place {
	uint32_t first;
	const uint8_t *operand; /* NULL: before all of this element */
	bool behind_equals;
};

static bool is_in_front(const struct tree_node *node, const void *context)
{
	const struct place *place = context;
	const struct watch *watch = container_of(node, const struct watch, node);
	if (watch->first != place->first)
		return watch->first < place->first;
	if (place->operand == NULL)
		return false;
	if (place->behind_equals)
		return !holds(watch->cell, ELEMENT_GREATER, watch->operand, place->operand);
	return holds(watch->cell, ELEMENT_LESS, watch->operand, place->operand);
}

void watch_enter(struct watch *watch)
{
	const struct place place = { watch->first, watch->operand, true };
	struct cell *cell = watch->cell;
	cell->waiter_count++;
	watch->node.weight = (uint32_t)engine_random(cell->engine);
	/* Where the operand does not count it is the same for all. */
	tree_insert(tree_for(watch), &watch->node, is_in_front, &place);
}

void watch_leave(struct watch *watch)
{
	watch->cell->waiter_count--;
	tree_remove(&watch->node);
}

/* ---- being served -------------------------------------------------------- */

bool watch_is_over(const struct watch *watch)
{
	if (watch->operation == CELL_CHANGED)
		return watch->cell->version != watch->version;
	return holds(watch->cell, watch->operation, element_at(watch->cell, watch->first),
		     watch->operand);
}

void watch_note(struct watch *watch)
{
	const struct cell *cell = watch->cell;
	watch->version = cell->version;
	watch->left = cell->waiter_count - 1;
	if (watch->operation != CELL_CHANGED)
		memcpy(watch->operand, element_at(cell, watch->first), cell->options.width);
}

/* The first that waits for something of the element, or of those behind it. */
static struct watch *first_at(const struct tree *tree, uint32_t element)
{
	const struct place place = { .first = element };
	return watch_at(tree_find(tree, is_in_front, &place));
}

/* The first whose operand is greater than the element's value, or as great. */
static struct watch *first_from(const struct tree *tree, const struct cell *cell, uint32_t element,
				bool greater)
{
	const struct place place = { element, element_at(cell, element), greater };
	return watch_at(tree_find(tree, is_in_front, &place));
}

/* The first for which the comparison with the element holds now, if any does. */
static struct watch *first_over(const struct cell *cell, uint8_t comparison, uint32_t element)
{
	const struct tree *tree = &cell->watches[comparison];
	struct watch *watch;
	if (comparison == ELEMENT_LESS)
		watch = first_from(tree, cell, element, true);
	else if (comparison == ELEMENT_LESS_EQUAL || comparison == ELEMENT_EQUAL)
		watch = first_from(tree, cell, element, MUTANT(as_great_unserved));
	else
		/* The others begin with the least; all that wait for a difference wait for
		 * one from the same value. */
		watch = first_at(tree, element);
	return watch != NULL && watch->first == element && watch_is_over(watch) ? watch : NULL;
}

static void serve_element(struct cell *cell, uint8_t comparison, uint32_t element)
{
	struct watch *watch;
	while ((watch = first_over(cell, comparison, element)) != NULL)
		waiter_finish(watch->waiter, RELEVO_OK);
}

/* Of the elements only those are looked at for which somebody waits. */
static void serve_elements(struct cell *cell, uint8_t comparison, uint32_t first, uint32_t count)
{
	const struct watch *watch;
	uint32_t end = first + count;
	while (first < end && (watch = first_at(&cell->watches[comparison], first)) != NULL) {
		uint32_t element = watch->first;
		if (element >= end)
			return;
		serve_element(cell, comparison, element);
		first = element + 1;
	}
}

void watches_serve(struct cell *cell, uint32_t first, uint32_t count)
{
	for (uint8_t comparison = 0; comparison < ELEMENT_COMPARISONS; comparison++)
		serve_elements(cell, comparison, first, count);
}

static void finish_all(struct tree *tree, int status)
{
	struct watch *watch;
	while ((watch = watch_at(tree_first(tree))) != NULL)
		waiter_finish(watch->waiter, status);
}

void watches_serve_changed(struct cell *cell)
{
	finish_all(&cell->watches[WATCHES_CHANGED], RELEVO_OK);
}

void watches_dismiss(struct cell *cell)
{
	for (int i = 0; i < WATCHES_TREES; i++)
		finish_all(&cell->watches[i], RELEVO_GONE);
}
