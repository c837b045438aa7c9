#ifndef LOOP_THINGS_H
#define LOOP_THINGS_H

#include "must.h"

#include <string.h>

/* What the examples with an event loop wait for: the items of a queue until it is shut down, the
 * result of a job, and a lock; `left` says how many of these. */
struct things {
	relevo_session *session;
	relevo_queue *queue;
	relevo_pool *pool;
	relevo_job *job;
	relevo_lock *lock;
	relevo_poller *poller;
	int left;
};

static inline int square(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	int number;
	(void)user;
	memcpy(&number, argument->data, sizeof number);
	number *= number;
	return relevo_reply_set(reply, &number, sizeof number);
}

static inline void things_open(struct things *things)
{
	const struct relevo_pool_options one = { .processes = 1 };
	const int seven = 7;
	const struct relevo_bytes argument = { &seven, sizeof seven };
	must(relevo_function_register("square", square, NULL));
	must(relevo_session_open(NULL, NULL, &things->session));
	must(relevo_queue_open(things->session, NULL, NULL, &things->queue));
	must(relevo_lock_open(things->session, NULL, NULL, &things->lock));
	must(relevo_pool_open(things->session, &one, &things->pool));
	must(relevo_pool_apply_async(things->pool, "square", &argument, NULL, &things->job));
	must(relevo_poller_new(&things->poller));
	must(relevo_poller_add_queue(things->poller, things->queue, NULL));
	must(relevo_poller_add_job(things->poller, things->job, NULL));
	must(relevo_poller_add_lock(things->poller, things->lock, NULL));
	things->left = 3;
	/* Other programs would do this. */
	must(relevo_queue_put(things->queue, "one", 3, RELEVO_FOREVER));
	must(relevo_queue_put(things->queue, "two", 3, RELEVO_FOREVER));
	must(relevo_queue_shutdown(things->queue, RELEVO_SHUTDOWN_DRAIN));
}

static inline void things_close(struct things *things)
{
	relevo_poller_free(things->poller);
	relevo_job_free(things->job);
	relevo_pool_close(things->pool);
	relevo_lock_close(things->lock);
	relevo_queue_close(things->queue);
	must(relevo_session_close(things->session));
}

#endif
