#include "process/pool.h"

#include "client/error.h"
#include "client/session.h"

#include <stdlib.h>
#include <string.h>

/* Queues that pools are made of bear their names behind this. A pool without a
 * name has the one that the broker makes up for its queue. */
#define QUEUE_PREFIX "pool/"
#define MADE_UP      '~'

/* More is a mistake of units or a fork bomb. */
enum { MOST_WORKERS = 4096, DEFAULT_ATTEMPTS = 3 };

int pool_queue_name(const char *pool, char *queue, struct error *error)
{
	if (pool == NULL)
		return error_set(error, RELEVO_BAD_NAME, "the pool has no name");
	int status = name_check(pool, "pool", error);
	if (status != RELEVO_OK)
		return status;
	const char *prefix = pool[0] == MADE_UP ? "" : QUEUE_PREFIX;
	if (strlen(prefix) + strlen(pool) > NAME_MAX_BYTES)
		return error_set(error, RELEVO_BAD_NAME,
				 "a pool's name has %zu bytes, more than %zu", strlen(pool),
				 NAME_MAX_BYTES - strlen(prefix));
	strcpy(stpcpy(queue, prefix), pool);
	return RELEVO_OK;
}

const char *relevo_pool_name(const relevo_pool *pool)
{
	const char *queue = relevo_queue_name(pool->tasks);
	return queue[0] == MADE_UP ? queue : queue + strlen(QUEUE_PREFIX);
}

static int open_tasks(relevo_pool *pool, const char *name, struct error *error)
{
	char queue[NAME_MAX_BYTES + 1];
	struct relevo_queue_options options = {
		.mode = RELEVO_CREATE_NEW,
		.lifetime = RELEVO_WITH_SESSION,
		.on_error = pool_task_refused,
		.user = pool,
	};
	int status = name != NULL ? pool_queue_name(name, queue, error) : RELEVO_OK;
	if (status != RELEVO_OK)
		return status;
	return relevo_queue_open(pool->session, name != NULL ? queue : NULL, &options,
				 &pool->tasks);
}

static int check_options(const relevo_session *session, const struct relevo_pool_options *options,
			 struct error *error)
{
	if (options->processes < RELEVO_NO_WORKERS || options->processes > MOST_WORKERS)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "a pool of %d processes; 1 to %d can be, 0 for one a processor",
				 options->processes, MOST_WORKERS);
	/* Every worker would find it out by itself, later. */
	if (options->processes != RELEVO_NO_WORKERS && session->address.kind == ADDRESS_TCP)
		return error_set(error, RELEVO_FORKED,
				 "local workers cannot use %s after fork: open the pool with "
				 "RELEVO_NO_WORKERS and serve it from another program",
				 session->address.url);
	return RELEVO_OK;
}

static relevo_pool *pool_new(relevo_session *session, const struct relevo_pool_options *options)
{
	relevo_pool *pool = calloc(1, sizeof *pool);
	if (pool == NULL)
		return NULL;
	pool->session = session;
	pool->keeper_fd = -1;
	pool->max_attempts = options->max_attempts > 0 ? options->max_attempts : DEFAULT_ATTEMPTS;
	pthread_mutex_init(&pool->lock, NULL);
	list_init(&pool->maps);
	if (options->processes == RELEVO_NO_WORKERS)
		return pool;
	pool->processes = worker_group_size(options->processes);
	pool->table = worker_table_new(pool->processes);
	if (pool->table == NULL) {
		free(pool);
		return NULL;
	}
	return pool;
}

static void pool_free(relevo_pool *pool)
{
	for (size_t i = 0; i < pool->reply_count; i++)
		relevo_queue_close(pool->replies[i]);
	free(pool->replies);
	relevo_queue_close(pool->tasks);
	worker_table_free(pool->table);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

int relevo_pool_open(relevo_session *session, const struct relevo_pool_options *options,
		     relevo_pool **out)
{
	static const struct relevo_pool_options defaults;
	struct error *error = client_error();
	if (options == NULL)
		options = &defaults;
	int status = check_options(session, options, error);
	if (status != RELEVO_OK)
		return status;
	relevo_pool *pool = pool_new(session, options);
	if (pool == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a pool");
	status = open_tasks(pool, options->name, error);
	if (status == RELEVO_OK && pool->processes > 0)
		status = keeper_start(pool, error);
	if (status != RELEVO_OK) {
		struct error failure = *error;
		pool_free(pool);
		*client_error() = failure;
		return status;
	}
	*out = pool;
	return RELEVO_OK;
}

size_t relevo_pool_workers(relevo_pool *pool, int *pids, size_t count)
{
	size_t running = 0;
	for (int i = 0; i < pool->processes; i++) {
		int pid = atomic_load(&pool->table->slots[i].pid);
		if (pid != 0 && running++ < count)
			pids[running - 1] = pid;
	}
	return running;
}

void relevo_pool_close(relevo_pool *pool)
{
	if (pool == NULL)
		return;
	/* Workers that wait for a task are told by this that there is none. */
	relevo_queue_delete(pool->session, relevo_queue_name(pool->tasks));
	keeper_stop(pool);
	pool_free(pool);
}
