/* The command line of a task: its argument put in the places of {}. */
#include "cli/task_words.h"

#include <stdlib.h>
#include <string.h>

#define PLACE "{}"
enum { PLACE_SIZE = 2 };

static size_t places(const char *text)
{
	size_t count = 0;
	while ((text = strstr(text, PLACE)) != NULL) {
		text += PLACE_SIZE;
		count++;
	}
	return count;
}

static char *fill_in(const char *text, const struct relevo_bytes *word)
{
	size_t count = places(text);
	char *filled = malloc(strlen(text) - count * PLACE_SIZE + count * word->size + 1);
	char *end = filled;
	if (filled == NULL)
		return NULL;
	for (const char *place; (place = strstr(text, PLACE)) != NULL; text = place + PLACE_SIZE) {
		end = mempcpy(end, text, (size_t)(place - text));
		end = mempcpy(end, word->data, word->size);
	}
	strcpy(end, text);
	return filled;
}

char **task_words_make(char *const *command, const struct relevo_bytes *word)
{
	static char place[] = PLACE;
	size_t count = 0, found = 0;
	for (; command[count] != NULL; count++)
		found += places(command[count]);
	char **words = calloc(count + 2, sizeof *words);
	if (words == NULL)
		return NULL;
	bool complete = true;
	for (size_t i = 0; i < count; i++)
		complete = (words[i] = fill_in(command[i], word)) != NULL && complete;
	if (found == 0)
		complete = (words[count] = fill_in(place, word)) != NULL && complete;
	if (complete)
		return words;
	for (size_t i = 0; i <= count; i++)
		free(words[i]);
	free(words);
	return NULL;
}

void task_words_free(char **words)
{
	for (size_t i = 0; words != NULL && words[i] != NULL; i++)
		free(words[i]);
	free(words);
}
