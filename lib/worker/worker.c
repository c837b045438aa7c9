/* A worker: takes tasks and runs them, until there is a reason not to. */
#include "worker/worker.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "queue/put_to.h"
#include "queue/queue.h"
#include "session/session.h"
#include "worker/stop_signal.h"
#include "worker/worker_task.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long to wait for what is on its way to be taken, when something is wrong, in ms. */
enum { LAST_WORDS = 1000 };

/* What a function says while it runs, sent at once. */
static int send_progress(struct relevo_reply *reply, const struct relevo_bytes *said)
{
	struct worker *worker = container_of(reply, struct worker, reply);
	const struct chunk *chunk = worker->chunk;
	struct error *error = thread_error();
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
	if (stop_signal_has_come() ||
	    atomic_load_explicit(&worker->unwatched, memory_order_relaxed))
		return RELEVO_INTERRUPTED;
	if (worker->next.data != NULL) {
		*item = worker->next;
		worker->next = (relevo_item){ 0 };
		return RELEVO_OK;
	}
	if (worker->plan.max_tasks == 0 && !worker->plan.never_twice)
		return queue_lease_to_work_on(worker->tasks, item);
	return relevo_queue_lease(worker->tasks, RELEVO_FOREVER, item, 1, &got);
}

/* Does not return as long as there is something to do. */
static int worker_serve(struct worker *worker)
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
	if (worker->next.data != NULL) {
		struct error failure = *thread_error();
		relevo_queue_put_back(worker->tasks, &worker->next, 1);
		*thread_error() = failure;
	}
	relevo_item_free(&worker->next);
	return status;
}

/* Whoever keeps the workers may wait for one that gets so far. */
static void worker_tell_ready(int news_fd)
{
	uint64_t one = 1;
	ssize_t written = write(news_fd, &one, sizeof one);
	(void)written;
}

/* Why it ends by itself: because it was told to, or because the pool has ended; else it
 * cannot go on, as another one may. */
static int worker_judge(struct worker *worker, int status, struct error *error)
{
	if (atomic_load(&worker->unwatched))
		return error_set(error, RELEVO_DISCONNECTED,
				 "the connection to the broker was lost");
	if (status == RELEVO_OK || status == RELEVO_INTERRUPTED)
		return RELEVO_OK;
	if (status == RELEVO_GONE && worker_open_run(worker) == worker->run)
		return RELEVO_OK;
	return error_set(error, status, "%s", relevo_error_detail());
}

/* OK: there is no more to do. */
static int worker_serve_ready(struct worker *worker, struct error *error)
{
	const struct worker_setup *setup = worker->setup;
	atomic_store(&setup->table->run, worker->run);
	atomic_store(&setup->slot->stage, WORKER_READY);
	worker_tell_ready(setup->news_fd);
	int status = worker_judge(worker, worker_serve(worker), error);
	if (status != RELEVO_OK)
		setup->slot->end = WORKER_LOST;
	return status;
}

static void close_worker(struct worker *worker)
{
	watcher_stop(worker->watcher);
	if (worker->session != NULL)
		worker->session->wake_fd = -1;
	relevo_queue_close(worker->presence);
	relevo_queue_close(worker->tasks);
	relevo_session_close(worker->session);
	worker_plan_fini(&worker->plan);
	buffer_fini(&worker->reply.bodies);
	buffer_fini(&worker->out);
	pthread_mutex_destroy(&worker->reply.lock);
}

static int begin_and_serve(struct worker *worker, struct error *error)
{
	const struct worker_setup *setup = worker->setup;
	int status = worker_open(worker, error);
	if (status == RELEVO_INTERRUPTED)
		return RELEVO_OK;
	if (status != RELEVO_OK) {
		setup->slot->end = WORKER_LOST;
		return status;
	}
	status = worker_function_initialize(worker, error);
	if (status != RELEVO_OK) {
		setup->slot->end = WORKER_UNREADY;
		return status;
	}
	return worker_serve_ready(worker, error);
}

int worker_run(const struct worker_setup *setup, struct error *error)
{
	/* A process is one worker. When it is lost, its watcher goes on until the process has
	 * ended, and must not look at a frame that has been left. */
	static struct worker worker;
	worker = (struct worker){ .setup = setup, .reply.progress = send_progress };
	worker.pid = getpid();
	pthread_mutex_init(&worker.reply.lock, NULL);
	gethostname(worker.host, sizeof worker.host - 1);
	int status = begin_and_serve(&worker, error);
	if (setup->slot->end == WORKER_DIES)
		setup->slot->end = WORKER_FINISHED;
	/* With what is lost no farewell can be waited for; the process ends. */
	if (setup->slot->end == WORKER_LOST && worker.tasks != NULL)
		relevo_session_flush(worker.session, LAST_WORDS);
	else
		close_worker(&worker);
	return status;
}
