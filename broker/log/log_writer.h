#ifndef LOG_LOG_WRITER_H
#define LOG_LOG_WRITER_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Writes the log's lines to standard error from a thread of its own: whoever reads them may
 * stand still, and the descriptor, which others share, cannot be made non-blocking for us
 * alone. Lines wait in a room of fixed size; those that find none, or cannot be written,
 * are counted.
 */
struct log_writer_hooks {
	/* When the thread has to look after something though no line comes, or NSEC_NEVER. */
	nsec_t (*due)(void);
	/* It is due, or `last`: the writer ends. Lines that are added come next. */
	void (*tell)(bool last);
	/* Put a line together that says that so many were lost. Its size. */
	size_t (*format_lost)(char *line, size_t room, uint64_t count);
};

/* Returns 0 or an error number. `hooks` must last; they are called with the lock held. */
int log_writer_start(const struct log_writer_hooks *hooks);

/* Write what waits, for so long at most; then whatever still waits is left behind. */
void log_writer_stop(uint32_t msec);

/* What follows is guarded by this lock. */
void log_writer_lock(void);
void log_writer_unlock(void);

bool log_writer_runs(void);

/* A whole line; dropped and counted when there is no room. */
void log_writer_add(const char *line, size_t size);

#endif
