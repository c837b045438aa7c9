/* Taking the figures of a case by turns, and their medians. */
#include "bench/harness.h"

#include "bench/die.h"
#include "bench/durable_load.h"
#include "bench/folder.h"

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

/* ---- what is measured by turns -------------------------------------------- */

/* The case itself, or what it is compared with. */
struct contestant {
	const char *name, *suffix;
	bench_figure *figure; /* NULL: a peer */
	bench_peer_figure *peer_figure;
	const struct peer *peer;
	struct service service; /* the peer's */
	double figures[BENCH_MAX_ROUNDS];
};

struct contest {
	struct contestant contestants[1 + BENCH_MOST_VERSUS]; /* first the case */
	size_t count;
};

static double figure_of(const struct contestant *contestant, const struct fixture *fixture)
{
	return contestant->figure != NULL ? contestant->figure(fixture)
					  : contestant->peer_figure(contestant->peer);
}

/* What is not on this machine does not take part. Its figure only warms up. */
static void add_figure(struct contest *contest, const char *name, bench_figure *figure,
		       const struct fixture *fixture)
{
	struct contestant *added = &contest->contestants[contest->count];
	if (name == NULL)
		return;
	*added = (struct contestant){ .name = name, .figure = figure };
	/* The case itself, and what it is compared with first, have one name. */
	added->suffix = contest->count > 1 ? "disk" : NULL;
	if (!isnan(figure(fixture)))
		contest->count++;
}

static void add_peer(struct contest *contest, const struct peer *peer, bench_peer_figure *figure)
{
	/* What it is told stays as long as it runs. */
	static char folders[BENCH_MOST_VERSUS][FOLDER_PATH];
	struct contestant *added = &contest->contestants[contest->count];
	char *folder = folders[contest->count - 1];
	*added = (struct contestant){ .name = peer->name, .suffix = peer->suffix };
	added->peer = peer;
	added->peer_figure = figure;
	folder_new(peer->suffix, folder);
	peer->start(&added->service, folder);
	figure(peer);
	contest->count++;
}

static void add_all(struct contest *contest, const struct bench_case *bench,
		    const struct fixture *fixture)
{
	*contest = (struct contest){ .count = 0 };
	add_figure(contest, bench->name, bench->figure, fixture);
	if (contest->count == 0)
		die("%s has no figure", bench->name);
	add_figure(contest, bench->versus, bench->versus_figure, fixture);
	add_figure(contest, bench->disk, bench->disk_figure, fixture);
	if (bench->peer_figure == NULL)
		return;
	for (const struct peer *const *peer = peers_here(); *peer != NULL; peer++)
		add_peer(contest, *peer, bench->peer_figure);
}

static void end_peers(struct contest *contest)
{
	for (size_t i = 0; i < contest->count; i++) {
		struct contestant *contestant = &contest->contestants[i];
		if (contestant->peer == NULL)
			continue;
		/* What it has not written is not needed. */
		service_kill(&contestant->service);
		folder_remove(contestant->service.folder);
	}
}

static void compare(struct contest *contest, int rounds, struct bench_result *result)
{
	result->own = summarize(contest->contestants[0].figures, rounds);
	result->versus_count = contest->count - 1;
	for (size_t i = 1; i < contest->count; i++) {
		struct contestant *contestant = &contest->contestants[i];
		struct bench_summary summary = summarize(contestant->figures, rounds);
		const struct peer *peer = contestant->peer;
		result->versus[i - 1] = (struct bench_versus){
			.name = contestant->name,
			.suffix = contestant->suffix,
			.promise = peer != NULL ? peer->promise : NULL,
			.summary = summary,
			.ratio = result->own.median / summary.median,
		};
	}
}

/* ---- measuring -------------------------------------------------------------- */

/* What was confirmed has to be there after the broker was killed: else its figures are of
 * something else. */
static void verify_durable(struct fixture *fixture, const char *data)
{
	relevo_peer_at(fixture->url);
	load_leave(&relevo_peer);
	fixture_kill(fixture);
	fixture_start_durable(fixture, data, NULL);
	relevo_peer_at(fixture->url);
	load_find(&relevo_peer);
}

static void play(struct contest *contest, int rounds, const struct fixture *fixture)
{
	for (int round = 0; round < rounds; round++) {
		for (size_t i = 0; i < contest->count; i++) {
			struct contestant *contestant = &contest->contestants[i];
			contestant->figures[round] = figure_of(contestant, fixture);
		}
	}
}

static void measure(const struct bench_case *bench, int rounds, struct bench_result *result)
{
	static struct contest contest;
	struct fixture fixture;
	char data[FOLDER_PATH];
	if (bench->durable) {
		folder_new("relevo", data);
		fixture_start_durable(&fixture, data, NULL);
	} else {
		fixture_start(&fixture);
	}
	add_all(&contest, bench, &fixture);
	play(&contest, rounds, &fixture);
	end_peers(&contest);
	if (bench->durable)
		verify_durable(&fixture, data);
	fixture_stop(&fixture);
	compare(&contest, rounds, result);
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
