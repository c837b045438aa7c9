/* Writing handles as text, and parsing such texts. */
#include "session/handle_text.h"

#include "base/mutant.h"
#include "base/thread_error.h"

#include <ctype.h>
#include <inttypes.h>
#include <relevo/handle.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ------------------------------------------------------------ */

static const char hex[] = "0123456789abcdef";

static bool handle_text_is_plain(unsigned char byte)
{
	return isalnum(byte) || (byte != '\0' && strchr("-._~/:[]@", byte) != NULL);
}

/* False: it does not fit. */
static bool append_encoded(char *text, size_t size, const char *value)
{
	size_t used = strlen(text);
	for (; *value != '\0'; value++) {
		unsigned char byte = (unsigned char)*value;
		if (used + 4 > size)
			return false;
		if (handle_text_is_plain(byte)) {
			text[used++] = *value;
		} else {
			text[used++] = '%';
			text[used++] = hex[byte >> 4];
			text[used++] = hex[byte & 15];
		}
		text[used] = '\0';
	}
	return true;
}

static bool handle_text_append(char *text, size_t size, const char *piece)
{
	size_t used = strlen(text);
	if (used + strlen(piece) >= size)
		return false;
	strcpy(text + used, piece);
	return true;
}

struct object_identity handle_identity(const struct handle *handle)
{
	return (struct object_identity){ handle->session, handle->name, handle->broker,
					 handle->identity };
}

int handle_print(const struct object_identity *object, const char *kind, char *text, size_t size)
{
	char head[32], tail[80];
	snprintf(head, sizeof head, "relevo:%s?url=", kind);
	snprintf(tail, sizeof tail, "&broker=%" PRIx64 "&id=%" PRIx64, object->broker,
		 object->identity);
	if (size > 0)
		text[0] = '\0';
	if (size > 0 && handle_text_append(text, size, head) &&
	    append_encoded(text, size, object->session->address.url) &&
	    handle_text_append(text, size, "&name=") && append_encoded(text, size, object->name) &&
	    handle_text_append(text, size, tail))
		return RELEVO_OK;
	if (size > 0)
		text[0] = '\0';
	return error_set(thread_error(), RELEVO_TOO_SHORT,
			 "the handle of \"%s\" as text takes more than %zu bytes", object->name,
			 size);
}

/* ---- reading ------------------------------------------------------------ */

static int no_handle(const char *text, struct error *error)
{
	char shown[64];
	name_make_printable(text != NULL ? text : "", shown, sizeof shown);
	return error_set(error, RELEVO_BAD_ARGUMENT, "\"%s\" is no handle", shown);
}

static int digit(char c)
{
	const char *found = c != '\0' ? strchr(hex, tolower((unsigned char)c)) : NULL;
	return found != NULL ? (int)(found - hex) : -1;
}

/* Up to `end`, with %XX resolved. False: it is malformed, or does not fit. */
static bool handle_text_decode(const char *text, const char *end, char *value, size_t size)
{
	size_t used = 0;
	while (text < end) {
		char byte = *text++;
		if (byte == '%') {
			if (end - text < 2 || digit(text[0]) < 0 || digit(text[1]) < 0)
				return false;
			byte = (char)(digit(text[0]) << 4 | digit(text[1]));
			text += 2;
		}
		if (byte == '\0' || used + 1 >= size)
			return false;
		value[used++] = byte;
	}
	value[used] = '\0';
	return true;
}

/* Behind `label`, which *text has to begin with; moves it on behind the value. */
static bool handle_text_take_value(const char **text, const char *label, char *value, size_t size)
{
	size_t length = strlen(label);
	if (strncmp(*text, label, length) != 0)
		return false;
	const char *begin = *text + length;
	const char *end = begin + strcspn(begin, "&?");
	*text = end;
	return handle_text_decode(begin, end, value, size);
}

static bool handle_text_take_number(const char **text, const char *label, uint64_t *number)
{
	char value[20], *end;
	if (!handle_text_take_value(text, label, value, sizeof value) || digit(value[0]) < 0)
		return false;
	*number = strtoull(value, &end, 16);
	return *end == '\0';
}

static int handle_text_parse(const char *text, struct handle_description *description,
			     struct error *error)
{
	const char *rest = text;
	if (text != NULL &&
	    handle_text_take_value(&rest, "relevo:", description->kind, sizeof description->kind) &&
	    handle_text_take_value(&rest, "?url=", description->url, sizeof description->url) &&
	    handle_text_take_value(&rest, "&name=", description->name, sizeof description->name) &&
	    handle_text_take_number(&rest, "&broker=", &description->broker) &&
	    handle_text_take_number(&rest, "&id=", &description->identity) && *rest == '\0')
		return RELEVO_OK;
	return no_handle(text, error);
}

int handle_parse(const char *text, const char *kind, struct handle_description *description,
		 struct error *error)
{
	int status = handle_text_parse(text, description, error);
	if (status == RELEVO_OK && strcmp(description->kind, kind) != 0)
		status = error_set(error, RELEVO_BAD_ARGUMENT, "\"%s\" is a %s, not a %s",
				   description->name, description->kind, kind);
	return status;
}

bool handle_is_same(const struct object_identity *object,
		    const struct handle_description *description)
{
	return (object->broker == description->broker &&
		object->identity == description->identity) ||
	       MUTANT(name_is_enough);
}

int handle_gone(const struct handle_description *description)
{
	return error_set(thread_error(), RELEVO_GONE,
			 "the %s \"%s\" is gone, or its broker, %s, is not this session's",
			 description->kind, description->name, description->url);
}

int handle_open_text(const char *text, const struct handle_opener *opener)
{
	struct handle_description said;
	const struct handle *handle;
	int status = handle_parse(text, opener->kind, &said, thread_error());
	if (status != RELEVO_OK)
		return status;
	status = opener->open(said.name, opener->user, &handle);
	if (status == RELEVO_OK) {
		const struct object_identity object = handle_identity(handle);
		if (handle_is_same(&object, &said))
			return status;
		opener->close(opener->user);
		status = RELEVO_NOT_FOUND;
	}
	return status == RELEVO_NOT_FOUND ? handle_gone(&said) : status;
}

int relevo_handle_url(const char *text, char *url, size_t size)
{
	if (!given(text) || (size > 0 && !given(url)))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct handle_description description;
	int status = handle_text_parse(text, &description, error);
	if (status != RELEVO_OK)
		return status;
	if (strlen(description.url) >= size)
		return error_set(error, RELEVO_TOO_SHORT, "the URL takes more than %zu bytes",
				 size);
	strcpy(url, description.url);
	return RELEVO_OK;
}
