#ifndef POOL_POOL_H
#define POOL_POOL_H

#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/map.h"
#include "pool/pool_collect.h"
#include "pool/pool_owner.h"
#include "pool/pool_reply.h"
#include "worker/pool_name.h"
#include "worker/worker_group.h"

#include <relevo/pool.h>
#include <relevo/process.h>

#include <pthread.h>
#include <stdatomic.h>

enum pool_state { POOL_OPEN, POOL_CLOSED, POOL_TERMINATED };

/*
 * A pool's owner. Its local workers are children of one child of its own, the
 * keeper, which does nothing but keep them going (see worker_group.h): so the
 * owner needs no thread and no signal for them, and never forks a second time.
 */
struct relevo_pool {
	relevo_session *session;
	relevo_queue *tasks;
	relevo_queue *plans; /* see worker_plan.h */
	struct worker_plan plan;
	int processes;                   /* local workers; 0: none */
	enum relevo_start_method method; /* of their keeper */
	pid_t owner;                     /* the process that may use it */
	bool attached;                   /* to a pool that somebody else keeps: */
	struct pool_owner owner_of;
	bool leave_children; /* of the local workers */
	bool durable;        /* its queues are */
	uint32_t max_attempts;
	enum relevo_order order;
	atomic_uint_fast64_t last_job;
	struct collector collector; /* for what is submitted and not waited for */

	pthread_mutex_t lock; /* of what follows; no call with the session under it */
	pthread_cond_t changed;
	enum pool_state state;
	bool ended;       /* the local workers have, for good */
	size_t under_way; /* maps, jobs and iterations */
	struct map jobs;  /* by number: see pool_job.h */
	struct worker_table *table;
	relevo_process *keeper; /* NULL: does not run */
	relevo_queue *caller;   /* see pool_caller_name(); NULL: none is needed yet */
	int keeper_watch;       /* an epoll: readable once the keeper has ended; -1: none */
	struct reply *replies;  /* that nobody uses now */
	size_t reply_count;
	size_t reply_capacity;
	relevo_queue *cancelled; /* see pool_cancel.c; NULL: nothing was */
	size_t cancel_count;
};

/* Something begins that join waits for: BAD_STATE when the pool takes no more work.
 * And: it has ended. */
int pool_enter(relevo_pool *pool, struct error *error);
void pool_leave(relevo_pool *pool);

/* GONE when the pool was terminated. */
int pool_check(relevo_pool *pool, struct error *error);

/* Its queues end at the broker: workers, and those who are attached, are told by this that
 * there will be no more. */
int pool_drop_tasks(relevo_pool *pool);

/* ---- pool_keeper.c: the local workers --------------------------------------- */

/* Start the keeper, and wait until it has started the workers. */
int keeper_start(relevo_pool *pool, struct error *error);

/* Whether the workers are kept going. A keeper that was killed is started again;
 * one that gave up gives the reason. Of somebody else's pool: whether it has ended. */
int keeper_check(relevo_pool *pool, struct error *error);

/* The same before something begins, where one that has ended will be seen by whoever waits:
 * start one if there is none. */
int keeper_resume(relevo_pool *pool, struct error *error);

/* Let the workers finish what they have in hand, kill them after 5 s. */
void keeper_stop(relevo_pool *pool);

/* Kill the workers, without waiting for that. */
void keeper_kill(relevo_pool *pool);

/* In a child by fork: the keeper is the parent's. */
void keeper_forget(relevo_pool *pool);

/* Wait until the keeper has ended. False at the deadline. */
bool keeper_wait(relevo_pool *pool, nsec_t deadline);

/* ---- pool_caller.c: that somebody waits for results --------------------- */

/* The name of the queue that shows workers that this handle is there. */
int pool_caller_name(relevo_pool *pool, char name[NAME_MAX_BYTES + 1]);

/* It is not there any more: whatever was submitted with it ends. With the connection it
 * has gone already; then the next job gets another. */
void pool_caller_end(relevo_pool *pool);
void pool_caller_forget(relevo_pool *pool);

/* ---- pool_cancel.c ------------------------------------------------------ */

/* Tell all workers, and those that come later, that nobody wants the job any more. */
int pool_cancel_job(relevo_pool *pool, const char *reply_to, uint64_t job);

/* End what workers of other programs run. */
void pool_cancel_all(relevo_pool *pool);

void pool_cancel_fini(relevo_pool *pool);

#endif
