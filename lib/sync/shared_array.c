/* Shared memory as an array: every index is checked against the size that the
 * broker told, never against anything in the memory. */
#include "base/thread_error.h"
#include "sync/shared.h"

#include <string.h>

size_t relevo_shared_count(const relevo_shared *shared, size_t width)
{
	if (!given(shared))
		return 0;
	return width > 0 ? relevo_shared_size(shared) / width : 0;
}

static char *address_of(const struct relevo_shared *shared, size_t width, size_t index)
{
	return (char *)memory_data(&shared->memory) + width * index;
}

void *relevo_shared_element(const relevo_shared *shared, size_t width, size_t index)
{
	if (!given(shared))
		return NULL;
	return index < relevo_shared_count(shared, width) ? address_of(shared, width, index) : NULL;
}

static int shared_array_check(const struct relevo_shared *shared, size_t width, size_t first,
			      size_t count, struct error *error)
{
	size_t there = relevo_shared_count(shared, width);
	if (first <= there && count <= there - first)
		return RELEVO_OK;
	return error_set(error, RELEVO_BAD_ARGUMENT,
			 "\"%s\" has %zu elements of %zu bytes: there are no %zu from %zu on",
			 shared->name, there, width, count, first);
}

int relevo_shared_get(const relevo_shared *shared, size_t width, size_t first, size_t count,
		      void *values)
{
	if (!given(shared) || (count > 0 && !given(values)))
		return RELEVO_BAD_ARGUMENT;
	int status = shared_array_check(shared, width, first, count, thread_error());
	if (status == RELEVO_OK && count > 0)
		memcpy(values, address_of(shared, width, first), count * width);
	return status;
}

int relevo_shared_set(relevo_shared *shared, size_t width, size_t first, size_t count,
		      const void *values)
{
	if (!given(shared) || (count > 0 && !given(values)))
		return RELEVO_BAD_ARGUMENT;
	int status = shared_array_check(shared, width, first, count, thread_error());
	if (status == RELEVO_OK && count > 0)
		memcpy(address_of(shared, width, first), values, count * width);
	return status;
}
