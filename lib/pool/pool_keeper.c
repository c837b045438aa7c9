/* The process that keeps a pool's local workers going: starting it, and what it does. */
#include "pool/pool.h"

#include "base/clock.h"
#include "base/mutant.h"
#include "os/descriptor.h"
#include "os/readable.h"
#include "process/process.h"
#include "session/fork.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* How long workers may finish what they have in hand, and how long they may take
 * to die. */
#define FINISH_TIME (5 * NSEC_PER_SEC)
#define DEATH_TIME  (2 * NSEC_PER_SEC)

/* What the keeper is given. */
enum {
	ARGUMENT_URL,
	ARGUMENT_POOL,
	ARGUMENT_PLAN,
	ARGUMENT_TABLE,
	ARGUMENT_OWNER,
	ARGUMENT_READY,
	ARGUMENT_LEAVE,
	ARGUMENT_DURABLE
};

/* ---- the keeper's process --------------------------------------------------- */

struct keeping {
	const char *url, *pool;
	struct worker_plan plan;
	struct worker_table *table;
	int owner_fd, ready_fd;
	bool leave_children;
	bool durable;
};

static int pool_keeper_take_plan(relevo_tuple *arguments, struct worker_plan *plan,
				 struct error *error)
{
	const void *data;
	size_t size;
	int status = relevo_tuple_bytes(arguments, ARGUMENT_PLAN, &data, &size);
	return status == RELEVO_OK ? worker_plan_decode(data, size, plan, error) : status;
}

static int take_table(relevo_tuple *arguments, struct worker_table **table)
{
	int fd;
	int status = relevo_tuple_take_descriptor(arguments, ARGUMENT_TABLE, &fd);
	if (status != RELEVO_OK)
		return status;
	*table = worker_table_map(fd);
	close(fd);
	return *table != NULL ? RELEVO_OK : RELEVO_NO_MEMORY;
}

static int pool_keeper_take_arguments(relevo_tuple *arguments, struct keeping *keeping,
				      struct error *error)
{
	int status = relevo_tuple_text(arguments, ARGUMENT_URL, &keeping->url, NULL);
	if (status == RELEVO_OK)
		status = relevo_tuple_text(arguments, ARGUMENT_POOL, &keeping->pool, NULL);
	if (status == RELEVO_OK)
		status = pool_keeper_take_plan(arguments, &keeping->plan, error);
	if (status == RELEVO_OK)
		status = take_table(arguments, &keeping->table);
	if (status == RELEVO_OK)
		status =
			relevo_tuple_take_descriptor(arguments, ARGUMENT_OWNER, &keeping->owner_fd);
	if (status == RELEVO_OK)
		status =
			relevo_tuple_take_descriptor(arguments, ARGUMENT_READY, &keeping->ready_fd);
	if (status == RELEVO_OK)
		status = relevo_tuple_bool(arguments, ARGUMENT_LEAVE, &keeping->leave_children);
	if (status == RELEVO_OK)
		status = relevo_tuple_bool(arguments, ARGUMENT_DURABLE, &keeping->durable);
	return status;
}

static int run_group(struct keeping *keeping)
{
	struct stop_signal wake;
	const struct worker_group_options options = {
		.url = keeping->url,
		.pool = keeping->pool,
		.plan = &keeping->plan,
		.leave_children = keeping->leave_children,
		.carries_on = keeping->durable,
		.wake = &wake,
		.owner_fd = keeping->owner_fd,
		.ready_fd = keeping->ready_fd,
	};
	struct error *failure = &keeping->table->failure;
	int status = stop_signal_install(&wake, failure);
	if (status == RELEVO_OK)
		status = worker_group_run(&options, keeping->table, failure);
	failure->status = status;
	return status;
}

static int pool_keeper_keep(relevo_tuple *arguments)
{
	struct error error = { 0 };
	struct keeping keeping = { 0 };
	/* A group of its own: what the terminal tells the program (Ctrl-C) is for
	 * the program to act on. */
	setpgid(0, 0);
	int status = pool_keeper_take_arguments(arguments, &keeping, &error);
	if (status == RELEVO_OK)
		status = run_group(&keeping);
	worker_plan_fini(&keeping.plan);
	return status;
}

/* ---- starting it --------------------------------------------------------------- */

