#include "process/worker.h"

#include "base/mutant.h"
#include "client/error.h"
#include "client/put_to.h"
#include "client/queue.h"
#include "client/session.h"
#include "process/pool_name.h"
#include "process/wake.h"
#include "process/worker_presence.h"
#include "process/worker_task.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a function says while it runs, sent at once. */
static int send_progress(struct relevo_reply *reply, const struct relevo_bytes *said)
{
	struct worker *worker = container_of(reply, struct worker, reply);
	const struct chunk *chunk = worker->chunk;
	struct error *error = client_error();
	if (chunk == NULL)
		return error_set(error, RELEVO_BAD_STATE, "an initializer has no progress");
	uint32_t size = (uint32_t)said->size;
	Relevo__ResultHeader header = RELEVO__RESULT_HEADER__INIT;
	header.job = chunk->task->job;
	header.first = chunk->task->first + chunk->index;
	header.attempts = chunk->item->deliveries;
	header.pid = (uint64_t)getpid();
	header.host = worker->host;
	header.sizes = &size;
	header.n_sizes = 1;
	header.progress = true;
	struct buffer body = { .bytes = (uint8_t *)said->data, .end = said->size };
	struct buffer out = { 0 };
	int status = RELEVO_NO_MEMORY;
	if (result_encode(&out, &header, &body)) {
		struct relevo_bytes item = { buffer_data(&out), buffer_size(&out) };
		status = put_to(worker->tasks, chunk->task->reply_to, &item,
				&(struct put_done){ 0 });
	}
	buffer_fini(&out);
	/* Nobody listens any more. */
	return status == RELEVO_NOT_FOUND || status == RELEVO_GONE ? RELEVO_OK : status;
}

/* The next task: one that came ahead, or what the broker has. Where the worker counts its
 * tasks, or none may be run twice, nothing comes ahead. */
static int next_task(struct worker *worker, relevo_item *item)
{
	size_t got;
	if (wake_has_come())
		return RELEVO_INTERRUPTED;
	if (worker->next.data != NULL) {
		*item = worker->next;
		worker->next = (relevo_item){ 0 };
		return RELEVO_OK;
	}
	if (worker->plan.max_tasks == 0 && !worker->plan.never_twice)
		return queue_lease_to_work_on(worker->tasks, item);
	return relevo_queue_lease(worker->tasks, item, 1, RELEVO_FOREVER, &got);
}

/* OK when there is no more to do. */
static int serve(struct worker *worker)
{
	int status = RELEVO_OK;
	uint32_t left = worker->plan.max_tasks;
	while (status == RELEVO_OK) {
		relevo_item item;
		status = next_task(worker, &item);
		if (status != RELEVO_OK)
			break;
		status = worker_task_run(worker, &item);
		relevo_item_free(&item);
		if (status == RELEVO_OK && left > 0 && --left == 0 &&
		    !MUTANT(worker_never_retires)) {
			worker->setup->slot->end = WORKER_RETIRED;
			break;
		}
	}
	/* One that was begun, to the broker, and will not be. */
	if (worker->next.data != NULL)
		relevo_queue_nack(worker->tasks, &worker->next, 1, 0);
	relevo_item_free(&worker->next);
	return status == RELEVO_GONE || status == RELEVO_INTERRUPTED ? RELEVO_OK : status;
}

static int take_plan(struct worker *worker, struct error *error)
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

static int open_worker(struct worker *worker, struct error *error)
{
	const struct worker_setup *setup = worker->setup;
	struct relevo_session_options session_options = { .name = "worker" };
	struct relevo_queue_options queue_options = { .mode = RELEVO_OPEN_EXISTING };
	char queue[NAME_MAX_BYTES + 1];
	if (setup->shared) {
		session_options.no_private_broker = true;
		queue_options = pool_shared_tasks(setup->order);
	}
	int status = pool_queue_name(POOL_TASKS, setup->pool, queue, error);
	if (status != RELEVO_OK)
		return status;
	status = relevo_open(setup->url, &session_options, &worker->session);
	if (status == RELEVO_OK)
		status = relevo_queue_open(worker->session, queue, &queue_options, &worker->tasks);
	if (status == RELEVO_OPTION_MISMATCH)
		return error_set(error, status, "the pool \"%s\" is not shared in this way: %s",
				 setup->pool, relevo_error_detail());
	if (status != RELEVO_OK)
		return error_set(error, status, "%s", relevo_error_detail());
	worker->session->wake_fd = setup->wake_fd;
	worker->presence = worker_presence_open(worker->session, setup->pool, worker->host);
	return take_plan(worker, error);
}

static void close_worker(struct worker *worker)
{
	watcher_stop(worker->watcher);
	if (worker->session != NULL)
		worker->session->wake_fd = -1;
	relevo_queue_close(worker->presence);
	relevo_queue_close(worker->tasks);
	relevo_close(worker->session);
	worker_plan_fini(&worker->plan);
	buffer_fini(&worker->reply.bodies);
	buffer_fini(&worker->out);
	pthread_mutex_destroy(&worker->reply.lock);
}

int worker_run(const struct worker_setup *setup, struct error *error)
{
	struct worker worker = { .setup = setup, .reply.progress = send_progress };
	pthread_mutex_init(&worker.reply.lock, NULL);
	gethostname(worker.host, sizeof worker.host - 1);
	int status = open_worker(&worker, error);
	if (status == RELEVO_OK) {
		status = worker_function_initialize(&worker, error);
		if (status != RELEVO_OK)
			setup->slot->end = WORKER_UNREADY;
	}
	if (status == RELEVO_OK) {
		atomic_store(&setup->slot->stage, WORKER_READY);
		status = serve(&worker);
		if (status != RELEVO_OK)
			error_set(error, status, "%s", relevo_error_detail());
	}
	close_worker(&worker);
	if (setup->slot->end == WORKER_DIES)
		setup->slot->end = WORKER_FINISHED;
	return status;
}
