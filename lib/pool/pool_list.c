/* Listing pools and their workers. */
#include "base/thread_error.h"
#include "os/pid.h"
#include "worker/pool_name.h"
#include "worker/worker_presence.h"

#include <relevo/manage.h>
#include <relevo/pool_list.h>
#include <stdio.h>
#include <string.h>

/* ---- workers ------------------------------------------------------------- */

struct workers {
	const char *pool;
	int (*visit)(const struct relevo_worker_info *info, void *user);
	void *user;
};

static int visit_worker(const struct relevo_queue_info *queue, void *user)
{
	const struct workers *workers = user;
	char host[WORKER_HOST_SIZE];
	uint64_t pid;
	if (!worker_presence_parse(queue->name, workers->pool, host, &pid))
		return 0;
	const struct relevo_worker_info info = { .host = host, .pid = pid_of(pid) };
	return workers->visit(&info, workers->user);
}

int relevo_pool_list_workers(relevo_session *session, const char *name,
			     int (*visit)(const struct relevo_worker_info *info, void *user),
			     void *user)
{
	if (!given(session, name) || !given_function(visit))
		return RELEVO_BAD_ARGUMENT;
	char prefix[NAME_MAX_BYTES + 2];
	struct workers workers = { name, visit, user };
	int status = pool_queue_name(POOL_WORKER, name, prefix, thread_error());
	if (status != RELEVO_OK)
		return status;
	strcat(prefix, "/");
	return relevo_queue_list(session, prefix, visit_worker, &workers);
}

/* ---- pools ----------------------------------------------------------------- */

struct pools {
	relevo_session *session;
	int (*visit)(const struct relevo_pool_info *info, void *user);
	void *user;
};

static int count_worker(const struct relevo_worker_info *info, void *user)
{
	uint64_t *count = user;
	(void)info;
	++*count;
	return 0;
}

static int visit_pool(const struct relevo_queue_info *queue, void *user)
{
	const struct pools *pools = user;
	struct relevo_pool_info info = {
		.name = queue->name + strlen(POOL_TASKS_PREFIX),
		.waiting = queue->ready + queue->delayed,
		.running = queue->leased,
		.done = queue->acknowledged,
	};
	int status =
		relevo_pool_list_workers(pools->session, info.name, count_worker, &info.workers);
	/* A queue that only looks like a pool's. */
	if (status == RELEVO_BAD_NAME)
		return 0;
	if (status != RELEVO_OK)
		return status;
	/* A worker has a handle too. Those that came or left meanwhile may be missed. */
	info.callers = queue->handles > info.workers ? queue->handles - info.workers : 0;
	return pools->visit(&info, pools->user);
}

int relevo_pool_list(relevo_session *session, const char *prefix,
		     int (*visit)(const struct relevo_pool_info *info, void *user), void *user)
{
	if (!given(session) || !given_function(visit))
		return RELEVO_BAD_ARGUMENT;
	char queues[2 * NAME_MAX_BYTES];
	struct pools pools = { session, visit, user };
	/* Longer than any name: nothing begins with it. */
	snprintf(queues, sizeof queues, POOL_TASKS_PREFIX "%s", prefix != NULL ? prefix : "");
	return relevo_queue_list(session, queues, visit_pool, &pools);
}
