#include "examples/words/screen.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool terminal, colours, unicode;

void screen_open(void)
{
	const char *type = secure_getenv("TERM");
	terminal = isatty(STDOUT_FILENO) && type != NULL && strcmp(type, "dumb") != 0;
	colours = terminal && secure_getenv("NO_COLOR") == NULL;
	/* A log is read by programs too: it stays plain ASCII. */
	unicode = terminal && setlocale(LC_CTYPE, "") != NULL &&
		  strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
}

bool screen_is_terminal(void)
{
	return terminal;
}

void screen_heading(const char *text)
{
	printf(colours ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
}

static void draw(int cells, const char *cell)
{
	for (int i = 0; i < cells; i++)
		fputs(cell, stdout);
}

void screen_bar(int cells, double part, bool rest)
{
	int full = (int)(part * cells + 0.5);
	full = full < 0 ? 0 : full > cells ? cells : full;
	fputs(colours ? "\033[36m" : "", stdout);
	draw(full, unicode ? "━" : "#");
	fputs(colours ? "\033[0;2m" : "", stdout);
	if (rest)
		draw(cells - full, unicode ? "─" : ".");
	fputs(colours ? "\033[0m" : "", stdout);
}

const char *screen_number(uint64_t number)
{
	enum { BUFFERS = 8, SIZE = 32 };
	static char buffers[BUFFERS][SIZE];
	static unsigned next;
	char *at = buffers[next++ % BUFFERS] + SIZE - 1;
	*at = '\0';
	for (int digits = 0; digits == 0 || number > 0; digits++, number /= 10) {
		if (digits > 0 && digits % 3 == 0)
			*--at = ',';
		*--at = (char)('0' + number % 10);
	}
	return at;
}
