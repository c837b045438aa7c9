/*
 * Arguments and results of pools that are typed values: packed tuples.
 */
#ifndef RELEVO_POOL_TUPLE_H
#define RELEVO_POOL_TUPLE_H

#include <relevo/pool.h>
#include <relevo/tuple.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * relevo_pool_map() over packed tuples: arguments[i] is what the function finds with
 * relevo_argument_tuple(). The tuples stay the caller's. Errors as there, and as
 * relevo_tuple_pack(); nothing is run then.
 */
RELEVO_API int relevo_pool_starmap(relevo_pool *pool, const char *function,
				   const relevo_tuple *const *arguments, size_t count,
				   const struct relevo_map_options *options,
				   struct relevo_result *results);

/* The tuple that is a function's argument; free it with relevo_tuple_free(). Does not block.
 * Errors: BAD_FRAME (it is no packed tuple), NO_MEMORY. */
RELEVO_API int relevo_argument_tuple(const struct relevo_bytes *argument, relevo_tuple **tuple);

/* relevo_reply_set() of a packed tuple. Errors: CANNOT_ENCODE (it holds what bytes cannot
 * hold, or is nested too deeply), NO_MEMORY. */
RELEVO_API int relevo_reply_set_tuple(relevo_reply *reply, const relevo_tuple *tuple);

/* The tuple that is a result; free it with relevo_tuple_free(). Does not block. Errors: the
 * status of a result that is not OK, with its text as the detail; BAD_FRAME, NO_MEMORY. */
RELEVO_API int relevo_result_tuple(const struct relevo_result *result, relevo_tuple **tuple);

#ifdef __cplusplus
}
#endif

#endif