static int add_plan(relevo_tuple *arguments, const struct worker_plan *plan)
{
	struct buffer bytes = { 0 };
	int status = RELEVO_NO_MEMORY;
	if (worker_plan_encode(plan, &bytes))
		status = relevo_tuple_add_bytes(arguments, NULL, buffer_data(&bytes),
						buffer_size(&bytes));
	buffer_fini(&bytes);
	return status;
}

static int make_arguments(const relevo_pool *pool, int owner_fd, int ready_fd,
			  relevo_tuple **arguments)
{
	int status = relevo_tuple_new(arguments);
	if (status != RELEVO_OK)
		return status;
	status = relevo_tuple_add_text(*arguments, NULL, relevo_session_url(pool->session));
	if (status == RELEVO_OK)
		status = relevo_tuple_add_text(*arguments, NULL, relevo_pool_name(pool));
	if (status == RELEVO_OK)
		status = add_plan(*arguments, &pool->plan);
	if (status == RELEVO_OK)
		status = relevo_tuple_add_descriptor(*arguments, NULL, pool->table->fd);
	if (status == RELEVO_OK)
		status = relevo_tuple_add_descriptor(*arguments, NULL, owner_fd);
	if (status == RELEVO_OK)
		status = relevo_tuple_add_descriptor(*arguments, NULL, ready_fd);
	if (status == RELEVO_OK)
		status = relevo_tuple_add_bool(*arguments, NULL, pool->leave_children);
	if (status == RELEVO_OK)
		status = relevo_tuple_add_bool(*arguments, NULL, pool->durable);
	if (status != RELEVO_OK)
		relevo_tuple_free(*arguments);
	return status;
}

static int make_keeper(relevo_pool *pool, int owner_fd, int ready_fd)
{
	struct relevo_process_options options = {
		.name = "PoolKeeper",
		.daemon = RELEVO_DAEMON_NO,
		.method = pool->method,
		.session = pool->session,
	};
	relevo_tuple *arguments;
	int status = make_arguments(pool, owner_fd, ready_fd, &arguments);
	if (status != RELEVO_OK)
		return status;
	options.arguments = arguments;
	status = relevo_process_new(pool_keeper_keep, &options, &pool->keeper);
	relevo_tuple_free(arguments);
	if (status == RELEVO_OK)
		pool->keeper->aside = true;
	return status;
}

static void free_keeper(relevo_pool *pool)
{
	if (pool->keeper != NULL)
		process_release(pool->keeper);
	free(pool->keeper);
	pool->keeper = NULL;
}

/* Whether whoever waits for results is told of its end. What is left in there by a closed
 * descriptor would tell of it for ever, if a forked process has a copy. */
static void pool_keeper_watch(relevo_pool *pool, int operation)
{
	struct epoll_event event = { .events = EPOLLIN };
	if (!MUTANT(keepers_end_unseen))
		epoll_ctl(pool->keeper_watch, operation, pool->keeper->pidfd, &event);
}

static int pool_keeper_start_keeper(relevo_pool *pool, int owner_fd, int ready_fd,
				    struct error *error)
{
	int status = make_keeper(pool, owner_fd, ready_fd);
	fork_holds(false);
	if (status != RELEVO_OK)
		status = error_set(error, status, "the pool's workers cannot be started: %s",
				   relevo_error_message(status));
	else
		status = process_start(pool->keeper, error);
	fork_holds(true);
	if (status != RELEVO_OK)
		free_keeper(pool);
	else
		pool_keeper_watch(pool, EPOLL_CTL_ADD);
	return status;
}

/* True when it has started the workers, false when it ended before. */
static bool wait_until_ready(int fd)
{
	char byte;
	ssize_t size;
	do
		size = read(fd, &byte, 1);
	while (size < 0 && errno == EINTR);
	return size == 1;
}

/* Once it has ended. What it had to say stands in the table: the exit code of a process that is
 * no child is nobody's to know. */
static void pool_keeper_reap(relevo_pool *pool)
{
	process_wait(pool->keeper, NSEC_NEVER);
	pool_keeper_watch(pool, EPOLL_CTL_DEL);
	free_keeper(pool);
	for (int i = 0; i < pool->processes; i++)
		atomic_store(&pool->table->slots[i].pid, 0);
}

