#ifndef BASE_NAME_H
#define BASE_NAME_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Longest name of an object, in bytes. */
#define NAME_MAX_BYTES 255

/*
 * Names of objects: 1 to NAME_MAX_BYTES bytes of UTF-8 without control
 * characters. Returns OK, or BAD_NAME with a text that shows the name (made
 * printable) and what is wrong with it. `what` is the kind of object.
 */
int name_check(const char *name, const char *what, struct error *error);

/* Whether these bytes are whole UTF-8 characters; a 0 is one. */
bool utf8_is_valid(const void *text, size_t size);

/* `name` with everything but printable ASCII as \xNN, for messages; cut with
 * "..." when it does not fit into `size` (at least 8) bytes. */
void name_make_printable(const char *name, char *out, size_t size);

/* A name that we did not choose (of a host, of a program), as one that name_check() takes:
 * as it is, cut between characters when it does not fit, or else made printable. */
void name_adapt(const char *name, char *out, size_t size);

#endif
