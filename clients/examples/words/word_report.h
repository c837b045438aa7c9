#ifndef EXAMPLES_WORD_REPORT_H
#define EXAMPLES_WORD_REPORT_H

#include "examples/words/word_files.h"
#include "examples/words/word_run.h"

/* What the demo says about its input and its results. */

void word_report_input(const struct word_files *files, size_t wanted);

/* The ten commonest words. */
void word_report_words(const struct word_table *table);

/* How many tasks each worker did, and how many were run again. */
void word_report_crew(const struct word_run *run);

void word_report_times(const struct word_run *run, double alone);

/* Compare what was counted with relevo to what one process alone counted, and say
 * which words differ. True when none does. */
bool word_report_check(const struct word_table *relayed, const struct word_table *alone);

#endif
