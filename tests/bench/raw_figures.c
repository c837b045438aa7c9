/* The round trip and the throughput of the raw relay. */
#include "bench/raw_figures.h"

#include "bench/actors.h"
#include "bench/die.h"

#include <stdlib.h>
#include <unistd.h>

enum { ROUND_TRIPS = 10000, MOST_BYTES = 4096, READ_SIZE = 256 * 1024 };

static void write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t done = write(fd, bytes, size);
		if (done <= 0)
			die_errno("writing to the raw relay");
		bytes += done;
		size -= (size_t)done;
	}
}

static void read_all(int fd, char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t done = read(fd, bytes, size);
		if (done <= 0)
			die_errno("reading from the raw relay");
		bytes += done;
		size -= (size_t)done;
	}
}

/* ---- round trip ------------------------------------------------------- */

struct ping_pong {
	struct raw_relay relay;
	size_t size;
};

static void ping(struct actor *self, const void *context)
{
	const struct ping_pong *game = context;
	char bytes[MOST_BYTES] = { 0 };
	actor_ready(self);
	for (int i = 0; i < ROUND_TRIPS; i++) {
		write_all(game->relay.ends[0], bytes, game->size);
		read_all(game->relay.ends[0], bytes, game->size);
	}
	actor_done(self);
}

static void pong(struct actor *self, const void *context)
{
	const struct ping_pong *game = context;
	char bytes[MOST_BYTES];
	actor_ready(self);
	for (int i = 0; i < ROUND_TRIPS; i++) {
		read_all(game->relay.ends[1], bytes, game->size);
		write_all(game->relay.ends[1], bytes, game->size);
	}
	actor_done(self);
}

double raw_round_trip(enum raw_relay_over over, size_t size)
{
	struct ping_pong game = { .size = size };
	const struct role roles[] = { { ping, &game }, { pong, &game } };
	raw_relay_start(&game.relay, over);
	double seconds = actors_run(roles, 2);
	raw_relay_stop(&game.relay);
	return seconds * 1e6 / ROUND_TRIPS;
}

/* ---- one way ---------------------------------------------------------- */

struct stream {
	struct raw_relay relay;
	size_t total, chunk;
};

static void pour(struct actor *self, const void *context)
{
	const struct stream *stream = context;
	char *bytes = calloc(1, stream->chunk);
	if (bytes == NULL)
		die("no memory for a chunk");
	actor_ready(self);
	for (size_t left = stream->total; left > 0;) {
		size_t size = left < stream->chunk ? left : stream->chunk;
		write_all(stream->relay.ends[0], bytes, size);
		left -= size;
	}
	actor_done(self);
	free(bytes);
}

static void drain(struct actor *self, const void *context)
{
	const struct stream *stream = context;
	static char bytes[READ_SIZE];
	actor_ready(self);
	for (size_t left = stream->total; left > 0;) {
		ssize_t got = read(stream->relay.ends[1], bytes, sizeof bytes);
		if (got <= 0)
			die_errno("reading from the raw relay");
		left -= (size_t)got;
	}
	actor_done(self);
}

double raw_stream(size_t total, size_t chunk)
{
	struct stream stream = { .total = total, .chunk = chunk };
	const struct role roles[] = { { pour, &stream }, { drain, &stream } };
	raw_relay_start(&stream.relay, RAW_OVER_UNIX);
	double seconds = actors_run(roles, 2);
	raw_relay_stop(&stream.relay);
	return seconds;
}
