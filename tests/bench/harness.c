/* Taking the figures of a case by turns, and their medians. */
#include "bench/harness.h"

#include "bench/die.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>

static int by_size(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

static struct bench_summary summarize(double *figures, int count)
{
	qsort(figures, (size_t)count, sizeof *figures, by_size);
	return (struct bench_summary){
		.median = (figures[(count - 1) / 2] + figures[count / 2]) / 2,
		.least = figures[0],
		.most = figures[count - 1],
	};
}

/* For this process and those it will start. `before`: what it was. */
static void stay_on_one_processor(cpu_set_t *before)
{
	cpu_set_t one;
	if (sched_getaffinity(0, sizeof *before, before) < 0)
		die_errno("sched_getaffinity");
	int last = CPU_SETSIZE - 1;
	while (!CPU_ISSET(last, before))
		last--;
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	if (sched_setaffinity(0, sizeof one, &one) < 0)
		die_errno("sched_setaffinity");
}

static void measure(const struct bench_case *bench, int rounds, struct bench_result *result)
{
	static const struct bench_summary unknown = { NAN, NAN, NAN };
	double own[BENCH_MAX_ROUNDS], versus[BENCH_MAX_ROUNDS];
	struct fixture fixture;
	fixture_start(&fixture);
	bench->figure(&fixture);
	bool compared = bench->versus != NULL && !isnan(bench->versus_figure(&fixture));
	for (int i = 0; i < rounds; i++) {
		own[i] = bench->figure(&fixture);
		if (compared)
			versus[i] = bench->versus_figure(&fixture);
	}
	fixture_stop(&fixture);
	result->own = summarize(own, rounds);
	result->versus = compared ? summarize(versus, rounds) : unknown;
	result->ratio = result->own.median / result->versus.median;
}

void bench_measure(const struct bench_case *bench, int rounds, struct bench_result *result)
{
	cpu_set_t before;
	if (!bench->one_processor) {
		measure(bench, rounds, result);
		return;
	}
	stay_on_one_processor(&before);
	measure(bench, rounds, result);
	sched_setaffinity(0, sizeof before, &before);
}
