/* Checking the names of objects, and making them printable. */
#include "base/name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Length in bytes of the UTF-8 character at `text`, 0 when it is none. Refuses
 * overlong forms, surrogates and what lies beyond U+10FFFF. */
static size_t utf8_length(const uint8_t *text)
{
	if (text[0] < 0x80)
		return 1;
	size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	bool bad = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
		   (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f);
	return bad ? 0 : length;
}

bool utf8_is_valid(const void *text, size_t size)
{
	const uint8_t *next = text, *end = next + size;
	while (next < end) {
		uint8_t character[4] = { 0 };
		size_t left = (size_t)(end - next);
		memcpy(character, next, left < sizeof character ? left : sizeof character);
		size_t length = utf8_length(character);
		if (length == 0 || length > left)
			return false;
		next += length;
	}
	return true;
}

/* C0 and C1 control characters and DEL. */
static bool is_control(const uint8_t *text)
{
	return text[0] < 0x20 || text[0] == 0x7f || (text[0] == 0xc2 && text[1] < 0xa0);
}

void name_make_printable(const char *name, char *out, size_t size)
{
	size_t used = 0;
	for (const uint8_t *byte = (const uint8_t *)name; *byte != '\0'; byte++) {
		if (used + 8 > size) {
			memcpy(out + used, "...", 3);
			used += 3;
			break;
		}
		if (*byte >= 0x20 && *byte < 0x7f && *byte != '\\')
			out[used++] = (char)*byte;
		else
			used += (size_t)snprintf(out + used, size - used, "\\x%02x", *byte);
	}
	out[used] = '\0';
}

int name_check(const char *name, const char *what, struct error *error)
{
	char shown[64];
	name_make_printable(name, shown, sizeof shown);
	size_t size = strlen(name);
	if (size == 0)
		return error_set(error, RELEVO_BAD_NAME, "the %s name is empty", what);
	if (size > NAME_MAX_BYTES)
		return error_set(error, RELEVO_BAD_NAME,
				 "the %s name \"%s\" has %zu bytes, more than %d", what, shown,
				 size, NAME_MAX_BYTES);
	const uint8_t *text = (const uint8_t *)name;
	while (*text != '\0') {
		size_t length = utf8_length(text);
		if (length == 0)
			return error_set(error, RELEVO_BAD_NAME,
					 "the %s name \"%s\" is not valid UTF-8", what, shown);
		if (is_control(text))
			return error_set(error, RELEVO_BAD_NAME,
					 "the %s name \"%s\" holds a control character", what,
					 shown);
		text += length;
	}
	return RELEVO_OK;
}

void name_adapt(const char *name, char *out, size_t size)
{
	const uint8_t *text = (const uint8_t *)name;
	size_t used = 0;
	for (size_t length; text[used] != '\0'; used += length) {
		length = utf8_length(text + used);
		if (length == 0 || is_control(text + used)) {
			name_make_printable(name, out, size);
			return;
		}
		if (used + length >= size)
			break;
	}
	memcpy(out, name, used);
	out[used] = '\0';
}
