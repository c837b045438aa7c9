#ifndef BASE_THREAD_ERROR_H
#define BASE_THREAD_ERROR_H

#include "base/error.h"

#include <relevo/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/*
 * Whether the `reserved` words of a structure of that tag, which a program has handed over, are 0;
 * of NULL they are. If not, the program was built with headers newer than this library:
 * BAD_ARGUMENT is noted, with the tag, and the function returns it.
 */
#define known(tag, structure)                                                                      \
	known_words((const struct tag *const){ structure }, #tag, offsetof(struct tag, reserved),  \
		    sizeof((const struct tag *)0)->reserved / sizeof(uint64_t))

/* Note that there is more in a structure of that tag than this library knows. False. */
bool known_not(const char *tag);

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

static inline bool known_words(const void *structure, const char *tag, size_t offset, size_t count)
{
	uint64_t used = 0;
	if (structure == NULL)
		return true;
	const uint64_t *words = (const void *)((const char *)structure + offset);
	for (size_t i = 0; i < count; i++)
		used |= words[i];
	return used == 0 || known_not(tag);
}

#endif
