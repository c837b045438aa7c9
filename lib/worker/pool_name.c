/* The names of the queues that a pool is made of. */
#include "worker/pool_name.h"

#include <string.h>

/* A pool without a name has the one that the broker makes up for its queue. */
#define MADE_UP '~'

/* Behind a name stands what tells workers apart. */
enum { LONGEST = NAME_MAX_BYTES - 64 };

static const char *prefix_of(enum pool_queue which, const char *pool)
{
	switch (which) {
	case POOL_TASKS:
		return pool[0] == MADE_UP ? "" : POOL_TASKS_PREFIX;
	case POOL_PLAN:
		return "pool-plan/";
	case POOL_CANCELLED:
		return "pool-cancelled/";
	case POOL_EXPECTED:
		return "pool-expected/";
	case POOL_AWAITED:
		return "pool-awaited/";
	case POOL_CONTROL:
		return "pool-control/";
	case POOL_WORKER:
		return POOL_WORKER_PREFIX;
	}
	return "";
}

int pool_queue_name(enum pool_queue which, const char *pool, char *queue, struct error *error)
{
	if (pool == NULL)
		return error_set(error, RELEVO_BAD_NAME, "the pool has no name");
	int status = name_check(pool, "pool", error);
	if (status != RELEVO_OK)
		return status;
	if (strlen(pool) > LONGEST)
		return error_set(error, RELEVO_BAD_NAME,
				 "a pool's name has %zu bytes, more than %d", strlen(pool),
				 LONGEST);
	strcpy(stpcpy(queue, prefix_of(which, pool)), pool);
	return RELEVO_OK;
}

struct relevo_queue_options pool_shared_tasks(enum relevo_order order, bool durable)
{
	return (struct relevo_queue_options){
		.mode = RELEVO_OPEN_OR_CREATE,
		.lifetime = RELEVO_LIFETIME_UNTIL_UNUSED,
		.order = order,
		.durable = durable,
	};
}

const char *pool_name_of(const relevo_queue *tasks)
{
	const char *queue = relevo_queue_name(tasks);
	return queue[0] == MADE_UP ? queue : queue + strlen(POOL_TASKS_PREFIX);
}
