#ifndef EXAMPLES_WORD_RUN_H
#define EXAMPLES_WORD_RUN_H

#include "examples/words/crew.h"
#include "examples/words/word_files.h"
#include "examples/words/word_table.h"

struct word_run_options {
	int processes; /* local workers */
	bool kill_one; /* in the middle of a task */
};

struct word_run {
	struct word_table table;
	struct crew crew;
	size_t again; /* tasks that were handed out more than once */
	double seconds;
};

/*
 * Count the words of all slices with relevo: start a broker, local workers and
 * some that come over tcp, send each slice as a task, add up what comes back.
 * False on failure, which has been printed. Either way nothing of it runs any
 * more; free *run.
 */
bool word_run(struct word_run *run, const struct word_files *files,
	      const struct word_run_options *options);

void word_run_free(struct word_run *run);

#endif
