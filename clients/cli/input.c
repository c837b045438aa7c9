/* Reading standard input and splitting it into items. */
#include "cli/input.h"

#include "cli/streams.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 256 * 1024, MOST_ITEMS = 16 * 1024 };

bool input_open(struct input *input, int fd, enum input_mode mode, size_t most)
{
	*input = (struct input){ .fd = fd, .mode = mode, .most = most, .room = FIRST_ROOM };
	input->buffer = malloc(input->room);
	input->items = malloc(MOST_ITEMS * sizeof *input->items);
	if (input->buffer != NULL && input->items != NULL)
		return true;
	input_close(input);
	return false;
}

void input_close(struct input *input)
{
	free(input->buffer);
	free(input->items);
	input->buffer = NULL;
	input->items = NULL;
}

static void add_item(struct input *input, size_t size)
{
	input->items[input->count++] = (struct relevo_bytes){
		input->buffer + input->start,
		size,
	};
	input->start += size;
}

/* Items whose ends have been read. */
static void input_split(struct input *input)
{
	int separator = input->mode == INPUT_LINES ? '\n' : '\0';
	while (input->mode != INPUT_WHOLE && input->count < MOST_ITEMS) {
		const char *from = input->buffer + input->scanned;
		const char *found = memchr(from, separator, input->end - input->scanned);
		if (found == NULL) {
			input->scanned = input->end;
			return;
		}
		add_item(input, (size_t)(found - input->buffer) - input->start);
		input->scanned = ++input->start;
	}
}

/* The last item needs no separator behind it. The whole is an item even if it is
 * empty. */
static void take_rest(struct input *input)
{
	bool whole = input->mode == INPUT_WHOLE && input->given == 0;
	if (input->start < input->end || whole)
		add_item(input, input->end - input->start);
	input->scanned = input->end;
}

/* Make room behind the item that has begun. */
static bool input_make_room(struct input *input)
{
	if (input->start > 0) {
		memmove(input->buffer, input->buffer + input->start, input->end - input->start);
		input->end -= input->start;
		input->scanned -= input->start;
		input->start = 0;
	}
	if (input->end < input->room)
		return true;
	char *larger = realloc(input->buffer, 2 * input->room);
	if (larger == NULL)
		return false;
	input->buffer = larger;
	input->room *= 2;
	return true;
}

static bool input_read_more(struct input *input)
{
	ssize_t got = streams_read(input->fd, input->buffer + input->end, input->room - input->end);
	if (got < 0)
		return false;
	input->end += (size_t)got;
	input->ended = got == 0;
	return true;
}

/* Whether one of this batch, or the one that has begun, is too large. If so, the
 * batch ends before it. */
static bool find_too_large(struct input *input)
{
	for (size_t i = 0; i < input->count; i++) {
		if (input->items[i].size > input->most) {
			input->count = i;
			return true;
		}
	}
	return input->count == 0 && input->end - input->start > input->most;
}

/* What has been read so far comes to. */
static enum input_result input_take_here(struct input *input)
{
	input_split(input);
	if (input->count == 0 && input->ended)
		take_rest(input);
	input->too_large = find_too_large(input);
	if (input->count > 0)
		return INPUT_ITEMS;
	if (input->too_large)
		return INPUT_TOO_LARGE;
	return input->ended ? INPUT_END : INPUT_NONE;
}

enum input_result input_step(struct input *input, bool may_read)
{
	input->given += input->count;
	input->count = 0;
	if (input->too_large)
		return INPUT_TOO_LARGE;
	enum input_result result = input_take_here(input);
	if (result != INPUT_NONE || !may_read)
		return result;
	if (!input_make_room(input))
		return INPUT_NO_MEMORY;
	if (!input_read_more(input))
		return INPUT_ERROR;
	return input_take_here(input);
}

enum input_result input_next(struct input *input)
{
	enum input_result result;
	do
		result = input_step(input, true);
	while (result == INPUT_NONE);
	return result;
}
