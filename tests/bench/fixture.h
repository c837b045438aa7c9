#ifndef BENCH_FIXTURE_H
#define BENCH_FIXTURE_H

#include <sys/types.h>

/*
 * A relevod of the bench's own, on an abstract socket and a loopback port, so
 * that no file is left behind. It ends with the bench, however that ends.
 */
struct fixture {
	pid_t pid;
	int lifeline; /* the broker ends when this is closed */
	char url[128];
	char tcp_url[128];
};

void fixture_start(struct fixture *fixture);

/* Waits for its end. Dies when the broker did not end in order. */
void fixture_stop(struct fixture *fixture);

#endif
