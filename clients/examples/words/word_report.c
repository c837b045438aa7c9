#include "examples/words/word_report.h"

#include "examples/words/screen.h"

#include <inttypes.h>
#include <stdio.h>

enum { BAR_CELLS = 36, TASK_CELLS = 18 };

void word_report_input(const struct word_files *files, size_t wanted)
{
	screen_heading("Text");
	printf("  %s files, %.1f MB, %s tasks\n", screen_number(files->file_count),
	       (double)files->bytes / 1e6, screen_number(files->slice_count));
	if (files->file_bytes < wanted)
		printf("  gone through %.1f times: this machine has only %.1f MB\n",
		       (double)files->bytes / (double)files->file_bytes,
		       (double)files->file_bytes / 1e6);
}

/* ---- words ------------------------------------------------------------- */

/* Spaces behind a word of UTF-8, so that it takes `width` columns. */
static int padding(const char *letters, size_t length, int width)
{
	for (size_t i = 0; i < length; i++)
		width -= ((unsigned char)letters[i] & 0xc0) != 0x80;
	return width > 0 ? width : 0;
}

void word_report_words(const struct word_table *table)
{
	enum { TEN = 10, WIDTH = 14 };
	struct word top[TEN];
	size_t count = word_table_top(table, top, TEN);
	screen_heading("The ten commonest words");
	for (size_t i = 0; i < count; i++) {
		const char *letters = word_table_letters(table, &top[i]);
		int length = (int)top[i].length;
		printf("  %2zu  %.*s%*s %11s  ", i + 1, length, letters,
		       padding(letters, top[i].length, WIDTH), "", screen_number(top[i].count));
		screen_bar(BAR_CELLS, (double)top[i].count / (double)top[0].count, false);
		putchar('\n');
	}
	printf("      %s words, %s different ones\n", screen_number(table->total),
	       screen_number(table->words));
}

/* ---- workers ----------------------------------------------------------- */

static const char *origin(const struct crew_member *member)
{
	if (!member->local)
		return "over tcp";
	if (member->killed)
		return "local, killed";
	return member->late ? "local, in its place" : "local";
}

static void print_members(const struct crew *crew, bool local, size_t most)
{
	for (size_t i = 0; i < crew->count; i++) {
		const struct crew_member *member = &crew->members[i];
		if (member->local != local)
			continue;
		printf("  %-16.16s %8d  %-19s %7s  ", member->host, (int)member->pid,
		       origin(member), screen_number(member->tasks));
		screen_bar(TASK_CELLS, (double)member->tasks / (double)most, false);
		putchar('\n');
	}
}

void word_report_crew(const struct word_run *run)
{
	const struct crew *crew = &run->crew;
	size_t most = 1;
	for (size_t i = 0; i < crew->count; i++)
		most = crew->members[i].tasks > most ? crew->members[i].tasks : most;
	screen_heading("Who did the tasks");
	printf("  %-16s %8s  %-19s %7s\n", "host", "process", "", "tasks");
	print_members(crew, true, most);
	print_members(crew, false, most);
	printf("  %s %s run again by another worker\n", screen_number(run->again),
	       run->again == 1 ? "task was" : "tasks were");
}

void word_report_times(const struct word_run *run, double alone)
{
	screen_heading("Time");
	printf("  with relevo        %6.2f s\n", run->seconds);
	printf("  one process alone  %6.2f s   %.1f times as long\n", alone, alone / run->seconds);
}

/* ---- the check ---------------------------------------------------------- */

static void print_difference(const struct word_table *table, const struct word *word,
			     uint64_t relayed, uint64_t alone)
{
	printf("  %.*s: %s with relevo, %s alone\n", (int)word->length,
	       word_table_letters(table, word), screen_number(relayed), screen_number(alone));
}

/* How many words differ; the first of them are printed. */
static size_t count_differences(const struct word_table *relayed, const struct word_table *alone)
{
	enum { SHOWN = 10 };
	size_t found = 0;
	word_table_each(relayed, word)
	{
		const char *letters = word_table_letters(relayed, word);
		uint64_t other = word_table_count(alone, letters, word->length);
		if (other != word->count && found++ < SHOWN)
			print_difference(relayed, word, word->count, other);
	}
	/* Those that are in both have been compared. */
	word_table_each(alone, word)
	{
		const char *letters = word_table_letters(alone, word);
		uint64_t other = word_table_count(relayed, letters, word->length);
		if (other == 0 && found++ < SHOWN)
			print_difference(alone, word, other, word->count);
	}
	return found;
}

bool word_report_check(const struct word_table *relayed, const struct word_table *alone)
{
	screen_heading("Check");
	size_t different = count_differences(relayed, alone);
	if (different == 0)
		printf("  the same count for each of the %s words\n\n",
		       screen_number(alone->words));
	else
		printf("  WRONG: %s words have different counts\n\n", screen_number(different));
	return different == 0;
}
