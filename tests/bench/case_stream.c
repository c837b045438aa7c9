/* The throughput of one queue, with small or large items, beside a raw relay. */
#include "bench/actors.h"
#include "bench/cases.h"
#include "bench/die.h"
#include "bench/queue_name.h"
#include "bench/raw_figures.h"

#include <stdlib.h>

/* Items go through one queue, as fast as they can. */
enum {
	SMALL_SIZE = 64,
	SMALL_ITEMS = 1000 * 1000,
	BATCH = 1000,
	SINGLE_PUTS = 500 * 1000,
	SINGLE_GETS = 20 * 1000,
	LARGE_SIZE = 1024 * 1024,
	LARGE_ITEMS = 256,
	RAW_BATCH = 96 * SMALL_SIZE,
	RAW_LARGE = 64 * 1024,
};

static const double bytes_per_mb = 1e6;

struct stream {
	const char *url;
	struct queue_name queue;
	size_t items, size;
	/* As many at a time: in calls of put_many, and of lease or get_many. */
	size_t put_batch, get_batch;
	bool lease; /* and acknowledge; else get */
};

static struct stream stream_new(const struct fixture *fixture, size_t items, size_t size)
{
	return (struct stream){
		.url = fixture->url,
		.queue = queue_name_new("stream"),
		.items = items,
		.size = size,
		.put_batch = BATCH,
		.get_batch = BATCH,
	};
}

/* ---- putting ---------------------------------------------------------- */

static void put_items(const struct stream *stream, relevo_queue *queue)
{
	struct relevo_bytes items[BATCH];
	void *bytes = calloc(1, stream->size);
	if (bytes == NULL)
		die("no memory for an item");
	for (size_t i = 0; i < BATCH; i++)
		items[i] = (struct relevo_bytes){ bytes, stream->size };
	for (size_t left = stream->items; left > 0;) {
		size_t count = left < stream->put_batch ? left : stream->put_batch;
		int status = count == 1 ? relevo_queue_put(queue, items[0].data, items[0].size,
							   RELEVO_FOREVER)
					: relevo_queue_put_many(queue, items, count, RELEVO_FOREVER,
								NULL);
		must(status, "putting");
		left -= count;
	}
	free(bytes);
}

/* What is refused is fast, too. */
static void check_put(const struct stream *stream, relevo_queue *queue)
{
	struct relevo_queue_state counts;
	must(relevo_queue_inspect(queue, &counts), "relevo_queue_inspect");
	if (counts.put != stream->items)
		die("of %zu items %llu were put", stream->items, (unsigned long long)counts.put);
}

static void produce(struct actor *self, const void *context)
{
	const struct stream *stream = context;
	relevo_session *session = session_to(stream->url);
	relevo_queue *queue = queue_of(session, &stream->queue);
	actor_ready(self);
	put_items(stream, queue);
	must(relevo_session_flush(session, RELEVO_FOREVER), "relevo_session_flush");
	actor_done(self);
	check_put(stream, queue);
	relevo_queue_close(queue);
	must(relevo_session_close(session), "relevo_session_close");
}

/* ---- getting ---------------------------------------------------------- */

static size_t get_batch(const struct stream *stream, relevo_queue *queue, relevo_item *items)
{
	size_t got = 1;
	if (stream->lease)
		must(relevo_queue_lease(queue, RELEVO_FOREVER, items, stream->get_batch, &got),
		     "relevo_queue_lease");
	else if (stream->get_batch == 1)
		must(relevo_queue_get(queue, RELEVO_FOREVER, items), "relevo_queue_get");
	else
		must(relevo_queue_get_many(queue, RELEVO_FOREVER, items, stream->get_batch, &got),
		     "relevo_queue_get_many");
	for (size_t i = 0; i < got; i++) {
		if (items[i].size != stream->size)
			die("an item of %zu bytes came as one of %zu", stream->size, items[i].size);
	}
	return got;
}

static void get_items(const struct stream *stream, relevo_queue *queue)
{
	relevo_item items[BATCH];
	for (size_t left = stream->items; left > 0;) {
		size_t got = get_batch(stream, queue, items);
		if (stream->lease)
			must(relevo_queue_ack(queue, items, got), "relevo_queue_ack");
		for (size_t i = 0; i < got; i++)
			relevo_item_free(&items[i]);
		left -= got;
	}
}

static void consume_from(struct actor *self, const struct stream *stream, bool fill_first)
{
	relevo_session *session = session_to(stream->url);
	relevo_queue *queue = queue_of(session, &stream->queue);
	if (fill_first) {
		put_items(stream, queue);
		must(relevo_session_flush(session, RELEVO_FOREVER), "relevo_session_flush");
	}
	actor_ready(self);
	get_items(stream, queue);
	must(relevo_session_flush(session, RELEVO_FOREVER), "relevo_session_flush");
	actor_done(self);
	relevo_queue_close(queue);
	must(relevo_session_close(session), "relevo_session_close");
}

static void consume(struct actor *self, const void *context)
{
	consume_from(self, context, false);
}

static void consume_what_is_there(struct actor *self, const void *context)
{
	consume_from(self, context, true);
}

/* ---- the figures ------------------------------------------------------ */

/* Items a second from one process to another. */
static double flow(const struct stream *stream)
{
	const struct role roles[] = { { produce, stream }, { consume, stream } };
	return (double)stream->items / actors_run(roles, 2);
}

double queue_batch(const struct fixture *fixture)
{
	struct stream stream = stream_new(fixture, SMALL_ITEMS, SMALL_SIZE);
	stream.lease = true;
	return flow(&stream);
}

double queue_get_batch(const struct fixture *fixture)
{
	const struct stream stream = stream_new(fixture, SMALL_ITEMS, SMALL_SIZE);
	return flow(&stream);
}

double queue_put_one(const struct fixture *fixture)
{
	struct stream stream = stream_new(fixture, SINGLE_PUTS, SMALL_SIZE);
	stream.put_batch = 1;
	const struct role role = { produce, &stream };
	return (double)stream.items / actors_run(&role, 1);
}

double queue_get_one(const struct fixture *fixture)
{
	struct stream stream = stream_new(fixture, SINGLE_GETS, SMALL_SIZE);
	stream.get_batch = 1;
	const struct role role = { consume_what_is_there, &stream };
	return (double)stream.items / actors_run(&role, 1);
}

double queue_large(const struct fixture *fixture)
{
	struct stream stream = stream_new(fixture, LARGE_ITEMS, LARGE_SIZE);
	stream.put_batch = stream.get_batch = 1;
	return flow(&stream) * LARGE_SIZE / bytes_per_mb;
}

/* ---- their yardsticks ------------------------------------------------- */

double raw_batched(const struct fixture *fixture)
{
	/* So much faster that it needs more to do. */
	const size_t items = 8 * (size_t)SMALL_ITEMS;
	(void)fixture;
	return (double)items / raw_stream(items * SMALL_SIZE, RAW_BATCH);
}

double raw_single(const struct fixture *fixture)
{
	(void)fixture;
	return SINGLE_PUTS / raw_stream((size_t)SINGLE_PUTS * SMALL_SIZE, SMALL_SIZE);
}

double raw_large(const struct fixture *fixture)
{
	const size_t bytes = 2 * (size_t)LARGE_ITEMS * LARGE_SIZE;
	(void)fixture;
	return (double)bytes / raw_stream(bytes, RAW_LARGE) / bytes_per_mb;
}
