/* Tuples as arguments and results of tasks. */
#include "base/thread_error.h"
#include "pool/pool_map.h"

#include <relevo/pool_tuple.h>
#include <stdlib.h>

int relevo_argument_tuple(const struct relevo_bytes *argument, relevo_tuple **tuple)
{
	if (!given(argument, tuple))
		return RELEVO_BAD_ARGUMENT;
	return relevo_tuple_unpack(argument->data, argument->size, tuple);
}

int relevo_reply_set_tuple(relevo_reply *reply, const relevo_tuple *tuple)
{
	if (!given(reply, tuple))
		return RELEVO_BAD_ARGUMENT;
	void *data;
	size_t size;
	int status = relevo_tuple_pack(tuple, &data, &size);
	if (status != RELEVO_OK)
		return status;
	status = relevo_reply_set(reply, data, size);
	free(data);
	return status;
}

int relevo_result_tuple(const struct relevo_result *result, relevo_tuple **tuple)
{
	if (!given(result, tuple))
		return RELEVO_BAD_ARGUMENT;
	if (result->status != RELEVO_OK)
		return error_set(thread_error(), result->status, "%s",
				 result->data != NULL ? (const char *)result->data : "");
	return relevo_tuple_unpack(result->data, result->size, tuple);
}

static bool tuples_given(const relevo_tuple *const *tuples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (tuples[i] != NULL)
			continue;
		error_set(thread_error(), RELEVO_BAD_ARGUMENT, "argument %zu of %zu is NULL", i,
			  count);
		return false;
	}
	return true;
}

/* How many were packed, before one could not be. */
static int pack_all(const relevo_tuple *const *tuples, size_t count, struct relevo_bytes *packed,
		    size_t *done)
{
	int status = RELEVO_OK;
	for (*done = 0; *done < count && status == RELEVO_OK; *done += status == RELEVO_OK) {
		void *data;
		status = relevo_tuple_pack(tuples[*done], &data, &packed[*done].size);
		if (status == RELEVO_OK)
			packed[*done].data = data;
	}
	return status;
}

int relevo_pool_starmap(relevo_pool *pool, const char *function,
			const relevo_tuple *const *arguments, size_t count,
			const struct relevo_map_options *options, struct relevo_result *results)
{
	if (!given(pool, function) || (count > 0 && !given(arguments, results)) ||
	    !tuples_given(arguments, count) || !map_options_known(options))
		return RELEVO_BAD_ARGUMENT;
	struct relevo_bytes *packed = calloc(count + 1, sizeof *packed);
	size_t done = 0;
	if (packed == NULL)
		return error_set(thread_error(), RELEVO_NO_MEMORY, "no memory for %zu arguments",
				 count);
	int status = pack_all(arguments, count, packed, &done);
	if (status == RELEVO_OK)
		status = relevo_pool_map(pool, function, packed, count, options, results);
	for (size_t i = 0; i < done; i++)
		free((void *)packed[i].data);
	free(packed);
	return status;
}
