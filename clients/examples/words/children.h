#ifndef EXAMPLES_CHILDREN_H
#define EXAMPLES_CHILDREN_H

#include <stdbool.h>
#include <sys/types.h>

enum { CHILDREN_URL_MAX = 256 };

/*
 * The programs that the demo starts beside its own workers: a broker on a socket
 * in a folder of its own, reachable over tcp too, and this program once more, as
 * it would run on another host. A zeroed struct has none.
 */
struct children {
	char folder[CHILDREN_URL_MAX / 2];
	char local_url[CHILDREN_URL_MAX];
	char tcp_url[CHILDREN_URL_MAX];
	pid_t broker;
	pid_t remote;
	int lifeline; /* the broker ends when this is closed, however we end */
};

/* Start the broker and wait until it can be reached. Failures are printed. */
bool children_start_broker(struct children *children);

/* Run `word_count --serve URL POOL -j PROCESSES`. */
bool children_start_remote(struct children *children, const char *pool, int processes);

/* Whether the other host's program still runs. */
bool children_remote_runs(const struct children *children);

/* Wait for the one that served the pool, which is closed; then end the broker,
 * and remove its folder. */
void children_end(struct children *children);

#endif
