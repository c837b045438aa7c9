/*
 * Who ends what takes too long or is not wanted any more. A thread with a session of its
 * own, since the worker's is the function's as long as that runs: it waits for orders, for
 * the deadline and for the end of the caller, answers in the function's stead, and ends the
 * process with it.
 */
#include "base/clock.h"
#include "base/mutant.h"
#include "base/thread_error.h"
#include "os/descriptor.h"
#include "os/thread.h"
#include "session/session.h"
#include "wire/text.h"
#include "worker/pool_name.h"
#include "worker/worker_task.h"

#include <errno.h>
#include <relevo/manage.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

/* Jobs taken back that are remembered: the last of them. */
enum { MOST_CANCELLED = 1024, STEP = 64 };

/* What the owner of a pool says when it is terminated. */
enum { ALL_JOBS = 0 };

struct cancelled {
	uint64_t job;
	char *reply_to;
};

struct watcher {
	struct worker *worker;
	relevo_session *session;
	relevo_queue *orders;
	struct caller caller;
	pthread_t thread;
	bool started;
	bool stop;
	int notify_fd; /* an eventfd: look at the worker again */
	struct cancelled *cancelled;
	size_t count; /* ever; the place of the next is that modulo MOST_CANCELLED */
};

/* ---- jobs that were taken back ------------------------------------------ */

static void worker_watch_remember(struct watcher *watcher, const relevo_item *item)
{
	Relevo__PoolCancel *order =
		text_unpack(&relevo__pool_cancel__descriptor, NULL, item->size, item->data);
	if (order == NULL)
		return;
	char *reply_to = strdup(order->reply_to);
	if (reply_to != NULL) {
		struct cancelled *place = &watcher->cancelled[watcher->count++ % MOST_CANCELLED];
		free(place->reply_to);
		*place = (struct cancelled){ order->job, reply_to };
	}
	relevo__pool_cancel__free_unpacked(order, NULL);
}

bool watcher_cancelled(const struct watcher *watcher, const Relevo__TaskHeader *task)
{
	size_t count = watcher->count < MOST_CANCELLED ? watcher->count : MOST_CANCELLED;
	for (size_t i = 0; i < count; i++) {
		const struct cancelled *cancelled = &watcher->cancelled[i];
		if (cancelled->job == ALL_JOBS)
			return true;
		if (cancelled->job == task->job && strcmp(cancelled->reply_to, task->reply_to) == 0)
			return true;
	}
	return false;
}

/* Those from before there was a queue of orders to be told with. */
static int read_cancelled(struct watcher *watcher, struct error *error)
{
	const struct relevo_queue_options options = { .mode = RELEVO_OPEN_EXISTING };
	char name[NAME_MAX_BYTES + 1];
	relevo_queue *queue;
	int status = pool_queue_name(POOL_CANCELLED, watcher->worker->setup->pool, name, error);
	if (status != RELEVO_OK)
		return status;
	status = relevo_queue_open(watcher->session, name, &options, &queue);
	if (status != RELEVO_OK)
		return status == RELEVO_NOT_FOUND
			       ? RELEVO_OK
			       : error_set(error, status, "%s", relevo_error_detail());
	struct relevo_place place = { 0 };
	relevo_item items[STEP];
	size_t got;
	while (relevo_queue_peek(queue, &place, items, STEP, &got) == RELEVO_OK && got > 0) {
		for (size_t i = 0; i < got; i++) {
			worker_watch_remember(watcher, &items[i]);
			relevo_item_free(&items[i]);
		}
	}
	relevo_queue_close(queue);
	return RELEVO_OK;
}

/* ---- ending the process -------------------------------------------------- */

/* The lock is held, and stays so: the function's thread must not go on. */
static _Noreturn void end_worker(struct watcher *watcher, int status, bool only_it,
				 const char *text)
{
	struct worker *worker = watcher->worker;
	worker_task_give_up(worker, status, only_it, text);
	worker_slot_done(worker->setup->slot);
	worker->setup->slot->end = WORKER_RETIRED;
	_exit(EXIT_SUCCESS);
}

