/* Spells out characters that act on a terminal or deceive a reader. */
#include "cli/visible.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* From U+0080 on: controls, and what has no width or no shape of its own, turns directions, or ends
 * a line (the categories Cc, Cf, Zl and Zp of Unicode, and fillers). */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x80, 0x9f },       { 0xad, 0xad },       { 0x34f, 0x34f },     { 0x600, 0x605 },
	{ 0x61c, 0x61c },     { 0x6dd, 0x6dd },     { 0x70f, 0x70f },     { 0x890, 0x891 },
	{ 0x8e2, 0x8e2 },     { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },   { 0x180b, 0x180f },
	{ 0x200b, 0x200f },   { 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0x3164, 0x3164 },
	{ 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },   { 0x110bd, 0x110bd },
	{ 0x110cd, 0x110cd }, { 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff },
};

static bool is_hidden(uint32_t code)
{
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
		if (code >= hidden[i].first && code <= hidden[i].last)
			return true;
	}
	return false;
}

/* The bytes of the character of more than one at `text`, and its number; 0: it is none. */
static size_t visible_decode(const unsigned char *text, size_t size, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : text[0] >= 0xc2 ? 2 : 0;
	if (length == 0 || length > size || text[0] > 0xf4)
		return 0;
	*code = text[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (text[i] & 0x3f);
	}
	bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
	return *code >= least[length] && *code <= 0x10ffff && !surrogate ? length : 0;
}

static bool stays(unsigned char byte, enum visible_mode mode)
{
	if (byte == '\n' || byte == '\t')
		return mode == VISIBLE_LINES;
	return byte >= ' ' && byte < 0x7f;
}

enum { ROOM = 12 };

/* How the first character is shown; returns its bytes. */
static size_t visible_show(char shown[ROOM], const unsigned char *text, size_t size,
			   enum visible_mode mode)
{
	uint32_t code;
	size_t length = visible_decode(text, size, &code);
	if (length > 0 && is_hidden(code))
		snprintf(shown, ROOM, code > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned)code);
	else if (length > 0)
		snprintf(shown, ROOM, "%.*s", (int)length, (const char *)text);
	else if (mode == VISIBLE_QUOTE && (text[0] == '"' || text[0] == '\\'))
		snprintf(shown, ROOM, "\\%c", text[0]);
	else if (stays(text[0], mode))
		snprintf(shown, ROOM, "%c", text[0]);
	else
		snprintf(shown, ROOM, "\\x%02x", text[0]);
	return length > 0 ? length : 1;
}

size_t visible_text(char *shown, size_t room, const char *text, size_t size, enum visible_mode mode)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t done = 0;
	char next[ROOM];
	shown[0] = '\0';
	while (done < size) {
		size_t step = visible_show(next, bytes + done, size - done, mode),
		       length = strlen(next);
		if (length >= room)
			break;
		memcpy(shown, next, length + 1);
		shown += length;
		room -= length;
		done += step;
	}
	return done;
}

const char *visible(const char *text)
{
	enum { COUNT = 8, SIZE = 256 * VISIBLE_MOST };
	static char shown[COUNT][SIZE];
	static unsigned next;
	char *place = shown[next++ % COUNT];
	visible_text(place, SIZE, text, strlen(text), VISIBLE_LINE);
	return place;
}
