/* Throughput and memory of a queue that holds millions of items. */
#include "bench/actors.h"
#include "bench/cases.h"
#include "bench/die.h"
#include "bench/queue_name.h"

/* What an item costs in a queue that has many. */
enum {
	SIZE = 64,
	BATCH = 1000,
	DEEP = 5 * 1000 * 1000,
	SHALLOW = 1000,
	MOVED = 500 * 1000,
	KEPT = 1000 * 1000,
};

struct backlog {
	const char *url;
	struct queue_name queue;
	size_t depth;
};

static void put_batch(relevo_queue *queue)
{
	static uint8_t bytes[SIZE];
	struct relevo_bytes items[BATCH];
	for (size_t i = 0; i < BATCH; i++)
		items[i] = (struct relevo_bytes){ bytes, SIZE };
	must(relevo_queue_put_many(queue, items, BATCH, RELEVO_FOREVER, NULL), "putting");
}

static void get_batch(relevo_queue *queue)
{
	relevo_item items[BATCH];
	for (size_t left = BATCH, got; left > 0; left -= got) {
		must(relevo_queue_get_many(queue, RELEVO_FOREVER, items, left, &got),
		     "relevo_queue_get_many");
		for (size_t i = 0; i < got; i++)
			relevo_item_free(&items[i]);
	}
}

static void fill(relevo_session *session, relevo_queue *queue, size_t depth)
{
	for (size_t i = 0; i < depth; i += BATCH)
		put_batch(queue);
	must(relevo_session_flush(session, RELEVO_FOREVER), "relevo_session_flush");
}

/* As many go in as come out, so that the depth stays. */
static void put_and_get(struct actor *self, const void *context)
{
	const struct backlog *backlog = context;
	relevo_session *session = session_to(backlog->url);
	relevo_queue *queue = queue_of(session, &backlog->queue);
	fill(session, queue, backlog->depth);
	actor_ready(self);
	for (size_t i = 0; i < MOVED; i += BATCH) {
		put_batch(queue);
		get_batch(queue);
	}
	must(relevo_session_flush(session, RELEVO_FOREVER), "relevo_session_flush");
	actor_done(self);
	relevo_queue_close(queue);
	must(relevo_session_close(session), "relevo_session_close");
}

static double rate_at(const struct fixture *fixture, size_t depth)
{
	const struct backlog backlog = { .url = fixture->url,
					 .queue = queue_name_new("backlog"),
					 .depth = depth };
	const struct role role = { put_and_get, &backlog };
	return MOVED / actors_run(&role, 1);
}

double queue_deep(const struct fixture *fixture)
{
	return rate_at(fixture, DEEP);
}

double queue_shallow(const struct fixture *fixture)
{
	return rate_at(fixture, SHALLOW);
}

double queue_memory(const struct fixture *fixture)
{
	/* A broker that has had as many before does not grow any more. */
	static double at_first = -1;
	const struct queue_name name = queue_name_new("memory");
	relevo_session *session = session_to(fixture->url);
	relevo_queue *queue = queue_of(session, &name);
	if (at_first < 0)
		at_first = fixture_resident(fixture);
	fill(session, queue, KEPT);
	double after = fixture_resident(fixture);
	relevo_queue_close(queue);
	must(relevo_session_close(session), "relevo_session_close");
	return (after - at_first) / KEPT;
}
