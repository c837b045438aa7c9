#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <relevo/relevo.h>
#include <stdbool.h>

/*
 * Items from a descriptor, as they come: each call gives those that one read has
 * completed, so that a slow writer's lines are not held back, and a fast one's
 * come in large batches. Holds one batch or one item, whatever is larger.
 */
enum input_mode {
	INPUT_LINES,
	INPUT_NUL,   /* ended by a byte 0 each */
	INPUT_WHOLE, /* all of it is one item */
};

struct input {
	int fd;
	enum input_mode mode;
	size_t most; /* bytes of an item */

	char *buffer;
	size_t room, start, scanned, end; /* unread: from start to end */
	bool ended;
	bool too_large; /* what follows the batch is */
	uint64_t given; /* items before this batch */
	struct relevo_bytes *items;
	size_t count; /* in this batch */
};

/* False when memory ran out. */
bool input_open(struct input *input, int fd, enum input_mode mode, size_t most);
void input_close(struct input *input);

enum input_result {
	INPUT_ITEMS, /* in input->items, until the next call */
	INPUT_END,
	INPUT_TOO_LARGE, /* the next one, number `given` from 0 */
	INPUT_NO_MEMORY,
	INPUT_ERROR, /* errno */
	INPUT_NONE,  /* none is complete yet: of input_step() only */
};

enum input_result input_next(struct input *input);

/* The same for whoever does not want to wait: reads once at most, and not at all unless
 * `may_read`. */
enum input_result input_step(struct input *input, bool may_read);

#endif
