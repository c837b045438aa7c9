#ifndef CLI_VISIBLE_H
#define CLI_VISIBLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Names and texts that others have chosen, for people to read: what would act on a terminal, or
 * show something else than is there, is spelled out. So `\x1b` stands for an escape, `\u202e` for a
 * mark that turns the direction of what follows. JSON and items are exact, and do not come here.
 */

/* The text so; valid until the eighth call after this one. The beginning of a long one. */
const char *visible(const char *text);

enum visible_mode {
	VISIBLE_LINE,  /* line ends and tabulators are spelled out, too */
	VISIBLE_LINES, /* they stay */
	VISIBLE_QUOTE, /* as VISIBLE_LINE; quotes and backslashes are marked by a backslash */
};

/* What a byte may become. */
enum { VISIBLE_MOST = 4 };

/* The same of `size` bytes, into a buffer of `room`, with a byte 0 behind it. Returns how many of
 * them are shown whole. */
size_t visible_text(char *shown, size_t room, const char *text, size_t size,
		    enum visible_mode mode);

#endif
