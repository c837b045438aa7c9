#ifndef BASE_THREAD_ERROR_H
#define BASE_THREAD_ERROR_H

#include "base/error.h"

#include <relevo/types.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * The record behind relevo_error_detail(), one for each thread. Sets it to OK and
 * returns it: a public call asks for it once, at its start, and hands it down.
 * Never NULL. Its text is of a failure that has been, until there is another one.
 */
struct error *thread_error(void);

/*
 * Whether what a public function cannot do without is there: all of these pointers. If not,
 * BAD_ARGUMENT is noted, with the name of the first that is NULL, and the function returns it.
 */
#define given(...)                                                                                 \
	given_pointers(#__VA_ARGS__, (const void *const[]){ __VA_ARGS__ },                         \
		       sizeof((const void *const[]){ __VA_ARGS__ }) / sizeof(const void *))

/* The same for a function. */
#define given_function(function) ((function) != NULL || given_missing(#function, 0))

/* The same for each of these strings of bytes: NULL stands for none only. */
bool given_bytes(const struct relevo_bytes *bytes, size_t count);

/* Note that the pointer is missing whose name stands at `index` of the list. False. */
bool given_missing(const char *names, size_t index);

static inline bool given_pointers(const char *names, const void *const *pointers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (pointers[i] == NULL)
			return given_missing(names, i);
	}
	return true;
}

#endif