/* Why a keeper that ended by itself did. */
static int told(const relevo_pool *pool, struct error *error)
{
	const struct error *failure = &pool->table->failure;
	if (failure->status != RELEVO_OK)
		return error_set(error, failure->status, "%s", error_text(failure));
	return error_set(error, RELEVO_SYSTEM, "the workers of the pool ended");
}

static int start_and_wait(relevo_pool *pool, int owner_fd, int ready[2], struct error *error)
{
	pool->table->failure = (struct error){ 0 };
	int status = pool_keeper_start_keeper(pool, owner_fd, ready[1], error);
	close(ready[1]);
	if (status == RELEVO_OK && !wait_until_ready(ready[0])) {
		pool_keeper_reap(pool);
		status = told(pool, error);
	}
	close(ready[0]);
	return status;
}

int keeper_start(relevo_pool *pool, struct error *error)
{
	int ready[2];
	int owner_fd = descriptor_raise(pidfd_open(getpid(), 0));
	if (owner_fd < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "no descriptor for a pool");
	int status;
	if (pipe2(ready, O_CLOEXEC) < 0 || !descriptor_raise_pair(ready))
		status = error_set_errno(error, RELEVO_SYSTEM, errno, "no descriptor for a pool");
	else
		status = start_and_wait(pool, owner_fd, ready, error);
	close(owner_fd);
	return status;
}

/* ---- looking after it ------------------------------------------------------------- */

static int pool_keeper_check(relevo_pool *pool, struct error *error)
{
	bool ended = pool->keeper != NULL;
	if (ended && !process_wait(pool->keeper, 0))
		return RELEVO_OK;
	if (ended)
		pool_keeper_reap(pool);
	if (ended && pool->table->failure.status != RELEVO_OK)
		return told(pool, error);
	return keeper_start(pool, error);
}

int keeper_check(relevo_pool *pool, struct error *error)
{
	if (pool->table == NULL)
		return pool_owner_check(pool, error);
	pthread_mutex_lock(&pool->lock);
	int status = pool->state == POOL_TERMINATED || pool->ended ? RELEVO_OK
								   : pool_keeper_check(pool, error);
	pthread_mutex_unlock(&pool->lock);
	return status;
}

int keeper_resume(relevo_pool *pool, struct error *error)
{
	if (pool->table == NULL)
		return pool_owner_follow(pool, error);
	pthread_mutex_lock(&pool->lock);
	bool runs = pool->keeper != NULL;
	pthread_mutex_unlock(&pool->lock);
	return runs ? RELEVO_OK : keeper_check(pool, error);
}

static void pool_keeper_send_signal(const relevo_pool *pool, int number)
{
	pidfd_send_signal(pool->keeper->pidfd, number, NULL, 0);
}

void keeper_stop(relevo_pool *pool)
{
	if (pool->keeper == NULL)
		return;
	pool_keeper_send_signal(pool, SIGTERM);
	if (!process_wait(pool->keeper, clock_now() + FINISH_TIME)) {
		pool_keeper_send_signal(pool, SIGTERM);
		if (!process_wait(pool->keeper, clock_now() + DEATH_TIME))
			pool_keeper_send_signal(pool, SIGKILL);
	}
	pool_keeper_reap(pool);
}

/* Two signals, which the keeper counts, stand for "at once". */
void keeper_kill(relevo_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	if (pool->keeper != NULL) {
		pool_keeper_send_signal(pool, SIGTERM);
		pool_keeper_send_signal(pool, SIGINT);
	}
	pthread_mutex_unlock(&pool->lock);
}

void keeper_forget(relevo_pool *pool)
{
	free_keeper(pool);
}

bool keeper_wait(relevo_pool *pool, nsec_t deadline)
{
	pthread_mutex_lock(&pool->lock);
	/* From here on it is not started again. */
	pool->ended = true;
	bool runs = pool->keeper != NULL;
	/* A copy, since another thread may free it meanwhile. */
	int fd = runs ? descriptor_copy(pool->keeper->pidfd, STDERR_FILENO + 1) : -1;
	pthread_mutex_unlock(&pool->lock);
	if (!runs)
		return true;
	bool ended = readable_until(fd, deadline);
	close(fd);
	pthread_mutex_lock(&pool->lock);
	if (ended && pool->keeper != NULL)
		pool_keeper_reap(pool);
	pthread_mutex_unlock(&pool->lock);
	return ended;
}
