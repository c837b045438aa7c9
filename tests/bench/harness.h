#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include "bench/fixture.h"
#include "bench/peers/peer.h"

#include <stdbool.h>
#include <stdio.h>

/* One measurement: a figure in the unit of its case; NAN when it cannot be had
 * on this machine. */
typedef double bench_figure(const struct fixture *fixture);

/* The same of a server that relevo is compared with. */
typedef double bench_peer_figure(const struct peer *peer);

struct bench_case {
	const char *name;
	const char *unit;
	bench_figure *figure;
	const char *versus; /* what it is compared with; NULL: nothing */
	bench_figure *versus_figure;
	/* All processes on one processor: how a scheduler spreads them makes a
	 * round trip twice as long or half; this leaves the work itself. */
	bool one_processor;
	bool durable;                   /* its broker keeps what is durable in a folder */
	const char *disk;               /* another limit that it is compared with; or NULL */
	bench_figure *disk_figure;      /* of that */
	bench_peer_figure *peer_figure; /* compared with all peers, too; or NULL */
};

/* Of one figure over all rounds. `median` is NAN when it could not be had. */
struct bench_summary {
	double median, least, most;
};

/* What a case was compared with. */
struct bench_versus {
	const char *name;
	const char *suffix;  /* of the case's name; NULL: none */
	const char *promise; /* NULL: no matter */
	struct bench_summary summary;
	double ratio; /* of the medians */
};

enum { BENCH_MOST_VERSUS = 8 };

struct bench_result {
	struct bench_summary own;
	struct bench_versus versus[BENCH_MOST_VERSUS];
	size_t versus_count;
};

enum { BENCH_MIN_ROUNDS = 5, BENCH_MAX_ROUNDS = 1000 };

/*
 * Measure with a broker of the case's own: case and comparisons by turns, so that
 * what disturbs the machine disturbs all; one round more than `rounds`, since
 * the first only warms up.
 */
void bench_measure(const struct bench_case *bench, int rounds, struct bench_result *result);

#endif
