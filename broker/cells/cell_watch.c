/* The order of those that wait for elements of a cell, and serving them after a change. */
#include "cells/cell_watch.h"

#include "base/mutant.h"
#include "core/charge.h"
#include "core/waiter.h"
#include "core/work.h"

#include <stdlib.h>
#include <string.h>

/*
 * What has been decided on at one moment for a stretch of those who wait: they are told
 * piece by piece. What they have found is noted here, since the cell may change meanwhile.
 */
struct decision {
	struct work work;
	struct cell *cell;
	struct watches watches;
	int status;
	uint64_t version;
	uint32_t left; /* who still waited then */
	uint8_t found[ELEMENT_MAX_NUMBER];
};

#define DECISION_COST (sizeof(struct decision) + CHARGE_OVERHEAD)

static struct watch *watch_at(struct tree_node *node)
{
	return node != NULL ? container_of(node, struct watch, node) : NULL;
}

static bool cell_watch_holds(const struct cell *cell, uint8_t comparison, const uint8_t *left,
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
	       cell_watch_holds(watch->cell, ELEMENT_NOT_EQUAL, watch->operand, watch->operand);
}

static struct tree *tree_for(const struct watch *watch)
{
	struct watches *watches = watch->cell->watches;
	if (watch->operation == CELL_CHANGED)
		return &watches[WATCHES_CHANGED].tree;
	return &watches[is_never(watch) ? WATCHES_NEVER : watch->operation].tree;
}

/* NULL: it still waits. */
static struct decision *decision_of(const struct watch *watch)
{
	return container_of(tree_of(&watch->node), struct watches, tree)->decision;
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
	/* These have no operand: their elements may be of any width. */
	if (watch->operation == CELL_CHANGED)
		return true;
	if (watch->first != place->first)
		return watch->first < place->first;
	if (place->operand == NULL)
		return false;
	if (place->behind_equals)
		return !cell_watch_holds(watch->cell, ELEMENT_GREATER, watch->operand,
					 place->operand);
	return cell_watch_holds(watch->cell, ELEMENT_LESS, watch->operand, place->operand);
}

void watch_enter(struct watch *watch)
{
	const struct place place = { watch->first, watch->operand, true };
	struct cell *cell = watch->cell;
	cell->waiter_count++;
	watch->node.weight = (uint32_t)engine_random(cell->engine);
	tree_insert(tree_for(watch), &watch->node, is_in_front, &place);
}

static void decision_free(struct decision *decision)
{
	struct cell *cell = decision->cell;
	work_forget(&decision->work);
	account_release(cell->account, DECISION_COST);
	free(decision);
	cell_drop(cell);
}

void watch_leave(struct watch *watch)
{
	struct decision *decision = decision_of(watch);
	tree_remove(&watch->node);
	if (decision == NULL)
		watch->cell->waiter_count--;
	else if (tree_size(&decision->watches.tree) == 0)
		decision_free(decision);
}

/* ---- being served -------------------------------------------------------- */

bool watch_is_over(const struct watch *watch)
{
	if (watch->operation == CELL_CHANGED)
		return watch->cell->version != watch->version;
	return cell_watch_holds(watch->cell, watch->operation,
				element_at(watch->cell, watch->first), watch->operand);
}

static void note(struct watch *watch, uint64_t version, const uint8_t *found)
{
	watch->version = version;
	if (watch->operation != CELL_CHANGED)
		memcpy(watch->operand, found, watch->cell->options.width);
}

int watch_decide(struct watch *watch, int status)
{
	const struct cell *cell = watch->cell;
	const struct decision *decision = decision_of(watch);
	if (decision != NULL) {
		note(watch, decision->version,
		     MUTANT(found_when_told) ? element_at(cell, watch->first) : decision->found);
		watch->left = decision->left + tree_size(&decision->watches.tree) - 1;
		return decision->status;
	}
	if (status == RELEVO_OK) {
		note(watch, cell->version, element_at(cell, watch->first));
		watch->left = cell->waiter_count - 1;
	}
	return status;
}

bool watch_is_served(const struct watch *watch)
{
	const struct decision *decision = decision_of(watch);
	return decision != NULL && decision->status == RELEVO_OK;
}

/* ---- many at once, piece by piece ---------------------------------------- */

static void cell_watch_finish(struct watch *watch, int status)
{
	work_spend(watch->cell->engine, 1);
	waiter_finish(watch->waiter, status);
}

static void decision_go_on(struct work *work)
{
	struct decision *decision = container_of(work, struct decision, work);
	struct tree *tree = &decision->watches.tree;
	struct engine *engine = decision->cell->engine;
	/* It is gone with the last. */
	uint32_t count = tree_size(tree);
	for (; count > 0 && !work_over(engine); count--)
		cell_watch_finish(watch_at(tree_first(tree)), decision->status);
	if (count > 0)
		work_later(engine, work);
}

