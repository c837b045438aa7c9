/* Values: the public calls, on a cell of one element and its lock. */
#include "base/thread_error.h"
#include "sync/elements.h"
#include "sync/sync_handle.h"
#include "sync/value_lock.h"

#include <stdlib.h>

struct relevo_value {
	struct cell cell;
	struct value_lock guard;
};

#define PURPOSE "value"

int relevo_value_open(relevo_session *session, const char *name,
		      const struct relevo_value_options *options, relevo_value **out)
{
	if (!given(session, out) || !known(relevo_value_options, options))
		return RELEVO_BAD_ARGUMENT;
	static const struct relevo_value_options defaults;
	if (options == NULL)
		options = &defaults;
	struct cell_spec spec = {
		.mode = options->mode,
		.lifetime = options->lifetime,
		.type = (enum element_type)options->type,
		.size = options->size,
		.count = 1,
		.purpose = PURPOSE,
		.initial = options->initial,
		.durable = options->durable,
	};
	struct relevo_value *value = malloc(sizeof *value);
	if (value == NULL)
		return error_set(thread_error(), RELEVO_NO_MEMORY,
				 "no memory for a value's handle");
	int status = value_lock_init(&value->guard, session, options->lock, options->unlocked);
	if (status == RELEVO_OK)
		status = elements_attach(&value->cell, session, name, &spec);
	if (status != RELEVO_OK) {
		free(value);
		return status;
	}
	*out = value;
	return RELEVO_OK;
}

void relevo_value_close(relevo_value *value)
{
	if (value == NULL)
		return;
	value_lock_fini(&value->guard);
	cell_detach(&value->cell);
	free(value);
}

int relevo_value_delete(relevo_session *session, const char *name)
{
	if (!given(session, name))
		return RELEVO_BAD_ARGUMENT;
	return cell_remove(session, name, PURPOSE);
}

int relevo_value_lock(relevo_value *value, relevo_rlock **lock)
{
	if (!given(value, lock))
		return RELEVO_BAD_ARGUMENT;
	return value_lock_get(&value->guard, &value->cell.handle, lock);
}

const struct handle *value_handle(const relevo_value *value)
{
	return &value->cell.handle;
}

const char *relevo_value_name(const relevo_value *value)
{
	if (!given(value))
		return "";
	return value->cell.handle.name;
}

enum relevo_type relevo_value_type(const relevo_value *value)
{
	if (!given(value))
		return (enum relevo_type)0;
	return (enum relevo_type)value->cell.type;
}

size_t relevo_value_size(const relevo_value *value)
{
	if (!given(value))
		return 0;
	return value->cell.width;
}

int relevo_value_get(relevo_value *value, void *result, size_t size)
{
	if (!given(value) || (size > 0 && !given(result)))
		return RELEVO_BAD_ARGUMENT;
	return elements_read(&value->cell, 0, 1, result, size);
}

int relevo_value_set(relevo_value *value, const void *operand, size_t size)
{
	if (!given(value) || (size > 0 && !given(operand)))
		return RELEVO_BAD_ARGUMENT;
	return elements_write(&value->cell, 0, 1, operand, size);
}

int relevo_value_add(relevo_value *value, const void *operand, void *result, size_t size)
{
	if (!given(value, operand))
		return RELEVO_BAD_ARGUMENT;
	return elements_add(&value->cell, 0, operand, result, size);
}

int relevo_value_compare_exchange(relevo_value *value, void *expected, const void *desired,
				  size_t size)
{
	if (!given(value, expected) || (size > 0 && !given(desired)))
		return RELEVO_BAD_ARGUMENT;
	return elements_compare_exchange(&value->cell, 0, expected, desired, size);
}

int relevo_value_wait_until(relevo_value *value, enum relevo_comparison comparison,
			    const void *operand, size_t size, int64_t timeout)
{
	if (!given(value) || (size > 0 && !given(operand)))
		return RELEVO_BAD_ARGUMENT;
	const struct element_condition condition = { 0, comparison, operand, size };
	return elements_wait_until(&value->cell, &condition, timeout);
}

int relevo_value_wait_change(relevo_value *value, int64_t timeout, uint64_t *version)
{
	if (!given(value, version))
		return RELEVO_BAD_ARGUMENT;
	return elements_wait_change(&value->cell, version, timeout);
}
