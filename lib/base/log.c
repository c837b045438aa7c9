#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum log_level threshold = LOG_LEVEL_INFO;

static const char *const level_names[] = { "error", "warning", "info", "debug" };

void log_set_level(enum log_level level)
{
	threshold = level;
}

int log_level_of(const char *name)
{
	for (int i = 0; i < (int)(sizeof level_names / sizeof level_names[0]); i++) {
		if (strcmp(name, level_names[i]) == 0)
			return i;
	}
	return -1;
}

/* A line is built whole and written at once, so that lines of several
 * processes on one terminal or file do not mix. */
struct line {
	char text[1024];
	size_t used;
};

/* The last byte stays free for the newline. */
static void put_char(struct line *line, char c)
{
	if (line->used < sizeof line->text - 1)
		line->text[line->used++] = c;
}

static void put_text(struct line *line, const char *text)
{
	while (*text != '\0')
		put_char(line, *text++);
}

static void put_quoted(struct line *line, const char *text)
{
	put_char(line, '"');
	for (const unsigned char *byte = (const unsigned char *)text; *byte != '\0'; byte++) {
		char escaped[8];
		if (*byte == '"' || *byte == '\\') {
			put_char(line, '\\');
			put_char(line, (char)*byte);
		} else if (*byte < 0x20 || *byte == 0x7f) {
			snprintf(escaped, sizeof escaped, "\\x%02x", *byte);
			put_text(line, escaped);
		} else {
			put_char(line, (char)*byte);
		}
	}
	put_char(line, '"');
}

static void put_time(struct line *line)
{
	struct timespec now;
	struct tm utc;
	char text[64];
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	size_t size = strftime(text, sizeof text, "time=%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + size, sizeof text - size, ".%03ldZ", now.tv_nsec / 1000000);
	put_text(line, text);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields, int count)
{
	if (level > threshold)
		return;
	struct line line = { .used = 0 };
	put_time(&line);
	put_text(&line, " level=");
	put_text(&line, level_names[level]);
	put_text(&line, " event=");
	put_text(&line, event);
	for (int i = 0; i < count; i++) {
		char number[24];
		put_char(&line, ' ');
		put_text(&line, fields[i].key);
		put_char(&line, '=');
		if (fields[i].text != NULL) {
			put_quoted(&line, fields[i].text);
		} else {
			snprintf(number, sizeof number, "%" PRId64, fields[i].number);
			put_text(&line, number);
		}
	}
	line.text[line.used++] = '\n';
	/* Nothing can be done about a log that cannot be written. */
	ssize_t written = write(STDERR_FILENO, line.text, line.used);
	(void)written;
}