/* NULL: no memory, or no share of it left. They have to be told at once, then. */
static struct decision *decision_new(struct cell *cell, int status)
{
	if (!account_charge(cell->account, DECISION_COST))
		return NULL;
	struct decision *decision = malloc(sizeof *decision);
	if (decision == NULL) {
		account_release(cell->account, DECISION_COST);
		return NULL;
	}
	*decision = (struct decision){
		.work.go_on = decision_go_on,
		.cell = cell,
		.watches.decision = decision,
		.status = status,
		.version = cell->version,
	};
	cell_hold(cell);
	return decision;
}

/* They wait no more, as anybody can see but they themselves. */
static void cell_watch_decide(struct decision *decision, struct tree *stretch)
{
	struct cell *cell = decision->cell;
	tree_join(&decision->watches.tree, stretch);
	cell->waiter_count -= tree_size(&decision->watches.tree);
	decision->left = cell->waiter_count;
	work_later(cell->engine, &decision->work);
}

static void finish_all(struct cell *cell, struct tree *tree, int status)
{
	struct watch *watch;
	while ((watch = watch_at(tree_first(tree))) != NULL) {
		struct decision *decision =
			work_over(cell->engine) ? decision_new(cell, status) : NULL;
		if (decision != NULL)
			cell_watch_decide(decision, tree);
		else
			cell_watch_finish(watch, status);
	}
}

/* ---- by what they wait for ----------------------------------------------- */

/* The first that waits for something of the element, or of those behind it. */
static struct watch *first_at(const struct tree *tree, uint32_t element)
{
	const struct place place = { .first = element };
	return watch_at(tree_find(tree, is_in_front, &place));
}

/* The first whose operand is greater than the element's value, or as great. */
static struct watch *cell_watch_first_from(const struct tree *tree, const struct cell *cell,
					   uint32_t element, bool greater)
{
	const struct place place = { element, element_at(cell, element), greater };
	return watch_at(tree_find(tree, is_in_front, &place));
}

/* The first for which the comparison with the element holds now, if any does. */
static struct watch *first_over(const struct cell *cell, uint8_t comparison, uint32_t element)
{
	const struct tree *tree = &cell->watches[comparison].tree;
	struct watch *watch;
	if (comparison == ELEMENT_LESS)
		watch = cell_watch_first_from(tree, cell, element, true);
	else if (comparison == ELEMENT_LESS_EQUAL || comparison == ELEMENT_EQUAL)
		watch = cell_watch_first_from(tree, cell, element, MUTANT(as_great_unserved));
	else
		/* The others begin with the least; all that wait for a difference wait for
		 * one from the same value. */
		watch = first_at(tree, element);
	return watch != NULL && watch->first == element && watch_is_over(watch) ? watch : NULL;
}

/* Of those from one on whose condition holds. */
static bool is_over_too(const struct tree_node *node, const void *context)
{
	const struct watch *watch = container_of(node, const struct watch, node);
	const uint32_t *element = context;
	return watch->first == *element && watch_is_over(watch);
}

/* That one and those behind it whose condition holds are served, and told later. False:
 * there is no memory for that. */
static bool serve_later(struct cell *cell, struct tree *tree, const struct watch *from)
{
	const struct place place = { from->first, from->operand, false };
	const uint32_t element = from->first;
	struct tree stretch = { 0 }, rest = { 0 };
	struct decision *decision = decision_new(cell, RELEVO_OK);
	if (decision == NULL)
		return false;
	memcpy(decision->found, element_at(cell, element), cell->options.width);
	tree_split(tree, &stretch, is_in_front, &place);
	tree_split(&stretch, &rest, is_over_too, &element);
	tree_join(tree, &rest);
	cell_watch_decide(decision, &stretch);
	return true;
}

static void serve_element(struct cell *cell, uint8_t comparison, uint32_t element)
{
	struct tree *tree = &cell->watches[comparison].tree;
	struct watch *watch;
	while ((watch = first_over(cell, comparison, element)) != NULL) {
		if (!work_over(cell->engine) || !serve_later(cell, tree, watch))
			cell_watch_finish(watch, RELEVO_OK);
	}
}

/* Of the elements only those are looked at for which somebody waits. */
static void serve_elements(struct cell *cell, uint8_t comparison, uint32_t first, uint32_t count)
{
	const struct tree *tree = &cell->watches[comparison].tree;
	const struct watch *watch;
	uint32_t end = first + count;
	while (first < end && (watch = first_at(tree, first)) != NULL) {
		uint32_t element = watch->first;
		if (element >= end)
			return;
		work_spend(cell->engine, 1);
		serve_element(cell, comparison, element);
		first = element + 1;
	}
}

void watches_serve(struct cell *cell, uint32_t first, uint32_t count)
{
	for (uint8_t comparison = 0; comparison < ELEMENT_COMPARISONS; comparison++)
		serve_elements(cell, comparison, first, count);
}

void watches_serve_changed(struct cell *cell)
{
	finish_all(cell, &cell->watches[WATCHES_CHANGED].tree, RELEVO_OK);
}

void watches_dismiss(struct cell *cell)
{
	for (int i = 0; i < WATCHES_TREES; i++)
		finish_all(cell, &cell->watches[i].tree, RELEVO_GONE);
}
