/* Writing JSON values and items to standard output. */
#include "cli/output.h"

#include "cli/base64.h"
#include "cli/failure.h"
#include "cli/streams.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Items in one write: half of what the system takes (IOV_MAX). */
enum { STEP = 512 };

/* Bytes that a pipe takes as a whole when it takes any. */
enum { ATOMIC = PIPE_BUF };

int output_json(json_t *value)
{
	if (value == NULL)
		return failure_say(RELEVO_NO_MEMORY, "no memory for the output");
	/* Failures of writing are told by output_close(). */
	json_dumpf(value, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(value);
	return EXIT_DONE;
}

bool output_set_bytes(json_t *object, const char *name, const struct relevo_bytes *bytes)
{
	char other[64];
	json_t *text = json_stringn(bytes->data, bytes->size);
	if (text != NULL)
		return json_object_set_new(object, name, text) == 0;
	char *encoded = base64_encode(bytes->data, bytes->size);
	snprintf(other, sizeof other, "%s_base64", name);
	int failed = encoded == NULL || json_object_set_new(object, other, json_string(encoded));
	free(encoded);
	return failed == 0;
}

/* ---- items ------------------------------------------------------------- */

/* Bytes as text where they are text, else as base64. */
static json_t *bytes_to_json(const void *bytes, size_t size)
{
	json_t *text = json_stringn(bytes, size);
	if (text != NULL)
		return text;
	char *encoded = base64_encode(bytes, size);
	text = encoded != NULL ? json_string(encoded) : NULL;
	free(encoded);
	return text;
}

/* What was said of the item when it was put. */
static bool add_properties(json_t *object, const relevo_item *item)
{
	const char *reply_to = relevo_item_reply_to(item);
	size_t count;
	const struct relevo_header *headers = relevo_item_headers(item, &count);
	if (reply_to != NULL && json_object_set_new(object, "reply_to", json_string(reply_to)) != 0)
		return false;
	json_t *list = count > 0 ? json_object() : NULL;
	if (count > 0 && json_object_set_new(object, "headers", list) != 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		json_t *value = bytes_to_json(headers[i].value, headers[i].size);
		if (json_object_set_new(list, headers[i].name, value) != 0)
			return false;
	}
	return true;
}

/* An item as a line of JSON: text where it is text, else base64. free() it; NULL
 * and ENOMEM. */
static char *item_to_json(const relevo_item *item)
{
	json_t *text = json_stringn(item->data, item->size);
	char *encoded = text == NULL ? base64_encode(item->data, item->size) : NULL;
	json_t *object = text != NULL ? json_pack("{so}", "text", text)
				      : json_pack("{ss}", "base64", encoded);
	char *line = NULL;
	if (object != NULL &&
	    json_object_set_new(object, "size", json_integer((json_int_t)item->size)) == 0 &&
	    json_object_set_new(object, "deliveries", json_integer(item->deliveries)) == 0 &&
	    add_properties(object, item))
		line = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	free(encoded);
	if (line == NULL)
		errno = ENOMEM;
	return line;
}

/* Write all parts, in spite of signals and of a terminal that does not block.
 * Returns the bytes that were written. */
static size_t write_parts(struct iovec *parts, int count)
{
	size_t written = 0;
	while (count > 0) {
		ssize_t step = writev(STDOUT_FILENO, parts, count);
		if (step < 0 && errno != EINTR &&
		    (errno != EAGAIN || streams_wait(STDOUT_FILENO, POLLOUT) == 0))
			return written;
		size_t left = step > 0 ? (size_t)step : 0;
		written += left;
		for (; count > 0 && left >= parts->iov_len; parts++, count--)
			left -= parts->iov_len;
		if (count > 0) {
			parts->iov_base = (uint8_t *)parts->iov_base + left;
			parts->iov_len -= left;
		}
	}
	return written;
}

/* What items look like when they are written, two parts each. */
struct rendering {
	struct iovec parts[2 * STEP];
	size_t sizes[STEP]; /* of both parts */
	char *lines[STEP];  /* JSON, owned; or NULL */
	size_t count;
};

static bool render(struct rendering *rendering, const struct output_format *format,
		   const relevo_item *item)
{
	static char newline = '\n';
	size_t i = rendering->count;
	struct iovec *body = &rendering->parts[2 * i];
	char *line = format->json ? item_to_json(item) : NULL;
	if (format->json && line == NULL)
		return false;
	body[0] = line != NULL ? (struct iovec){ line, strlen(line) }
			       : (struct iovec){ item->data, item->size };
	body[1] = (struct iovec){ format->json ? &newline : (char *)&format->separator,
				  format->json || format->separated ? 1 : 0 };
	rendering->lines[i] = line;
	rendering->sizes[i] = body[0].iov_len + body[1].iov_len;
	rendering->count++;
	return true;
}

/* Up to `count` items and, unless one alone has more, `most` bytes. False: errno says why. */
static bool render_step(struct rendering *rendering, const struct output_format *format,
			const relevo_item *items, size_t count, size_t most)
{
	size_t bytes = 0;
	rendering->count = 0;
	while (rendering->count < count) {
		size_t i = rendering->count;
		if (!render(rendering, format, &items[i]))
			return false;
		bytes += rendering->sizes[i];
		if (bytes > most && i > 0) {
			free(rendering->lines[i]);
			rendering->count--;
			return true;
		}
	}
	return true;
}

/* *count: how many to write; then, how many were tried. */
static size_t write_step(const struct output_format *format, const relevo_item *items,
			 size_t *count, size_t most)
{
	static struct rendering rendering;
	bool complete = render_step(&rendering, format, items, *count, most);
	int trouble = errno;
	*count = complete ? rendering.count : *count;
	size_t bytes = write_parts(rendering.parts, 2 * (int)rendering.count);
	if (!complete)
		errno = trouble;
	size_t whole = 0;
	while (whole < rendering.count && bytes >= rendering.sizes[whole])
		bytes -= rendering.sizes[whole++];
	for (size_t i = 0; i < rendering.count; i++)
		free(rendering.lines[i]);
	return whole;
}

size_t output_items(const struct output_format *format, const relevo_item *items, size_t count)
{
	size_t written = 0;
	while (written < count) {
		size_t step = count - written < STEP ? count - written : STEP;
		size_t done = write_step(format, items + written, &step, SIZE_MAX);
		written += done;
		if (done < step)
			break;
	}
	return written;
}

/* An error is ready to be told, too. */
static bool takes_more(void)
{
	struct pollfd output = { .fd = STDOUT_FILENO, .events = POLLOUT };
	return poll(&output, 1, 0) != 0;
}

size_t output_items_taken(const struct output_format *format, const relevo_item *items,
			  size_t count, bool *full)
{
	size_t written = 0;
	*full = false;
	while (written < count) {
		*full = !takes_more();
		if (*full)
			break;
		size_t step = count - written < STEP ? count - written : STEP;
		size_t done = write_step(format, items + written, &step, ATOMIC);
		written += done;
		if (done < step)
			break;
	}
	return written;
}

/* ---- the end ----------------------------------------------------------- */

int output_failure(void)
{
	static int told = EXIT_DONE;
	if (told == EXIT_DONE)
		told = failure_system("writing to standard output");
	return told;
}

int output_close(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_DONE;
	return output_failure();
}
