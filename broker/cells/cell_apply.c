/* Checking the terms of an update and applying them to a cell, all or none. */
#include "cells/cell_apply.h"

#include "base/mutant.h"
#include "cells/cell_record.h"
#include "cells/cell_watch.h"
#include "cells/element_many.h"
#include "collections/populate.h"
#include "core/work.h"

#include <inttypes.h>
#include <string.h>

static bool is_check(const struct cell_term *term)
{
	return term->operation < ELEMENT_COMPARISONS;
}

/* ---- checking --------------------------------------------------------- */

int cell_check_range(const struct cell *cell, uint32_t first, size_t count, struct error *error)
{
	if (first > cell->options.count || count > cell->options.count - first)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the %s \"%s\" has %" PRIu32
				 " elements, and no %zu from number %" PRIu32 " on",
				 cell_noun(cell), cell->name, cell->options.count, count, first);
	return RELEVO_OK;
}

static int check_operation(const struct cell *cell, const struct cell_term *term,
			   struct error *error)
{
	enum element_type type = cell->options.type;
	if (term->operation > CELL_ADD)
		return error_set(error, RELEVO_BAD_ARGUMENT, "operation %u on a cell is not known",
				 term->operation);
	if ((is_check(term) && !element_suits(type, (enum element_comparison)term->operation)) ||
	    (term->operation == CELL_ADD && type == ELEMENT_BYTES))
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the %s \"%s\" is made of bytes, not of numbers", cell_noun(cell),
				 cell->name);
	return RELEVO_OK;
}

static int check_term(const struct cell *cell, const struct cell_term *term, struct error *error)
{
	uint32_t width = cell->options.width;
	int status = check_operation(cell, term, error);
	if (status != RELEVO_OK)
		return status;
	if (term->size == 0 || term->size % width != 0)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "an operand of %zu bytes does not suit elements of %" PRIu32,
				 term->size, width);
	return cell_check_range(cell, term->first, term->size / width, error);
}

int cell_check_terms(const struct cell *cell, const struct cell_term *terms, size_t count,
		     struct error *error)
{
	if (count > CELL_MAX_TERMS)
		return error_set(error, RELEVO_LIMIT, "an update has %zu terms, more than %d",
				 count, CELL_MAX_TERMS);
	int status = RELEVO_OK;
	for (size_t i = 0; i < count && status == RELEVO_OK; i++)
		status = check_term(cell, &terms[i], error);
	return status;
}

/* ---- doing ------------------------------------------------------------ */

static bool cell_apply_holds(const struct cell *cell, const struct cell_term *term)
{
	uint32_t width = cell->options.width;
	const struct element_pairs pairs = {
		.left = cell->bytes + (size_t)term->first * width,
		.right = term->operand,
		.size = term->size,
	};
	return element_holds_for_all(cell->options.type, width,
				     (enum element_comparison)term->operation, &pairs);
}

static void cell_apply_change(struct cell *cell, const struct cell_term *term)
{
	uint8_t *elements = cell->bytes + (size_t)term->first * cell->options.width;
	populate(elements, term->size);
	if (term->operation == CELL_SET)
		memcpy(elements, term->operand, term->size);
	else
		element_add_all(cell->options.type, elements, term->operand, term->size);
}

/* Elements that have changed: from the first on, up to the end. */
struct span {
	uint32_t first, end;
};

/* Take one up among others that do not touch each other, and join it with those it touches.
 * How many there are then. */
static size_t span_add(struct span *spans, size_t count, struct span span)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (MUTANT(looked_at_twice) || spans[i].end < span.first ||
		    span.end < spans[i].first) {
			spans[kept++] = spans[i];
			continue;
		}
		span.first = spans[i].first < span.first ? spans[i].first : span.first;
		span.end = spans[i].end > span.end ? spans[i].end : span.end;
	}
	spans[kept++] = span;
	return kept;
}

/* All is done: whoever waited for what there is now. No element is looked at twice. */
static void cell_apply_serve(struct cell *cell, const struct cell_term *terms, size_t count)
{
	struct span spans[CELL_MAX_TERMS];
	size_t used = 0;
	cell->version++;
	watches_serve_changed(cell);
	for (size_t i = 0; i < count; i++) {
		const uint32_t end =
			terms[i].first + (uint32_t)(terms[i].size / cell->options.width);
		if (!is_check(&terms[i]))
			used = span_add(spans, used, (struct span){ terms[i].first, end });
	}
	for (size_t i = 0; i < used; i++)
		cell_record_changed(cell, spans[i].first, spans[i].end - spans[i].first);
	for (size_t i = 0; i < used; i++)
		watches_serve(cell, spans[i].first, spans[i].end - spans[i].first);
}

bool cell_apply(struct cell *cell, const struct cell_term *terms, size_t count)
{
	bool changed = false;
	for (size_t i = 0; i < count; i++)
		work_spend_on_bytes(cell->engine, terms[i].size);
	for (size_t i = 0; i < count; i++) {
		if (is_check(&terms[i]) && !cell_apply_holds(cell, &terms[i]))
			return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (is_check(&terms[i]))
			continue;
		cell_apply_change(cell, &terms[i]);
		changed = true;
	}
	if (changed)
		cell_apply_serve(cell, terms, count);
	return true;
}
