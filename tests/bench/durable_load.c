/* Putting, and taking, through any server of durable queues. */
#include "bench/durable_load.h"

#include "bench/actors.h"
#include "bench/die.h"

#include <stdio.h>

enum { WARM_UP = 10, LEFT = 5000, LEFT_SIZE = 64 };

struct load {
	const struct peer *peer;
	char queue[64];
	size_t items, size;
};

static struct load load_new(const struct peer *peer, size_t items, size_t size)
{
	static int number;
	struct load load = { .peer = peer, .items = peer_items(peer, items), .size = size };
	snprintf(load.queue, sizeof load.queue, "bench-%s-%d", peer->suffix, number++);
	return load;
}

static void expect_count(const struct load *load, void *client, size_t expected)
{
	size_t there = load->peer->count(client);
	if (there != expected)
		die("%s has %zu items where %zu should be", load->peer->name, there, expected);
}

static void put_confirmed(struct actor *self, const void *context)
{
	const struct load *load = context;
	void *client = load->peer->open(load->queue);
	for (size_t i = 0; i < WARM_UP; i++)
		load->peer->put(client, load->size);
	actor_ready(self);
	for (size_t i = 0; i < load->items; i++)
		load->peer->put(client, load->size);
	actor_done(self);
	expect_count(load, client, load->items + WARM_UP);
	load->peer->remove(client);
	load->peer->close(client);
}

double load_confirmed(const struct peer *peer, size_t items, size_t size)
{
	const struct load load = load_new(peer, items, size);
	const struct role role = { put_confirmed, &load };
	return actors_run(&role, 1) * 1e6 / (double)load.items;
}

static void put_pipelined(struct actor *self, const void *context)
{
	const struct load *load = context;
	void *client = load->peer->open(load->queue);
	actor_ready(self);
	load->peer->put_many(client, load->items, load->size);
	actor_done(self);
	expect_count(load, client, load->items);
	load->peer->remove(client);
	load->peer->close(client);
}

double load_pipelined(const struct peer *peer, size_t items, size_t size)
{
	const struct load load = load_new(peer, items, size);
	const struct role role = { put_pipelined, &load };
	return (double)load.items / actors_run(&role, 1);
}

static void produce(struct actor *self, const void *context)
{
	const struct load *load = context;
	void *client = load->peer->open(load->queue);
	actor_ready(self);
	load->peer->put_many(client, load->items, load->size);
	actor_done(self);
	load->peer->close(client);
}

static void consume(struct actor *self, const void *context)
{
	const struct load *load = context;
	void *client = load->peer->open(load->queue);
	actor_ready(self);
	load->peer->take_many(client, load->items, load->size);
	actor_done(self);
	expect_count(load, client, 0);
	load->peer->close(client);
}

double load_through(const struct peer *peer, size_t items, size_t size)
{
	const struct load load = load_new(peer, items, size);
	const struct role roles[] = { { produce, &load }, { consume, &load } };
	return (double)load.items / actors_run(roles, 2);
}

/* ---- whether they outlive it -------------------------------------------------- */

static struct load load_left(const struct peer *peer)
{
	return (struct load){
		.peer = peer, .queue = "bench-left", .items = LEFT, .size = LEFT_SIZE
	};
}

static void find(struct actor *self, const void *context)
{
	const struct load *load = context;
	void *client = load->peer->open(load->queue);
	actor_ready(self);
	expect_count(load, client, load->items);
	actor_done(self);
	load->peer->close(client);
}

void load_leave(const struct peer *peer)
{
	const struct load load = load_left(peer);
	const struct role role = { produce, &load };
	actors_run(&role, 1);
}

void load_find(const struct peer *peer)
{
	const struct load load = load_left(peer);
	const struct role role = { find, &load };
	actors_run(&role, 1);
}
