/* A durable queue with more than the broker may have in memory: what it takes, and what it takes to
 * be there again. */
#include "base/clock.h"
#include "bench/cases.h"
#include "bench/die.h"
#include "bench/queue_name.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE = 1024, BATCH = 1000, MEASURED_MOST = BENCH_MAX_ROUNDS + 1 };

static const char max_memory[] = "512M";
static const char name[] = "bench-deep";
static const double bytes_per_mb = 1e6;

size_t durable_deep_items = 1000 * 1000;

/* Of one broker with one queue. */
struct deep {
	double put;      /* MB a second */
	double resident; /* MB, with all items there */
	double written;  /* bytes for each byte of the items */
	double killed;   /* ms until it was ready again */
	double stopped;
	double get; /* MB a second, all that is left */
};

/* ---- its items ---------------------------------------------------------------- */

static relevo_queue *open_deep(relevo_session *session)
{
	const struct relevo_queue_options options = { .durable = true };
	relevo_queue *queue;
	must(relevo_queue_open(session, name, &options, &queue), "relevo_queue_open");
	return queue;
}

/* Each begins with its number. */
static void put_batch(relevo_queue *queue, uint64_t first)
{
	static uint8_t bytes[BATCH][SIZE];
	struct relevo_bytes items[BATCH];
	for (uint64_t i = 0; i < BATCH; i++) {
		uint64_t number = first + i;
		memcpy(bytes[i], peer_bytes(), SIZE);
		memcpy(bytes[i], &number, sizeof number);
		items[i] = (struct relevo_bytes){ bytes[i], SIZE };
	}
	must(relevo_queue_put_many(queue, items, BATCH, RELEVO_FOREVER, NULL),
	     "relevo_queue_put_many");
}

static void expect_items(relevo_queue *queue, size_t expected)
{
	struct relevo_queue_state counts;
	must(relevo_queue_inspect(queue, &counts), "relevo_queue_inspect");
	if (counts.ready != expected)
		die("%llu items are there where %zu should be", (unsigned long long)counts.ready,
		    expected);
}

static void expect_batch(relevo_queue *queue, uint64_t first)
{
	relevo_item items[BATCH];
	for (size_t done = 0, got; done < BATCH; done += got) {
		must(relevo_queue_get_many(queue, RELEVO_FOREVER, items, BATCH - done, &got),
		     "relevo_queue_get_many");
		for (size_t i = 0; i < got; i++) {
			uint64_t number = first + done + i;
			if (items[i].size != SIZE ||
			    memcmp(items[i].data, &number, sizeof number) != 0 ||
			    memcmp((const uint8_t *)items[i].data + sizeof number,
				   peer_bytes() + sizeof number, SIZE - sizeof number) != 0)
				die("item %llu is not what was put", (unsigned long long)number);
			relevo_item_free(&items[i]);
		}
	}
}

/* ---- the measurement ------------------------------------------------------------ */

/* Seconds. */
static double fill(const struct fixture *fixture)
{
	relevo_session *session = session_to(fixture->url);
	relevo_queue *queue = open_deep(session);
	nsec_t begin = clock_now();
	for (uint64_t i = 0; i + BATCH <= durable_deep_items; i += BATCH)
		put_batch(queue, i);
	must(relevo_session_flush(session, RELEVO_FOREVER), "relevo_session_flush");
	double seconds = (double)(clock_now() - begin) / (double)NSEC_PER_SEC;
	expect_items(queue, durable_deep_items / BATCH * BATCH);
	relevo_queue_close(queue);
	must(relevo_session_close(session), "relevo_session_close");
	return seconds;
}

/* Milliseconds until it is ready. It has to have all but the first `gone` batches, of which
 * it then loses one more. */
static double start_again(struct fixture *fixture, const char *data, size_t gone)
{
	nsec_t begin = clock_now();
	fixture_start_durable(fixture, data, max_memory);
	double msec = (double)(clock_now() - begin) * 1e3 / (double)NSEC_PER_SEC;
	relevo_session *session = session_to(fixture->url);
	relevo_queue *queue = open_deep(session);
	expect_items(queue, (durable_deep_items / BATCH - gone) * BATCH);
	expect_batch(queue, gone * BATCH);
	must(relevo_session_flush(session, RELEVO_FOREVER), "relevo_session_flush");
	relevo_queue_close(queue);
	must(relevo_session_close(session), "relevo_session_close");
	return msec;
}

/* Seconds to get what is left, each item as it was put. */
static double drain(const struct fixture *fixture, size_t gone)
{
	relevo_session *session = session_to(fixture->url);
	relevo_queue *queue = open_deep(session);
	nsec_t begin = clock_now();
	for (size_t i = gone; i < durable_deep_items / BATCH; i++)
		expect_batch(queue, i * BATCH);
	must(relevo_session_flush(session, RELEVO_FOREVER), "relevo_session_flush");
	double seconds = (double)(clock_now() - begin) / (double)NSEC_PER_SEC;
	expect_items(queue, 0);
	relevo_queue_close(queue);
	must(relevo_session_close(session), "relevo_session_close");
	return seconds;
}

static struct deep measure(void)
{
	const double bytes = (double)(durable_deep_items / BATCH * BATCH) * SIZE;
	struct fixture fixture;
	struct deep deep;
	char data[FOLDER_PATH];
	folder_new("deep", data);
	fixture_start_durable(&fixture, data, max_memory);
	deep.put = bytes / fill(&fixture) / bytes_per_mb;
	deep.resident = fixture_resident(&fixture) / bytes_per_mb;
	deep.written = fixture_written(&fixture) / bytes;
	fixture_kill(&fixture);
	deep.killed = start_again(&fixture, data, 0);
	fixture_stop(&fixture);
	deep.stopped = start_again(&fixture, data, 1);
	deep.get = (bytes - 2 * BATCH * SIZE) / drain(&fixture, 2) / bytes_per_mb;
	fixture_stop(&fixture);
	folder_remove(data);
	return deep;
}

/* Each round of the first case measures all of it; the others have the same rounds. */
static const struct deep *deep_round(size_t *rounds)
{
	static struct deep measured[MEASURED_MOST];
	static size_t count;
	size_t round = (*rounds)++;
	if (round == count)
		measured[count++] = measure();
	return &measured[round];
}

double durable_deep_put(const struct fixture *fixture)
{
	static size_t rounds;
	(void)fixture;
	return deep_round(&rounds)->put;
}

double durable_deep_memory(const struct fixture *fixture)
{
	static size_t rounds;
	(void)fixture;
	return deep_round(&rounds)->resident;
}

double durable_deep_written(const struct fixture *fixture)
{
	static size_t rounds;
	(void)fixture;
	return deep_round(&rounds)->written;
}

double durable_deep_killed(const struct fixture *fixture)
{
	static size_t rounds;
	(void)fixture;
	return deep_round(&rounds)->killed;
}

double durable_deep_stopped(const struct fixture *fixture)
{
	static size_t rounds;
	(void)fixture;
	return deep_round(&rounds)->stopped;
}

double durable_deep_get(const struct fixture *fixture)
{
	static size_t rounds;
	(void)fixture;
	return deep_round(&rounds)->get;
}
