#ifndef CLI_TASK_WORDS_H
#define CLI_TASK_WORDS_H

#include <relevo/relevo.h>

/*
 * The words of a command (NULL behind the last) with this one in place of each {} in them,
 * or behind them where there is none. task_words_free() them. NULL: no memory.
 */
char **task_words_make(char *const *command, const struct relevo_bytes *word);
void task_words_free(char **words);

#endif
