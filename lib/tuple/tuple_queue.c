/* Tuples as items of a queue, and packed into memory of the caller's. */
#include "base/thread_error.h"
#include "tuple/tuple.h"

#include <relevo/queue.h>
#include <stdlib.h>
#include <string.h>

int relevo_tuple_pack(const relevo_tuple *tuple, void **data, size_t *size)
{
	if (!given(tuple, data, size))
		return RELEVO_BAD_ARGUMENT;
	struct buffer bytes = { 0 };
	size_t descriptors;
	int status = tuple_encode(tuple, &bytes, NULL, 0, &descriptors, thread_error());
	/* An empty tuple has no bytes, and still something to free. */
	void *packed = status == RELEVO_OK ? malloc(buffer_size(&bytes) + 1) : NULL;
	if (packed != NULL) {
		if (buffer_size(&bytes) > 0)
			memcpy(packed, buffer_data(&bytes), buffer_size(&bytes));
		*data = packed;
		*size = buffer_size(&bytes);
	} else if (status == RELEVO_OK) {
		status = error_set(thread_error(), RELEVO_NO_MEMORY, "no memory for a tuple");
	}
	buffer_fini(&bytes);
	return status;
}

int relevo_tuple_unpack(const void *data, size_t size, relevo_tuple **tuple)
{
	if (!given(tuple) || (size > 0 && !given(data)))
		return RELEVO_BAD_ARGUMENT;
	return tuple_decode(data, size, NULL, 0, tuple, thread_error());
}

int relevo_queue_put_tuple(relevo_queue *queue, const relevo_tuple *tuple, int64_t timeout)
{
	if (!given(queue, tuple))
		return RELEVO_BAD_ARGUMENT;
	struct buffer bytes = { 0 };
	size_t descriptors;
	int status = tuple_encode(tuple, &bytes, NULL, 0, &descriptors, thread_error());
	if (status == RELEVO_OK)
		status = relevo_queue_put(queue, buffer_data(&bytes), buffer_size(&bytes), timeout);
	buffer_fini(&bytes);
	return status;
}

int relevo_queue_get_tuple(relevo_queue *queue, int64_t timeout, relevo_tuple **tuple)
{
	if (!given(queue, tuple))
		return RELEVO_BAD_ARGUMENT;
	relevo_item item;
	int status = relevo_queue_get(queue, timeout, &item);
	if (status != RELEVO_OK)
		return status;
	status = tuple_decode(item.data, item.size, NULL, 0, tuple, thread_error());
	relevo_item_free(&item);
	return status;
}
