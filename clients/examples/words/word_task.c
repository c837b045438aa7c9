#include "examples/words/word_task.h"

#include "examples/words/word_code.h"
#include "examples/words/word_text.h"

#include <relevo/relevo.h>
#include <stdlib.h>
#include <time.h>

static int reply_with_table(relevo_reply *reply, const struct word_table *table)
{
	size_t size;
	char *data = word_code_encode(table, &size);
	if (data == NULL)
		return RELEVO_NO_MEMORY;
	int status = relevo_reply_set(reply, data, size);
	free(data);
	return status;
}

static int count_words(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	struct casualty_marks *marks = user;
	struct word_table table = { 0 };
	int status = RELEVO_NO_MEMORY;
	casualty_enter(marks);
	if (word_text_count(&table, argument->data, argument->size))
		status = reply_with_table(reply, &table);
	word_table_free(&table);
	casualty_leave(marks);
	return status;
}

static int answer(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	/* Long enough for the others to get theirs. */
	const struct timespec moment = { .tv_nsec = 20000000 };
	(void)argument;
	(void)reply;
	(void)user;
	nanosleep(&moment, NULL);
	return RELEVO_OK;
}

int word_task_register(struct casualty_marks *marks)
{
	int status = relevo_function_register(WORD_TASK_COUNT, count_words, marks);
	return status == RELEVO_OK ? relevo_function_register(WORD_TASK_ANSWER, answer, NULL)
				   : status;
}