/* Whether the function that runs has to end; the time until when it need not. */
static nsec_t worker_watch_look(struct watcher *watcher)
{
	struct worker *worker = watcher->worker;
	char text[512];
	if (!worker->running)
		return NSEC_NEVER;
	const Relevo__TaskHeader *task = worker->chunk->task;
	if (watcher_cancelled(watcher, task)) {
		snprintf(text, sizeof text,
			 "\"%s\" was cancelled, and its worker, process %d on %s, ended with it",
			 task->function, (int)getpid(), worker->host);
		end_worker(watcher, RELEVO_CANCELLED, false, text);
	}
	if (worker->deadline <= clock_now()) {
		snprintf(text, sizeof text,
			 "\"%s\" took more than %u ms, and its worker, process %d on %s, ended "
			 "with it",
			 task->function, task->timeout_ms, (int)getpid(), worker->host);
		end_worker(watcher, RELEVO_TIMED_OUT, true, text);
	}
	/* Of a task that is not watched, another's end may be what was heard last. */
	if (watcher->caller.gone && strcmp(watcher->caller.name, task->caller) == 0) {
		snprintf(text, sizeof text, "whoever called \"%s\" has gone", task->function);
		end_worker(watcher, RELEVO_CANCELLED, false, text);
	}
	return worker->deadline;
}

/* ---- the thread ---------------------------------------------------------- */

static int64_t msec_until(nsec_t deadline)
{
	if (deadline == NSEC_NEVER)
		return RELEVO_FOREVER;
	uint32_t msec = clock_msec_until(clock_now(), deadline);
	return msec > 0 ? msec : 1;
}

static void worker_watch_clear(const struct watcher *watcher)
{
	uint64_t count;
	ssize_t size = read(watcher->notify_fd, &count, sizeof count);
	(void)size;
}

/* Wait for an order, for something to look at, or for the end of the caller: GONE. The lock
 * is held, and released meanwhile. */
static int wait_for_news(struct watcher *watcher, relevo_item *order)
{
	relevo_queue *queues[] = { watcher->orders, watcher->caller.queue };
	nsec_t deadline = worker_watch_look(watcher);
	pthread_mutex_unlock(&watcher->worker->reply.lock);
	int status = relevo_queue_get_any(queues, queues[1] != NULL ? 2 : 1, msec_until(deadline),
					  order, NULL);
	if (status == RELEVO_INTERRUPTED)
		worker_watch_clear(watcher);
	pthread_mutex_lock(&watcher->worker->reply.lock);
	return status;
}

/* False: its connection is lost. */
static bool handle_news(struct watcher *watcher)
{
	relevo_item order;
	int status = wait_for_news(watcher, &order);
	if (status == RELEVO_GONE && watcher->caller.queue != NULL) {
		caller_ended(&watcher->caller);
		return true;
	}
	if (status != RELEVO_OK)
		return status == RELEVO_TIMED_OUT || status == RELEVO_INTERRUPTED;
	worker_watch_remember(watcher, &order);
	relevo_item_free(&order);
	return true;
}

/* Nobody would hear of orders and deadlines: the worker, which may wait for tasks, ends for
 * another one. */
static void end_unwatched(struct worker *worker)
{
	uint64_t one = 1;
	atomic_store(&worker->unwatched, !MUTANT(watcher_lost_unnoticed));
	ssize_t written = write(worker->setup->wake_fd, &one, sizeof one);
	(void)written;
}

static void *worker_watch_watch(void *argument)
{
	struct watcher *watcher = argument;
	pthread_mutex_t *lock = &watcher->worker->reply.lock;
	bool goes_on = true;
	pthread_mutex_lock(lock);
	while (!watcher->stop && goes_on) {
		if (watcher->caller.changed) {
			/* It would interrupt that; and all is looked at again behind it. */
			worker_watch_clear(watcher);
			caller_open(watcher->worker, &watcher->caller, watcher->session);
		} else {
			goes_on = handle_news(watcher);
		}
	}
	if (!goes_on)
		end_unwatched(watcher->worker);
	pthread_mutex_unlock(lock);
	return NULL;
}

