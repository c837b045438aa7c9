#ifndef BENCH_ACTORS_H
#define BENCH_ACTORS_H

#include <sys/types.h>

/*
 * The processes of one measurement. Each prepares itself, waits until all have,
 * and does its part; the time counts from the start they are given together to
 * the last actor_done().
 */
struct actor;

struct role {
	/* In a process of its own, which ends when it returns. Calls actor_ready()
	 * and actor_done() once each. */
	void (*play)(struct actor *self, const void *context);
	const void *context;
};

enum { MOST_ACTORS = 8 };

/* Seconds that it took. */
double actors_run(const struct role *roles, int count);

/* Prepared: waits for the start. */
void actor_ready(struct actor *self);

/* The part is done; what follows is not measured. */
void actor_done(struct actor *self);

/* In a process just forked by `parent`: end when that does, however it ends. */
void end_with_parent(pid_t parent);

/* Wait for a child's end; dies unless it exits with 0. */
void expect_success(pid_t pid, const char *what);

#endif
