#ifndef LOG_LOG_LIMIT_H
#define LOG_LOG_LIMIT_H

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * How often an event may stand in the log. Whoever is refused can try again a hundred
 * thousand times a second, and must not fill a disk with it: of each kind of event some
 * are told in full, the others are counted.
 */
enum {
	LOG_LIMIT_KINDS = 32,
	LOG_LIMIT_BURST = 500, /* in full, after a quiet time */
	LOG_LIMIT_PER_SECOND = 5,
	LOG_LIMIT_REPORT_SECONDS = 10, /* between two reports of what was counted */
};

struct log_kind {
	const char *event; /* a fixed word */
	double budget;     /* that may still be told in full */
	nsec_t seen;       /* when the budget was right */
	uint64_t held_back;
	nsec_t report_at; /* while something is held back */
};

/* Zero-initialised is empty and valid. What is of no kind that has room is not limited. */
struct log_limit {
	struct log_kind kinds[LOG_LIMIT_KINDS];
	int count;
};

/* Whether this one is told in full; otherwise it has been counted. */
bool log_limit_admit(struct log_limit *limit, const char *event, nsec_t now);

/* When the next report is due, or NSEC_NEVER. */
nsec_t log_limit_due(const struct log_limit *limit);

/* One that is due: the event, and how many of it were held back since the last report.
 * False: none is. */
bool log_limit_report(struct log_limit *limit, nsec_t now, const char **event, uint64_t *count);

#endif
