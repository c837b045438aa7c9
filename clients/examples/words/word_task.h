#ifndef EXAMPLES_WORD_TASK_H
#define EXAMPLES_WORD_TASK_H

#include "examples/words/casualty.h"

/* What workers can do. Argument: a text. Result: its words (see word_code.h). */
#define WORD_TASK_COUNT  "count_words"

/* Nothing, for a moment: so many of these at a time as there are workers, and
 * each of them answers one. Argument and result are empty. */
#define WORD_TASK_ANSWER "answer"

/* Make both known to relevo, in every program that is to run them. `marks` may be
 * NULL. Returns a status of relevo. */
int word_task_register(struct casualty_marks *marks);

#endif
