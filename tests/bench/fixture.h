#ifndef BENCH_FIXTURE_H
#define BENCH_FIXTURE_H

#include <sys/types.h>

/*
 * A relevod of the bench's own, on an abstract socket and a loopback port, so
 * that no socket file is left behind. It ends with the bench, however that ends.
 */
struct fixture {
	pid_t pid;
	int lifeline; /* the broker ends when this is closed */
	char url[128];
	char tcp_url[128];
};

void fixture_start(struct fixture *fixture);

/* One that keeps what is durable in that folder, of folder_new(). `max_memory`: as its option has
 * it, or NULL. Goes on when all that was there before is known again. */
void fixture_start_durable(struct fixture *fixture, const char *data, const char *max_memory);

/* End it as a failure would, without its knowing. */
void fixture_kill(struct fixture *fixture);

/* Waits for its end. Dies when the broker did not end in order. */
void fixture_stop(struct fixture *fixture);

/* Bytes of memory that it has, by what the system counts. */
double fixture_resident(const struct fixture *fixture);

/* Bytes that it has written to disk since its start, by what the system counts. */
double fixture_written(const struct fixture *fixture);

#endif
