/* Which events the log tells in full, and the count of those it does not. */
#include "log/log_limit.h"

#include "base/mutant.h"

#include <string.h>

static struct log_kind *log_limit_find(struct log_limit *limit, const char *event, nsec_t now)
{
	for (int i = 0; i < limit->count; i++) {
		if (strcmp(limit->kinds[i].event, event) == 0)
			return &limit->kinds[i];
	}
	if (limit->count == LOG_LIMIT_KINDS)
		return NULL;
	struct log_kind *kind = &limit->kinds[limit->count++];
	*kind = (struct log_kind){ .event = event, .budget = LOG_LIMIT_BURST, .seen = now };
	return kind;
}

static void refill(struct log_kind *kind, nsec_t now)
{
	double seconds = (double)(now - kind->seen) / (double)NSEC_PER_SEC;
	kind->budget += seconds * LOG_LIMIT_PER_SECOND;
	if (kind->budget > LOG_LIMIT_BURST)
		kind->budget = LOG_LIMIT_BURST;
	kind->seen = now;
}

bool log_limit_admit(struct log_limit *limit, const char *event, nsec_t now)
{
	struct log_kind *kind = log_limit_find(limit, event, now);
	if (kind == NULL || MUTANT(log_without_limit))
		return true;
	refill(kind, now);
	if (kind->budget >= 1) {
		kind->budget -= 1;
		return true;
	}
	if (kind->held_back++ == 0)
		kind->report_at = now + LOG_LIMIT_REPORT_SECONDS * NSEC_PER_SEC;
	return false;
}

nsec_t log_limit_due(const struct log_limit *limit)
{
	nsec_t due = NSEC_NEVER;
	for (int i = 0; i < limit->count; i++) {
		const struct log_kind *kind = &limit->kinds[i];
		if (kind->held_back > 0 && kind->report_at < due)
			due = kind->report_at;
	}
	return due;
}

bool log_limit_report(struct log_limit *limit, nsec_t now, const char **event, uint64_t *count)
{
	for (int i = 0; i < limit->count; i++) {
		struct log_kind *kind = &limit->kinds[i];
		if (kind->held_back == 0 || kind->report_at > now)
			continue;
		*event = kind->event;
		*count = kind->held_back;
		kind->held_back = 0;
		return true;
	}
	return false;
}
