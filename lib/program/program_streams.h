#ifndef PROGRAM_PROGRAM_STREAMS_H
#define PROGRAM_PROGRAM_STREAMS_H

#include "base/error.h"

#include <relevo/program.h>

/* The three streams of a program, by their number: its ends and ours; -1: none. */
struct streams {
	int theirs[3];
	int ours[3];
	int opened[3]; /* those of `theirs` that were opened here */
};

/* Open what the options ask for. BAD_ARGUMENT, NO_DESCRIPTORS, SYSTEM: nothing is left open. */
int streams_open(struct streams *streams, const struct relevo_program_options *options,
		 struct error *error);

/* Close what the program has of its own by now. */
void streams_close_theirs(struct streams *streams);

/* The same, and our ends. */
void streams_close(struct streams *streams);

#endif
