#ifndef CLI_MAP_SOURCE_H
#define CLI_MAP_SOURCE_H

#include "cli/input.h"

/* Where "pool map" has its arguments from: words of the command line, or standard input. */
struct map_source {
	char *const *words; /* NULL: standard input */
	int count;          /* of words that are left */
	struct input input;
	size_t next; /* in the batch of the input */
	int result;  /* an exit status: what ended it early has been said */
	bool at_end;
	bool waiting; /* for standard input */
};

/* `words` may be none: then standard input. Returns an exit status. */
int map_source_open(struct map_source *source, char *const *words, int count, enum input_mode mode,
		    size_t most);
void map_source_close(struct map_source *source);

/* The next one, valid until the next call; false: there is none yet, or none any more.
 * `may_read`: standard input is readable. */
bool map_source_take(struct map_source *source, bool may_read, struct relevo_bytes *argument);

#endif
