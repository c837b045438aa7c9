/* Taking the arguments of a job from an input that the caller gives. */
#include "pool/pool_input.h"

#include "base/thread_error.h"
#include "pool/pool_map.h"

#include <stdlib.h>
#include <string.h>

int input_take(const struct relevo_input *input, const char *function,
	       struct relevo_bytes *argument, struct error *error)
{
	struct relevo_bytes given = { 0 };
	int status = input->next(&given, input->user);
	if (status == RELEVO_END_OF_STREAM)
		return status;
	if (status != RELEVO_OK)
		return error_set(error, status, "the input of \"%s\" failed: %s", function,
				 relevo_error_message(status));
	if (given.data == NULL && given.size > 0)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the input of \"%s\" gave %zu bytes that are NULL", function,
				 given.size);
	char *copy = malloc(given.size + 1);
	if (copy == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for an argument of \"%s\"",
				 function);
	if (given.size > 0)
		memcpy(copy, given.data, given.size);
	*argument = (struct relevo_bytes){ copy, given.size };
	return RELEVO_OK;
}

/* The arguments so far. */
struct taken {
	struct relevo_bytes *arguments;
	size_t count, capacity;
};

static int pool_input_add(struct taken *taken, const struct relevo_bytes *argument)
{
	if (taken->count == taken->capacity) {
		size_t capacity = taken->capacity > 0 ? 2 * taken->capacity : 64;
		struct relevo_bytes *more = reallocarray(taken->arguments, capacity, sizeof *more);
		if (more == NULL)
			return RELEVO_NO_MEMORY;
		taken->arguments = more;
		taken->capacity = capacity;
	}
	taken->arguments[taken->count++] = *argument;
	return RELEVO_OK;
}

static int pool_input_take_all(const struct relevo_input *input, const char *function,
			       struct taken *taken, struct error *error)
{
	for (;;) {
		struct relevo_bytes argument;
		int status = input_take(input, function, &argument, error);
		if (status != RELEVO_OK)
			return status == RELEVO_END_OF_STREAM ? RELEVO_OK : status;
		if (pool_input_add(taken, &argument) != RELEVO_OK) {
			free((void *)argument.data);
			return error_set(error, RELEVO_NO_MEMORY,
					 "no memory for the arguments of \"%s\"", function);
		}
	}
}

int relevo_pool_map_input(relevo_pool *pool, const char *function, const struct relevo_input *input,
			  const struct relevo_map_options *options, struct relevo_results *results)
{
	if (!given(pool, function, input, results) || !given_function(input->next) ||
	    !known(relevo_input, input) || !map_options_known(options))
		return RELEVO_BAD_ARGUMENT;
	struct taken taken = { 0 };
	struct error failure = { 0 };
	int status = pool_input_take_all(input, function, &taken, &failure);
	if (status == RELEVO_OK) {
		*results = (struct relevo_results){
			.items = calloc(taken.count + 1, sizeof *results->items),
			.count = taken.count,
		};
		if (results->items == NULL)
			status = error_set(&failure, RELEVO_NO_MEMORY, "no memory for results");
	}
	if (status == RELEVO_OK) {
		status = relevo_pool_map(pool, function, taken.arguments, taken.count, options,
					 results->items);
		if (status != RELEVO_OK) {
			error_set(&failure, status, "%s", relevo_error_detail());
			free(results->items);
		}
	}
	for (size_t i = 0; i < taken.count; i++)
		free((void *)taken.arguments[i].data);
	free(taken.arguments);
	*thread_error() = failure;
	return status;
}