struct caller *watcher_caller(struct watcher *watcher)
{
	return &watcher->caller;
}

void watcher_notify(struct watcher *watcher)
{
	uint64_t one = 1;
	ssize_t size = write(watcher->notify_fd, &one, sizeof one);
	(void)size;
}

/* ---- starting and stopping ----------------------------------------------- */

static int open_orders(struct watcher *watcher, struct error *error)
{
	const struct relevo_queue_options queue_options = {
		.mode = RELEVO_OPEN_NEW,
		.lifetime = RELEVO_LIFETIME_SESSION,
	};
	const struct worker_setup *setup = watcher->worker->setup;
	const struct relevo_session_options session_options = {
		.name = "worker's watcher",
		.key_file = setup->key.file,
		.key = setup->key.bytes,
	};
	char name[NAME_MAX_BYTES + 1];
	uint64_t number;
	int status = pool_queue_name(POOL_CONTROL, setup->pool, name, error);
	if (status != RELEVO_OK)
		return status;
	if (getrandom(&number, sizeof number, 0) != sizeof number)
		return error_set(error, RELEVO_SYSTEM, "there are no random numbers");
	size_t length = strlen(name);
	snprintf(name + length, sizeof name - length, "/%d.%016llx", (int)getpid(),
		 (unsigned long long)number);
	status = relevo_session_open(setup->url, &session_options, &watcher->session);
	if (status == RELEVO_OK)
		status =
			relevo_queue_open(watcher->session, name, &queue_options, &watcher->orders);
	if (status != RELEVO_OK)
		return error_set(error, status, "%s", relevo_error_detail());
	watcher->session->wake_fd = watcher->notify_fd;
	return RELEVO_OK;
}

static int worker_watch_start_thread(struct watcher *watcher, struct error *error)
{
	int number = thread_start(&watcher->thread, NULL, worker_watch_watch, watcher);
	if (number != 0)
		return error_set_process(error, number, "no thread to watch tasks");
	watcher->started = true;
	return RELEVO_OK;
}

int watcher_start(struct worker *worker, struct error *error)
{
	struct watcher *watcher = calloc(1, sizeof *watcher);
	if (watcher != NULL)
		watcher->cancelled = calloc(MOST_CANCELLED, sizeof *watcher->cancelled);
	if (watcher == NULL || watcher->cancelled == NULL) {
		free(watcher);
		return error_set(error, RELEVO_NO_MEMORY, "no memory to watch tasks");
	}
	watcher->worker = worker;
	watcher->notify_fd = descriptor_raise(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	int status = RELEVO_OK;
	if (watcher->notify_fd < 0)
		status = error_set_errno(error, RELEVO_SYSTEM, errno,
					 "no descriptor to watch tasks");
	if (status == RELEVO_OK)
		status = open_orders(watcher, error);
	if (status == RELEVO_OK)
		status = read_cancelled(watcher, error);
	if (status == RELEVO_OK)
		status = worker_watch_start_thread(watcher, error);
	if (status == RELEVO_OK)
		worker->watcher = watcher;
	else
		watcher_stop(watcher);
	return status;
}

void watcher_stop(struct watcher *watcher)
{
	if (watcher == NULL)
		return;
	if (watcher->started) {
		pthread_mutex_lock(&watcher->worker->reply.lock);
		watcher->stop = true;
		pthread_mutex_unlock(&watcher->worker->reply.lock);
		watcher_notify(watcher);
		pthread_join(watcher->thread, NULL);
	}
	if (watcher->session != NULL)
		watcher->session->wake_fd = -1;
	relevo_queue_close(watcher->caller.queue);
	relevo_queue_close(watcher->orders);
	relevo_session_close(watcher->session);
	if (watcher->notify_fd >= 0)
		close(watcher->notify_fd);
	for (size_t i = 0; i < MOST_CANCELLED; i++)
		free(watcher->cancelled[i].reply_to);
	free(watcher->cancelled);
	free(watcher);
}
