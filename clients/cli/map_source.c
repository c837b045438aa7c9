/* The arguments of "pool map", one after the other. */
#include "cli/map_source.h"

#include "cli/failure.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

int map_source_open(struct map_source *source, char *const *words, int count, enum input_mode mode,
		    size_t most)
{
	*source = (struct map_source){ .words = count > 0 ? words : NULL, .count = count };
	if (source->words != NULL || input_open(&source->input, STDIN_FILENO, mode, most))
		return EXIT_DONE;
	return failure_say(RELEVO_NO_MEMORY, "no memory for standard input");
}

void map_source_close(struct map_source *source)
{
	if (source->words == NULL)
		input_close(&source->input);
}

static bool map_source_take_word(struct map_source *source, struct relevo_bytes *argument)
{
	if (source->count == 0) {
		source->at_end = true;
		return false;
	}
	*argument = (struct relevo_bytes){ *source->words, strlen(*source->words) };
	source->words++;
	source->count--;
	return true;
}

static int map_source_tell_failure(const struct map_source *source, enum input_result why)
{
	switch (why) {
	case INPUT_TOO_LARGE:
		return failure_say(RELEVO_TOO_LARGE,
				   "argument %" PRIu64
				   ": more than the %zu bytes that one may have",
				   source->input.given + 1, source->input.most);
	case INPUT_NO_MEMORY:
		return failure_say(RELEVO_NO_MEMORY, "no memory for standard input");
	case INPUT_ERROR:
		return failure_system("reading standard input");
	default:
		return EXIT_DONE;
	}
}

bool map_source_take(struct map_source *source, bool may_read, struct relevo_bytes *argument)
{
	struct input *input = &source->input;
	source->waiting = false;
	if (source->at_end)
		return false;
	if (source->words != NULL)
		return map_source_take_word(source, argument);
	if (source->next == input->count) {
		enum input_result result = input_step(input, may_read);
		source->next = 0;
		source->waiting = result == INPUT_NONE;
		source->at_end = result != INPUT_ITEMS && result != INPUT_NONE;
		source->result = map_source_tell_failure(source, result);
		if (result != INPUT_ITEMS)
			return false;
	}
	*argument = input->items[source->next++];
	return true;
}
