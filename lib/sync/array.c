/* Arrays: the public calls, on a cell of many elements and its lock. */
#include "base/thread_error.h"
#include "sync/elements.h"
#include "sync/sync_handle.h"
#include "sync/value_lock.h"

#include <relevo/array.h>
#include <stdlib.h>

struct relevo_array {
	struct cell cell;
	struct value_lock guard;
};

#define PURPOSE "array"

int relevo_array_open(relevo_session *session, const char *name,
		      const struct relevo_array_options *options, relevo_array **out)
{
	if (!given(session, out) || !known(relevo_array_options, options))
		return RELEVO_BAD_ARGUMENT;
	static const struct relevo_array_options defaults;
	if (options == NULL)
		options = &defaults;
	struct cell_spec spec = {
		.mode = options->mode,
		.lifetime = options->lifetime,
		.type = (enum element_type)options->type,
		.size = options->size,
		.count = options->count,
		.purpose = PURPOSE,
		.initial = options->initial,
		.durable = options->durable,
	};
	struct relevo_array *array = malloc(sizeof *array);
	if (array == NULL)
		return error_set(thread_error(), RELEVO_NO_MEMORY,
				 "no memory for an array's handle");
	int status = value_lock_init(&array->guard, session, options->lock, options->unlocked);
	if (status == RELEVO_OK)
		status = elements_attach(&array->cell, session, name, &spec);
	if (status != RELEVO_OK) {
		free(array);
		return status;
	}
	*out = array;
	return RELEVO_OK;
}

void relevo_array_close(relevo_array *array)
{
	if (array == NULL)
		return;
	value_lock_fini(&array->guard);
	cell_detach(&array->cell);
	free(array);
}

int relevo_array_delete(relevo_session *session, const char *name)
{
	if (!given(session, name))
		return RELEVO_BAD_ARGUMENT;
	return cell_remove(session, name, PURPOSE);
}

int relevo_array_lock(relevo_array *array, relevo_rlock **lock)
{
	if (!given(array, lock))
		return RELEVO_BAD_ARGUMENT;
	return value_lock_get(&array->guard, &array->cell.handle, lock);
}

const struct handle *array_handle(const relevo_array *array)
{
	return &array->cell.handle;
}

const char *relevo_array_name(const relevo_array *array)
{
	if (!given(array))
		return "";
	return array->cell.handle.name;
}

enum relevo_type relevo_array_type(const relevo_array *array)
{
	if (!given(array))
		return (enum relevo_type)0;
	return (enum relevo_type)array->cell.type;
}

size_t relevo_array_size(const relevo_array *array)
{
	if (!given(array))
		return 0;
	return array->cell.width;
}

uint32_t relevo_array_count(const relevo_array *array)
{
	if (!given(array))
		return 0;
	return array->cell.count;
}

int relevo_array_read(relevo_array *array, size_t first, size_t count, void *result, size_t size)
{
	if (!given(array) || (size > 0 && !given(result)))
		return RELEVO_BAD_ARGUMENT;
	return elements_read(&array->cell, first, count, result, size);
}

int relevo_array_write(relevo_array *array, size_t first, size_t count, const void *operand,
		       size_t size)
{
	if (!given(array) || (size > 0 && !given(operand)))
		return RELEVO_BAD_ARGUMENT;
	return elements_write(&array->cell, first, count, operand, size);
}

int relevo_array_get(relevo_array *array, size_t index, void *result, size_t size)
{
	if (!given(array) || (size > 0 && !given(result)))
		return RELEVO_BAD_ARGUMENT;
	return elements_read(&array->cell, index, 1, result, size);
}

int relevo_array_set(relevo_array *array, size_t index, const void *operand, size_t size)
{
	if (!given(array) || (size > 0 && !given(operand)))
		return RELEVO_BAD_ARGUMENT;
	return elements_write(&array->cell, index, 1, operand, size);
}

int relevo_array_add(relevo_array *array, size_t index, const void *operand, void *result,
		     size_t size)
{
	if (!given(array, operand))
		return RELEVO_BAD_ARGUMENT;
	return elements_add(&array->cell, index, operand, result, size);
}

int relevo_array_compare_exchange(relevo_array *array, size_t index, void *expected,
				  const void *desired, size_t size)
{
	if (!given(array, expected) || (size > 0 && !given(desired)))
		return RELEVO_BAD_ARGUMENT;
	return elements_compare_exchange(&array->cell, index, expected, desired, size);
}

int relevo_array_wait_until(relevo_array *array, size_t index, enum relevo_comparison comparison,
			    const void *operand, size_t size, int64_t timeout)
{
	if (!given(array) || (size > 0 && !given(operand)))
		return RELEVO_BAD_ARGUMENT;
	const struct element_condition condition = { index, comparison, operand, size };
	return elements_wait_until(&array->cell, &condition, timeout);
}

int relevo_array_wait_change(relevo_array *array, int64_t timeout, uint64_t *version)
{
	if (!given(array, version))
		return RELEVO_BAD_ARGUMENT;
	return elements_wait_change(&array->cell, version, timeout);
}
