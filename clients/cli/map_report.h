#ifndef CLI_MAP_REPORT_H
#define CLI_MAP_REPORT_H

#include "cli/map_tasks.h"

/* What has become of the tasks of "pool map" so far. */
struct map_report {
	bool json, progress;
	uint64_t done, failed;
	bool shown; /* a line of progress, without an end */
	struct {
		uint64_t done, failed;
		size_t under_way;
	} told; /* by the last line of it */
};

/* Write a result, whole. An exit status: not EXIT_DONE when the task failed in a way that
 * the others would too, which has been said, or the output is not read any more. */
int map_report_task(struct map_report *report, const struct map_task *task);

/* A task that could not be submitted. */
void map_report_refused(struct map_report *report, const struct relevo_bytes *argument, int status);

/* Whether it has come further since that was said, if it is to be said. */
bool map_report_has_news(const struct map_report *report, size_t under_way);

/* How far it is, on standard error, if that is asked for. */
void map_report_progress(struct map_report *report, size_t under_way);

/* The end of that. */
void map_report_end(struct map_report *report);

#endif
