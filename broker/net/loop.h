#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/clock.h"
#include "base/error.h"
#include "collections/heap.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The broker's one loop: descriptors that are waited for with epoll
 * (level-triggered), and timers. One round is: wait, call back for every
 * descriptor that has something to say, fire the timers that are due, and let
 * the owner finish the round.
 */
struct loop;
struct loop_source;

/* `events` are epoll's. A callback may remove its own source and any other. */
typedef void loop_callback(void *context, uint32_t events);

/* What the loop asks of the one who runs it. */
struct loop_hooks {
	void *context;
	/* When the next round has to start though no descriptor is ready and no
	 * timer due: NSEC_NEVER, or a time, which may have passed. */
	nsec_t (*deadline)(void *context);
	/* The last step of every round. */
	void (*finish_round)(void *context);
};

/* NO_MEMORY, SYSTEM. */
int loop_open(struct loop **loop, struct error *error);

/* All sources must have been removed. NULL is allowed. */
void loop_close(struct loop *loop);

/* Until loop_stop(), which ends the round first. SYSTEM when waiting failed. */
int loop_run(struct loop *loop, const struct loop_hooks *hooks, struct error *error);
void loop_stop(struct loop *loop);

/* The time at which this round started. */
nsec_t loop_now(const struct loop *loop);

/* Wait for `events` on `fd`. NULL when memory or the system ran out. The
 * descriptor stays the caller's and must outlive the source. */
struct loop_source *loop_add(struct loop *loop, int fd, uint32_t events, loop_callback *callback,
			     void *context);

/* Wait for other events from now on; 0 leaves only errors and hang-ups. */
void loop_watch(struct loop_source *source, uint32_t events);

/* Never called back again. NULL is allowed. */
void loop_remove(struct loop_source *source);

/* A timer lives inside the object it is about; zero-initialised is not set. */
struct loop_timer {
	struct heap_node node;
	void (*fire)(struct loop_timer *timer);
};

/* (Re)set it; it fires once. False when memory ran out: it is not set then. */
bool loop_set_timer(struct loop *loop, struct loop_timer *timer, nsec_t deadline);

/* Does nothing if it is not set. */
void loop_cancel_timer(struct loop *loop, struct loop_timer *timer);

#endif
