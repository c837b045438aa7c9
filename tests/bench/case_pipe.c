/* Round trips and throughput of a pipe, beside bare sockets and Python. */
#include "bench/actors.h"
#include "bench/cases.h"
#include "bench/die.h"
#include "bench/python.h"
#include "bench/queue_name.h"

#include <relevo/relevo.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Two processes and a pipe: a message and its answer, or messages one way. */
enum {
	ROUND_TRIPS = 20000,
	MESSAGE = 64,
	SMALL_COUNT = 400000,
	LARGE = 64 * 1024,
	LARGE_COUNT = 20000
};

struct game {
	relevo_pipe *ends[2];
	int fds[2];
	size_t size;
	int count;
};

/* ---- a relevo pipe ------------------------------------------------------ */

static void send_one(relevo_pipe *pipe, const void *bytes, size_t size)
{
	must(relevo_pipe_send(pipe, bytes, size, RELEVO_FOREVER), "relevo_pipe_send");
}

static void receive_one(relevo_pipe *pipe, void *bytes, size_t size)
{
	size_t got;
	must(relevo_pipe_recv_into(pipe, RELEVO_FOREVER, bytes, size, &got),
	     "relevo_pipe_recv_into");
}

static void ask(struct actor *self, const void *context)
{
	const struct game *game = context;
	char bytes[MESSAGE] = { 0 };
	actor_ready(self);
	for (int i = 0; i < game->count; i++) {
		send_one(game->ends[0], bytes, sizeof bytes);
		receive_one(game->ends[0], bytes, sizeof bytes);
	}
	actor_done(self);
}

static void answer(struct actor *self, const void *context)
{
	const struct game *game = context;
	char bytes[MESSAGE];
	actor_ready(self);
	for (int i = 0; i < game->count; i++) {
		receive_one(game->ends[1], bytes, sizeof bytes);
		send_one(game->ends[1], bytes, sizeof bytes);
	}
	actor_done(self);
}

static void pour(struct actor *self, const void *context)
{
	const struct game *game = context;
	static const char bytes[LARGE];
	actor_ready(self);
	for (int i = 0; i < game->count; i++)
		send_one(game->ends[0], bytes, game->size);
	actor_done(self);
}

static void drain(struct actor *self, const void *context)
{
	const struct game *game = context;
	static char bytes[LARGE];
	actor_ready(self);
	for (int i = 0; i < game->count; i++)
		receive_one(game->ends[1], bytes, game->size);
	actor_done(self);
}

static double play(struct game *game, const struct role roles[2])
{
	must(relevo_pipe_pair(RELEVO_DIRECTION_BOTH, game->ends), "relevo_pipe_pair");
	double seconds = actors_run(roles, 2);
	relevo_pipe_close(game->ends[0]);
	relevo_pipe_close(game->ends[1]);
	return seconds;
}

double pipe_round_trip(const struct fixture *fixture)
{
	(void)fixture;
	struct game game = { .count = ROUND_TRIPS };
	const struct role roles[] = { { ask, &game }, { answer, &game } };
	return play(&game, roles) * 1e6 / ROUND_TRIPS;
}

static double messages_per_second(size_t size, int count)
{
	struct game game = { .size = size, .count = count };
	const struct role roles[] = { { pour, &game }, { drain, &game } };
	return count / play(&game, roles);
}

double pipe_small(const struct fixture *fixture)
{
	(void)fixture;
	return messages_per_second(MESSAGE, SMALL_COUNT);
}

double pipe_large(const struct fixture *fixture)
{
	(void)fixture;
	return messages_per_second(LARGE, LARGE_COUNT) * LARGE / 1e6;
}

/* ---- a bare socket pair ------------------------------------------------- */

static void write_one(int fd, const void *bytes, size_t size)
{
	if (write(fd, bytes, size) != (ssize_t)size)
		die_errno("writing to a socket pair");
}

static void read_one(int fd, void *bytes, size_t size)
{
	if (read(fd, bytes, size) != (ssize_t)size)
		die_errno("reading from a socket pair");
}

static void bare_ask(struct actor *self, const void *context)
{
	const struct game *game = context;
	char bytes[MESSAGE] = { 0 };
	actor_ready(self);
	for (int i = 0; i < game->count; i++) {
		write_one(game->fds[0], bytes, sizeof bytes);
		read_one(game->fds[0], bytes, sizeof bytes);
	}
	actor_done(self);
}

static void bare_answer(struct actor *self, const void *context)
{
	const struct game *game = context;
	char bytes[MESSAGE];
	actor_ready(self);
	for (int i = 0; i < game->count; i++) {
		read_one(game->fds[1], bytes, sizeof bytes);
		write_one(game->fds[1], bytes, sizeof bytes);
	}
	actor_done(self);
}

static double bare_pair_round_trip(int type)
{
	struct game game = { .count = ROUND_TRIPS };
	const struct role roles[] = { { bare_ask, &game }, { bare_answer, &game } };
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, game.fds) < 0)
		die_errno("socketpair");
	double seconds = actors_run(roles, 2);
	close(game.fds[0]);
	close(game.fds[1]);
	return seconds * 1e6 / ROUND_TRIPS;
}

/* Of bytes, which run together. */
double bare_round_trip(const struct fixture *fixture)
{
	(void)fixture;
	return bare_pair_round_trip(SOCK_STREAM);
}

/* Which keeps messages apart, as a pipe does. */
double bare_packet_round_trip(const struct fixture *fixture)
{
	(void)fixture;
	return bare_pair_round_trip(SOCK_SEQPACKET);
}

/* ---- Python's pipe ------------------------------------------------------ */

static double python_messages(int size, int count)
{
	return python_figure(PIPE_PYTHON, (const int[]){ size, count }, 2);
}

double python_small(const struct fixture *fixture)
{
	(void)fixture;
	return python_messages(MESSAGE, SMALL_COUNT / 4);
}

double python_large(const struct fixture *fixture)
{
	(void)fixture;
	return python_messages(LARGE, LARGE_COUNT / 4) * LARGE / 1e6;
}
