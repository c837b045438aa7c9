#ifndef LOG_LOG_H
#define LOG_LOG_H

#include <stdint.h>

/*
 * The broker's log: one line an event on standard error,
 *
 *   time=2026-01-31T12:00:00.123Z level=info event=peer-gone session=7 ...
 *
 * The library never logs. `event` is a fixed word; the rest are key=value
 * pairs made by LOG_* below, strings quoted and made printable.
 *
 * Once started, the log holds nobody up: see log_writer.h. What cannot be written is lost,
 * and counted by "log-lines-lost"; of what comes again and again, see log_limit.h, the rest
 * is counted by "repeats". Before, each line is written at once.
 */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log_field {
	const char *key;
	const char *text; /* NULL: the field is `number` */
	int64_t number;
};

#define LOG_TEXT(k, v)   ((struct log_field){ .key = (k), .text = (v) })
#define LOG_NUMBER(k, v) ((struct log_field){ .key = (k), .number = (int64_t)(v) })

/* Events less urgent than `level` are dropped from now on. Default: info. */
void log_set_level(enum log_level level);

/* The level of that name, or -1. */
int log_level_of(const char *name);

/* Have a thread write it from now on. Returns 0 or an error number. */
int log_start(void);

/* Write what waits, or leave it behind after a second. */
void log_stop(void);

void log_write(enum log_level level, const char *event, const struct log_field *fields, int count);

#define log_event(level, event, ...)                                                               \
	log_write(level, event, (const struct log_field[]){ __VA_ARGS__ },                         \
		  (int)(sizeof((const struct log_field[]){ __VA_ARGS__ }) /                        \
			sizeof(struct log_field)))
#define log_error(event, ...)   log_event(LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define log_warning(event, ...) log_event(LOG_LEVEL_WARNING, event, __VA_ARGS__)
#define log_info(event, ...)    log_event(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_debug(event, ...)   log_event(LOG_LEVEL_DEBUG, event, __VA_ARGS__)

#endif
