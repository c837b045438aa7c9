#ifndef PROCESS_POOL_H
#define PROCESS_POOL_H

#include "base/error.h"
#include "base/list.h"
#include "base/name.h"
#include "process/worker_group.h"

#include <relevo/pool.h>

#include <pthread.h>
#include <stdatomic.h>

/*
 * A pool's owner. Its local workers are children of one child of its own, the
 * keeper, which does nothing but keep them going (see worker_group.h): so the
 * owner needs no thread and no signal for them, and never forks a second time.
 */
struct relevo_pool {
	relevo_session *session;
	relevo_queue *tasks;
	int processes; /* local workers; 0: none */
	uint32_t max_attempts;
	atomic_uint_fast64_t last_job;

	pthread_mutex_t lock; /* of what follows */
	struct list maps;     /* under way, see pool_map.c */
	struct worker_table *table;
	pid_t keeper;
	int keeper_fd;          /* pidfd; -1: does not run */
	relevo_queue **replies; /* queues for results that no map uses now */
	size_t reply_count;
	size_t reply_capacity;
};

/* The queue of tasks of the pool of that name; `queue` has NAME_MAX_BYTES + 1
 * bytes. BAD_NAME. */
int pool_queue_name(const char *pool, char *queue, struct error *error);

/* ---- pool_map.c --------------------------------------------------------- */

/* The broker refused a task: the map that it belongs to fails. */
void pool_task_refused(relevo_queue *tasks, int status, const struct relevo_bytes *task,
		       void *pool);

/* ---- keeper.c: the local workers --------------------------------------- */

/* Start the keeper, and wait until it has started the workers. */
int keeper_start(relevo_pool *pool, struct error *error);

/* Whether the workers are kept going. A keeper that was killed is started again;
 * one that gave up gives the reason. */
int keeper_check(relevo_pool *pool, struct error *error);

/* Let the workers finish what they have in hand, kill them after 5 s. */
void keeper_stop(relevo_pool *pool);

/* ---- pool_reply.c: queues for results ---------------------------------- */

/* A queue for the results of one map. */
int pool_reply_take(relevo_pool *pool, relevo_queue **reply);

/* Keep it for the next map. */
void pool_reply_return(relevo_pool *pool, relevo_queue *reply);

#endif
