/* How a worker comes to its pool, and waits for one that is not there yet. */
#include "base/mutant.h"
#include "base/thread_error.h"
#include "queue/queue.h"
#include "session/session.h"
#include "worker/pool_name.h"
#include "worker/worker_presence.h"
#include "worker/worker_task.h"

#include <string.h>

uint64_t worker_open_run(const struct worker *worker)
{
	pthread_mutex_lock(&worker->session->lock);
	uint64_t run = worker->session->connection.broker;
	pthread_mutex_unlock(&worker->session->lock);
	return run;
}

/* ---- a pool that is there ------------------------------------------------------- */

static int worker_open_take_plan(struct worker *worker, struct error *error)
{
	const struct worker_plan *plan = worker->setup->plan;
	char name[NAME_MAX_BYTES + 1];
	if (plan == NULL) {
		int status = pool_queue_name(POOL_PLAN, worker->setup->pool, name, error);
		if (status == RELEVO_OK)
			status = worker_plan_read(worker->session, name, &worker->plan, error);
		/* It ended between two looks, as it might have before the first. */
		if (status == RELEVO_GONE)
			status = error_set(error, RELEVO_NOT_FOUND, "the pool \"%s\" has ended",
					   worker->setup->pool);
		if (status != RELEVO_NOT_FOUND || !worker->setup->shared)
			return status;
		/* A shared pool has none, and what its callers allow is not known before. */
		worker->plan.never_twice = true;
		return RELEVO_OK;
	}
	strcpy(worker->plan.initializer, plan->initializer);
	worker->plan.max_tasks = plan->max_tasks;
	worker->plan.never_twice = plan->never_twice;
	if (!buffer_append(&worker->plan.argument, buffer_data(&plan->argument),
			   buffer_size(&plan->argument)))
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the pool's plan");
	return RELEVO_OK;
}

static int open_tasks(struct worker *worker, struct error *error)
{
	const struct worker_setup *setup = worker->setup;
	struct relevo_queue_options options = { .mode = RELEVO_OPEN_EXISTING };
	char queue[NAME_MAX_BYTES + 1];
	if (setup->shared)
		options = pool_shared_tasks(setup->order, setup->durable);
	int status = pool_queue_name(POOL_TASKS, setup->pool, queue, error);
	if (status != RELEVO_OK)
		return status;
	status = relevo_queue_open(worker->session, queue, &options, &worker->tasks);
	if (status == RELEVO_OPTION_MISMATCH)
		return error_set(error, status, "the pool \"%s\" is not shared in this way: %s",
				 setup->pool, relevo_error_detail());
	if (status == RELEVO_NOT_FOUND)
		return error_set(error, status, "there is no pool \"%s\"", setup->pool);
	if (status != RELEVO_OK)
		return error_set(error, status, "%s", relevo_error_detail());
	return RELEVO_OK;
}

/* NOT_FOUND: it is not there, or not whole. */
static int worker_open_open_pool(struct worker *worker, struct error *error)
{
	int status = open_tasks(worker, error);
	if (status != RELEVO_OK)
		return status;
	status = worker_open_take_plan(worker, error);
	if (status != RELEVO_OK) {
		relevo_queue_close(worker->tasks);
		worker->tasks = NULL;
	}
	return status;
}

/* ---- one that is not ------------------------------------------------------------- */

/*
 * Whoever opens a pool deletes a queue that is named after it, if there is one. So who waits
 * for the pool makes that queue, looks whether the pool has come meanwhile, and
 * waits for an item that never comes.
 */
static int expect(struct worker *worker, relevo_queue *expected, struct error *error)
{
	relevo_item item;
	int status = worker_open_open_pool(worker, error);
	if (status != RELEVO_NOT_FOUND)
		return status;
	status = relevo_queue_get(expected, RELEVO_FOREVER, &item);
	if (status == RELEVO_OK)
		relevo_item_free(&item);
	if (status == RELEVO_OK || status == RELEVO_GONE)
		return RELEVO_NOT_FOUND;
	return error_set(error, status, "%s", relevo_error_detail());
}

static int wait_for_pool(struct worker *worker, struct error *error)
{
	const struct relevo_queue_options options = {
		.mode = RELEVO_OPEN_OR_CREATE,
		.lifetime = RELEVO_LIFETIME_UNTIL_UNUSED,
	};
	char name[NAME_MAX_BYTES + 1];
	relevo_queue *expected;
	int status = pool_queue_name(POOL_EXPECTED, worker->setup->pool, name, error);
	if (status != RELEVO_OK)
		return status;
	status = relevo_queue_open(worker->session, name, &options, &expected);
	if (status != RELEVO_OK)
		return error_set(error, status, "%s", relevo_error_detail());
	status = expect(worker, expected, error);
	relevo_queue_close(expected);
	return status;
}

/* One that others of this group have served, at the same run of the broker, has ended. */
static bool is_expected(const struct worker *worker)
{
	const struct worker_setup *setup = worker->setup;
	return setup->patient && !MUTANT(pool_not_expected) &&
	       atomic_load(&setup->table->run) != worker->run;
}

int worker_open(struct worker *worker, struct error *error)
{
	const struct worker_setup *setup = worker->setup;
	const struct relevo_session_options options = {
		.name = "worker",
		.no_private_broker = true,
		.key_file = setup->key.file,
		.key = setup->key.bytes,
	};
	int status = relevo_session_open(setup->url, &options, &worker->session);
	if (status != RELEVO_OK)
		return error_set(error, status, "%s", relevo_error_detail());
	worker->run = worker_open_run(worker);
	worker->session->wake_fd = setup->wake_fd;
	atomic_store(&setup->slot->stage, WORKER_CONNECTED);
	status = worker_open_open_pool(worker, error);
	while (status == RELEVO_NOT_FOUND && is_expected(worker))
		status = wait_for_pool(worker, error);
	if (status == RELEVO_OK) {
		worker->presence = worker_presence_open(worker->session, setup->pool, worker->host);
		worker_presence_tell(worker->session, setup->pool);
	}
	return status;
}
