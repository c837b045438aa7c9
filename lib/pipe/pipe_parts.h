#ifndef PIPE_PIPE_PARTS_H
#define PIPE_PIPE_PARTS_H

#include "base/buffer.h"
#include "base/error.h"
#include "pipe/pipe_local.h"

#include <stdbool.h>

/*
 * Messages that come in parts, for those that are large. Each part says whether it is the
 * first of a message, or the last, or both; so what a sender that gave up half-way has
 * left is dropped when the next message begins.
 */
enum { PART_FIRST = 1, PART_LAST = 2 };

/* Bytes of a message in one part, at most. */
enum { PART_MAX = 256 * 1024 };

struct pipe_parts {
	struct buffer partial; /* of a message that is not complete */
	bool begun;            /* there is one */
	bool complete;         /* it is the next message */
};

void pipe_parts_fini(struct pipe_parts *parts);

/* A part comes. BAD_FRAME: it is none; NO_MEMORY. */
int pipe_parts_add(struct pipe_parts *parts, unsigned flags, const void *data, size_t size,
		   struct error *error);

/* The message that is complete is the caller's. NO_MEMORY, and it stays. */
int pipe_parts_take(struct pipe_parts *parts, struct pipe_message *message, struct error *error);

/* The part of a message of so many bytes that begins behind `done` of them. */
struct pipe_part {
	unsigned flags;
	const char *data;
	size_t size;
};
struct pipe_part pipe_parts_next(const struct pipe_sending *sending, size_t done, size_t most);

#endif
