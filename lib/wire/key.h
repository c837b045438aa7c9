#ifndef WIRE_KEY_H
#define WIRE_KEY_H

#include "base/clock.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Less could be guessed; nobody needs more. */
enum { KEY_MIN_SIZE = 16, KEY_MAX_SIZE = 1024 };

/* What both ends of a tcp connection have to know. It never crosses the wire. */
struct key {
	size_t size;
	uint8_t bytes[KEY_MAX_SIZE];
};

/* How long a pipe is read where nobody says until when, in ms. */
enum { KEY_PATIENCE = 5000 };

/*
 * Read the key from a file: all its bytes but line ends at its end. It may be a pipe (such as
 * a shell's "<(...)"): until the deadline that is read to its end, which comes when
 * whoever writes to it has closed it.
 *   NOT_FOUND     there is no such file
 *   DENIED        it cannot be read, or others than its owner can read it, or
 *                 it is neither the caller's nor root's
 *   BAD_ARGUMENT  it is too short or too long, or neither a file nor a pipe
 *   TIMED_OUT     it is a pipe whose end has not come
 *   NO_MEMORY, SYSTEM
 */
int key_load(const char *path, nsec_t deadline, struct key **key, struct error *error);

/* Copy these bytes, which are the key as they are, line ends and all. BAD_ARGUMENT: too few or too
 * many; NO_MEMORY. */
int key_copy(const void *bytes, size_t size, struct key **key, struct error *error);

/* Whether a key may have so many bytes; `where` tells in the message where it is from.
 * BAD_ARGUMENT. */
int key_check_size(size_t size, const char *where, struct error *error);

/* Wipes it. NULL is allowed. */
void key_free(struct key *key);

#endif
