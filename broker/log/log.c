/* Writing a line of the log: its level, its fields, its escapes. */
#include "log/log.h"

#include "base/clock.h"
#include "base/mutant.h"
#include "log/log_limit.h"
#include "log/log_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long the end of the program waits for whoever reads the log. */
enum { LAST_LINES_MSEC = 1000 };

static enum log_level threshold = LOG_LEVEL_INFO;
static struct log_limit limit; /* guarded by the writer's lock */

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

/* All but printable ASCII is spelled out, as in messages: others' words neither act on a terminal
 * nor deceive who reads them, by marks that turn the direction for instance. */
static bool log_is_plain(unsigned char byte)
{
	return byte >= 0x20 && (MUTANT(log_deceives) || byte < 0x7f);
}

static void put_quoted(struct line *line, const char *text)
{
	put_char(line, '"');
	for (const unsigned char *byte = (const unsigned char *)text; *byte != '\0'; byte++) {
		char escaped[8];
		if (*byte == '"' || *byte == '\\') {
			put_char(line, '\\');
			put_char(line, (char)*byte);
		} else if (!log_is_plain(*byte)) {
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

static void put_field(struct line *line, const struct log_field *field)
{
	char number[24];
	put_char(line, ' ');
	put_text(line, field->key);
	put_char(line, '=');
	if (field->text != NULL) {
		put_quoted(line, field->text);
	} else {
		snprintf(number, sizeof number, "%" PRId64, field->number);
		put_text(line, number);
	}
}

static void put_line(struct line *line, enum log_level level, const char *event,
		     const struct log_field *fields, int count)
{
	line->used = 0;
	put_time(line);
	put_text(line, " level=");
	put_text(line, level_names[level]);
	put_text(line, " event=");
	put_text(line, event);
	for (int i = 0; i < count; i++)
		put_field(line, &fields[i]);
	line->text[line->used++] = '\n';
}

void log_write(enum log_level level, const char *event, const struct log_field *fields, int count)
{
	struct line line;
	if (level > threshold)
		return;
	log_writer_lock();
	if (!log_writer_runs()) {
		put_line(&line, level, event, fields, count);
		/* Nothing can be done about a log that cannot be written. */
		ssize_t written = write(STDERR_FILENO, line.text, line.used);
		(void)written;
	} else if (level == LOG_LEVEL_DEBUG || log_limit_admit(&limit, event, clock_now())) {
		put_line(&line, level, event, fields, count);
		log_writer_add(line.text, line.used);
	}
	log_writer_unlock();
}

/* ---- the thread that writes --------------------------------------------- */

static nsec_t limit_due(void)
{
	return log_limit_due(&limit);
}

static void tell_repeats(bool last)
{
	const char *event;
	uint64_t count;
	struct line line;
	while (log_limit_report(&limit, last ? NSEC_NEVER : clock_now(), &event, &count)) {
		const struct log_field fields[] = { LOG_TEXT("of", event),
						    LOG_NUMBER("count", count) };
		put_line(&line, LOG_LEVEL_WARNING, "repeats", fields, 2);
		log_writer_add(line.text, line.used);
	}
}

static size_t format_lost(char *text, size_t room, uint64_t count)
{
	const struct log_field field = LOG_NUMBER("count", count);
	struct line line;
	put_line(&line, LOG_LEVEL_WARNING, "log-lines-lost", &field, 1);
	size_t size = line.used < room ? line.used : room;
	memcpy(text, line.text, size);
	return size;
}

int log_start(void)
{
	static const struct log_writer_hooks hooks = { limit_due, tell_repeats, format_lost };
	return log_writer_start(&hooks);
}

void log_stop(void)
{
	log_writer_stop(LAST_LINES_MSEC);
}
