/* The round trip through two queues, beside a raw relay. */
#include "bench/actors.h"
#include "bench/cases.h"
#include "bench/die.h"
#include "bench/queue_name.h"
#include "bench/raw_figures.h"

/*
 * An item goes through one queue to another process, which answers through a
 * second one: what a request and its reply cost.
 */
enum { ROUND_TRIPS = 10000, WARM_UP = 200, ITEM_SIZE = 64 };

struct ping_pong {
	const char *url;
	struct queue_name there, back;
};

static void send_one(relevo_queue *queue)
{
	static const char bytes[ITEM_SIZE];
	must(relevo_queue_put(queue, bytes, sizeof bytes, RELEVO_FOREVER), "relevo_queue_put");
}

static void receive_one(relevo_queue *queue)
{
	relevo_item item;
	must(relevo_queue_get(queue, RELEVO_FOREVER, &item), "relevo_queue_get");
	relevo_item_free(&item);
}

static void ask(relevo_queue *there, relevo_queue *back, int count)
{
	for (int i = 0; i < count; i++) {
		send_one(there);
		receive_one(back);
	}
}

static void answer(relevo_queue *there, relevo_queue *back, int count)
{
	for (int i = 0; i < count; i++) {
		receive_one(there);
		send_one(back);
	}
}

static void play(struct actor *self, const struct ping_pong *game,
		 void (*part)(relevo_queue *there, relevo_queue *back, int count))
{
	relevo_session *session = session_to(game->url);
	relevo_queue *there = queue_of(session, &game->there);
	relevo_queue *back = queue_of(session, &game->back);
	part(there, back, WARM_UP);
	actor_ready(self);
	part(there, back, ROUND_TRIPS);
	must(relevo_session_flush(session, RELEVO_FOREVER), "relevo_session_flush");
	actor_done(self);
	relevo_queue_close(there);
	relevo_queue_close(back);
	must(relevo_session_close(session), "relevo_session_close");
}

static void play_asker(struct actor *self, const void *context)
{
	play(self, context, ask);
}

static void play_answerer(struct actor *self, const void *context)
{
	play(self, context, answer);
}

static double round_trip(const char *url)
{
	const struct ping_pong game = { url, queue_name_new("there"), queue_name_new("back") };
	const struct role roles[] = { { play_asker, &game }, { play_answerer, &game } };
	return actors_run(roles, 2) * 1e6 / ROUND_TRIPS;
}

double queue_round_trip(const struct fixture *fixture)
{
	return round_trip(fixture->url);
}

double tcp_round_trip(const struct fixture *fixture)
{
	return round_trip(fixture->tcp_url);
}

double raw_unix_round_trip(const struct fixture *fixture)
{
	(void)fixture;
	return raw_round_trip(RAW_OVER_UNIX, ITEM_SIZE);
}

double raw_tcp_round_trip(const struct fixture *fixture)
{
	(void)fixture;
	return raw_round_trip(RAW_OVER_TCP, ITEM_SIZE);
}
