#include "examples/words/progress.h"

#include "examples/words/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

/* Often enough to move smoothly, too seldom to cost anything. */
#define REDRAW_AFTER 0.05

enum { BAR_CELLS = 36, QUARTERS = 4 };

double progress_clock(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double progress_seconds(const struct progress *progress)
{
	return progress_clock() - progress->started;
}

static void draw_bar(struct progress *progress)
{
	double part = (double)progress->done / (double)progress->total;
	fputs("\r\033[K  ", stdout);
	screen_bar(BAR_CELLS, part, true);
	printf(" %3d %%  %s of %s tasks  %.1f s", (int)(100 * part), screen_number(progress->done),
	       screen_number(progress->total), progress_seconds(progress));
	fflush(stdout);
	progress->drawn = progress->done;
	progress->drawn_at = progress_clock();
}

static void print_line(struct progress *progress)
{
	printf("  %3zu %%  %s of %s tasks  %.1f s\n", 100 * progress->done / progress->total,
	       screen_number(progress->done), screen_number(progress->total),
	       progress_seconds(progress));
	progress->drawn = progress->done;
}

/* In which quarter of the work a step is. */
static size_t quarter(const struct progress *progress, size_t step)
{
	return QUARTERS * step / progress->total;
}

void progress_begin(struct progress *progress, size_t total)
{
	*progress = (struct progress){ .total = total, .started = progress_clock() };
	if (screen_is_terminal())
		draw_bar(progress);
}

void progress_step(struct progress *progress)
{
	progress->done++;
	if (screen_is_terminal()) {
		if (progress_clock() - progress->drawn_at >= REDRAW_AFTER)
			draw_bar(progress);
	} else if (quarter(progress, progress->done) > quarter(progress, progress->drawn)) {
		print_line(progress);
	}
}

void progress_say(struct progress *progress, const char *format, ...)
{
	va_list arguments;
	if (screen_is_terminal())
		fputs("\r\033[K", stdout);
	fputs("  ", stdout);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	if (screen_is_terminal())
		draw_bar(progress);
}

void progress_end(struct progress *progress)
{
	if (!screen_is_terminal())
		return;
	draw_bar(progress);
	putchar('\n');
}
