/* Elements of values and arrays: reading, changing, and waiting for them. */
#include "sync/elements.h"

#include "base/deadline.h"
#include "base/thread_error.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The numbers of the public enumerations are those of base. */
_Static_assert((int)RELEVO_TYPE_DOUBLE == ELEMENT_DOUBLE, "types differ");
_Static_assert((int)RELEVO_COMPARISON_GREATER_OR_EQUAL == ELEMENT_GREATER_EQUAL,
	       "comparisons differ");

int elements_attach(struct cell *cell, relevo_session *session, const char *name,
		    const struct cell_spec *spec)
{
	struct error *error = thread_error();
	if (spec->mode != RELEVO_OPEN_EXISTING && (unsigned)spec->type >= ELEMENT_TYPES)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no type of elements",
				 (int)spec->type);
	return cell_attach(cell, session, name, spec, error);
}

static int check_range(const struct cell *cell, size_t first, size_t count, size_t size)
{
	const struct handle *handle = &cell->handle;
	if (first > cell->count || count > cell->count - first)
		return error_set(thread_error(), RELEVO_BAD_ARGUMENT,
				 "the %s \"%s\" has %" PRIu32
				 " elements, and no %zu from number %zu on",
				 handle->what, handle->name, cell->count, count, first);
	if (size / cell->width != count || size % cell->width != 0)
		return error_set(
			thread_error(), RELEVO_BAD_ARGUMENT,
			"%zu bytes are not those of %zu elements of the %s \"%s\", %" PRIu32
			" each",
			size, count, handle->what, handle->name, cell->width);
	return RELEVO_OK;
}

int elements_read(struct cell *cell, size_t first, size_t count, void *result, size_t size)
{
	int status = check_range(cell, first, count, size);
	if (status != RELEVO_OK || count == 0)
		return status;
	struct cell_update change = {
		.read_first = (uint32_t)first,
		.read_count = (uint32_t)count,
		.read = result,
	};
	return cell_call_update(cell, &change, session_limit(cell->handle.session), thread_error());
}

int elements_write(struct cell *cell, size_t first, size_t count, const void *operand, size_t size)
{
	int status = check_range(cell, first, count, size);
	if (status != RELEVO_OK || count == 0)
		return status;
	const struct cell_term term = { (uint32_t)first, CELL_SET, operand, size };
	struct cell_update change = { .terms = &term, .count = 1 };
	return cell_call_update(cell, &change, session_limit(cell->handle.session), thread_error());
}

int elements_add(struct cell *cell, size_t index, const void *operand, void *result, size_t size)
{
	int status = check_range(cell, index, 1, size);
	if (status != RELEVO_OK)
		return status;
	const struct cell_term term = { (uint32_t)index, CELL_ADD, operand, size };
	struct cell_update change = {
		.terms = &term,
		.count = 1,
		.read_first = (uint32_t)index,
		.read_count = result != NULL,
		.read = result,
	};
	return cell_call_update(cell, &change, session_limit(cell->handle.session), thread_error());
}

static int elements_exchange(struct cell *cell, const struct cell_term *terms, void *found)
{
	struct error *error = thread_error();
	struct cell_update change = {
		.terms = terms,
		.count = 2,
		.read_first = terms->first,
		.read_count = 1,
		.read = found,
	};
	int status = cell_call_update(cell, &change, session_limit(cell->handle.session), error);
	if (status == RELEVO_OK && !change.applied)
		return error_set(error, RELEVO_NOT_EQUAL,
				 "element %" PRIu32 " of the %s \"%s\" is not what was expected",
				 terms->first, cell->handle.what, cell->handle.name);
	return status;
}

int elements_compare_exchange(struct cell *cell, size_t index, void *expected, const void *desired,
			      size_t size)
{
	int status = check_range(cell, index, 1, size);
	if (status != RELEVO_OK)
		return status;
	/* The answer must not write where the question still reads. */
	void *found = malloc(size);
	if (found == NULL)
		return error_set(thread_error(), RELEVO_NO_MEMORY, "no memory for %zu bytes", size);
	const struct cell_term terms[] = {
		{ (uint32_t)index, ELEMENT_EQUAL, expected, size },
		{ (uint32_t)index, CELL_SET, desired, size },
	};
	status = elements_exchange(cell, terms, found);
	if (status == RELEVO_NOT_EQUAL)
		memcpy(expected, found, size);
	free(found);
	return status;
}

/* ---- waiting ------------------------------------------------------------ */

static int check_comparison(const struct cell *cell, enum relevo_comparison comparison)
{
	if ((unsigned)comparison >= ELEMENT_COMPARISONS)
		return error_set(thread_error(), RELEVO_BAD_ARGUMENT, "%d is no comparison",
				 (int)comparison);
	if (cell->type == ELEMENT_BYTES)
		return error_set(thread_error(), RELEVO_BAD_ARGUMENT,
				 "the %s \"%s\" is made of bytes: only a change can be waited for",
				 cell->handle.what, cell->handle.name);
	return RELEVO_OK;
}

int elements_wait_until(struct cell *cell, const struct element_condition *condition,
			int64_t timeout)
{
	struct cell_wait watch = {
		.term = { (uint32_t)condition->index, (int)condition->comparison,
			  condition->operand, condition->size },
	};
	int status = check_range(cell, condition->index, 1, condition->size);
	if (status == RELEVO_OK)
		status = check_comparison(cell, condition->comparison);
	if (status == RELEVO_OK)
		status = deadline_after(timeout, &watch.deadline, thread_error());
	return status == RELEVO_OK ? cell_call_wait(cell, &watch, thread_error()) : status;
}

int elements_wait_change(struct cell *cell, uint64_t *version, int64_t timeout)
{
	struct cell_wait watch = { .term = { .operation = CELL_CHANGED }, .version = *version };
	int status = deadline_after(timeout, &watch.deadline, thread_error());
	if (status == RELEVO_OK)
		status = cell_call_wait(cell, &watch, thread_error());
	if (status == RELEVO_OK)
		*version = watch.version;
	return status;
}
