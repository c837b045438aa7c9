#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench/harness.h"

/* A table for people on standard output. */
void report_heading(void);

/* Where the files of the cases behind it are, and what they promise. */
void report_disk(void);
void report_row(const struct bench_case *bench, const struct bench_result *result);

/* {"case":..., "value":..., "unit":..., "versus":..., "ratio":...} as one line:
 * `value` is the median, `versus` the name of what it is compared with and `ratio`
 * the value divided by that one's; both null where there is none. Of durable queues it also has
 * "file_system", "promise", "versus_value" and, of another server, "versus_promise"; what a case is
 * compared with besides the first has lines of its own, in which the case's name ends with what
 * that is. */
void report_json(FILE *file, const struct bench_case *bench, const struct bench_result *result);

#endif
