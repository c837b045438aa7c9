/* The screen of "top": its lines, also for plain text, and the keys that it obeys. */
#include "cli/top_screen.h"

#include "cli/listing.h"
#include "cli/top_signals.h"
#include "cli/visible.h"

#include <inttypes.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	LINE = 512,
	/* A terminal may call itself larger than any, and ncurses counts in shorts. No line
	 * of the table is wider. */
	MOST_COLUMNS = LINE,
	MOST_LINES = 1000,
};

static SCREEN *screen;
static size_t first; /* the row that is at the top */

void top_line(const struct top_row *row, char *text, size_t size)
{
	if (row == NULL) {
		snprintf(text, size, "%-24s %-9s %10s %8s %8s %7s %7s %10s %10s", "NAME", "KIND",
			 "READY", "LEASED", "DELAYED", "GETTERS", "PUTTERS", "PUT/S", "ACK/S");
		return;
	}
	const struct relevo_queue_info *info = &row->info;
	snprintf(text, size,
		 "%-24s %-9s %10" PRIu64 " %8" PRIu64 " %8" PRIu64 " %7" PRIu64 " %7" PRIu64
		 " %10.1f %10.1f",
		 visible(info->name), listing_kind(info->kind), info->ready, info->leased,
		 info->delayed, info->getters, info->putters, row->put_rate,
		 row->acknowledged_rate);
}

void top_summary(const struct top_table *table, const char *url, char *text, size_t size)
{
	snprintf(text, size,
		 "%s: %zu objects, %" PRIu64 " getters and %" PRIu64 " putters wait, %" PRIu64
		 " tokens held, %.1f put/s, %.1f ack/s",
		 visible(url), table->count, table->getters, table->putters, table->held,
		 table->put_rate, table->acknowledged_rate);
}

static int within(int value, int most)
{
	return value < most ? value : most;
}

/* As large as the terminal says that it is; one that does not know is left as ncurses has it. */
static void fit(void)
{
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
		return;
	int lines = within(size.ws_row, MOST_LINES), columns = within(size.ws_col, MOST_COLUMNS);
	if (is_term_resized(lines, columns))
		resizeterm(lines, columns);
}

bool top_screen_open(void)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return false;
	/* One that knows its descriptor. */
	FILE *terminal = fdopen(STDOUT_FILENO, "w");
	if (terminal == NULL)
		return false;
	top_signals_take();
	/* It would believe the terminal. */
	use_env(false);
	screen = newterm(NULL, terminal, stdin);
	if (screen == NULL) {
		top_signals_leave();
		return false;
	}
	top_signals_know_terminal();
	cbreak();
	/* Otherwise Ctrl-C drops what the terminal has not taken yet: the words, perhaps, that
	 * give it back. */
	noqiflush();
	noecho();
	keypad(stdscr, true);
	curs_set(0);
	fit();
	return true;
}

static void draw(const struct top_table *table, const char *url)
{
	char text[LINE];
	const int heads = 3;
	erase();
	top_summary(table, url, text, sizeof text);
	mvaddnstr(0, 0, text, COLS);
	top_line(NULL, text, sizeof text);
	attron(A_REVERSE);
	mvaddnstr(2, 0, text, COLS);
	attroff(A_REVERSE);
	for (int line = heads; line < LINES && first + (size_t)(line - heads) < table->count;
	     line++) {
		top_line(&table->rows[first + (size_t)(line - heads)], text, sizeof text);
		mvaddnstr(line, 0, text, COLS);
	}
	refresh();
}

/* False: leave. */
static bool act_on(int key, const struct top_table *table)
{
	if (key == 'q' || key == 'Q')
		return false;
	if (key == KEY_RESIZE)
		fit();
	if (key == KEY_DOWN && first + 1 < table->count)
		first++;
	if (key == KEY_UP && first > 0)
		first--;
	return true;
}

bool top_screen_show(const struct top_table *table, const char *url, int msec)
{
	int key;
	if (first >= table->count)
		first = table->count > 0 ? table->count - 1 : 0;
	draw(table, url);
	timeout(msec);
	while ((key = getch()) != ERR) {
		if (!act_on(key, table))
			return false;
		draw(table, url);
	}
	return true;
}

void top_screen_close(void)
{
	endwin();
	delscreen(screen);
	screen = NULL;
	top_signals_leave();
}
