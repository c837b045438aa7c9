#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include "bench/fixture.h"

#include <stdbool.h>
#include <stdio.h>

/* One measurement: a figure in the unit of its case; NAN when it cannot be had
 * on this machine. */
typedef double bench_figure(const struct fixture *fixture);

struct bench_case {
	const char *name;
	const char *unit;
	bench_figure *figure;
	const char *versus; /* what it is compared with; NULL: nothing */
	bench_figure *versus_figure;
	/* All processes on one processor: how a scheduler spreads them makes a
	 * round trip twice as long or half; this leaves the work itself. */
	bool one_processor;
};

/* Of one figure over all rounds. `median` is NAN when it could not be had. */
struct bench_summary {
	double median, least, most;
};

struct bench_result {
	struct bench_summary own, versus;
	double ratio; /* of the medians; NAN without a comparison */
};

enum { BENCH_MIN_ROUNDS = 5, BENCH_MAX_ROUNDS = 1000 };

/*
 * Measure with a broker of the case's own: case and comparison by turns, so that
 * what disturbs the machine disturbs both; one round more than `rounds`, since
 * the first only warms up.
 */
void bench_measure(const struct bench_case *bench, int rounds, struct bench_result *result);

#endif
