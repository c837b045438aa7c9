/* Calling what a worker runs, a task or the initializer, within its time limit. */
#include "worker/worker_process.h"
#include "worker/worker_task.h"

#include "base/clock.h"
#include "base/thread_error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* A worker that is too stuck to end itself is given so much longer. */
#define GRACE NSEC_PER_SEC

/* Bytes of the header of a result, at most. */
enum { HEADER_ROOM = HOST_NAME_MAX + 128 };

/* ---- deadlines --------------------------------------------------------- */

static void set_alarm(const struct worker *worker, nsec_t deadline)
{
	struct itimerspec when = { 0 };
	if (deadline != NSEC_NEVER)
		when.it_value = clock_timespec(deadline + GRACE);
	timerfd_settime(worker->setup->alarm_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* False: the job was taken back. */
static bool worker_function_begin(struct worker *worker, const Relevo__TaskHeader *task)
{
	bool wanted = true;
	pthread_mutex_lock(&worker->reply.lock);
	if (worker->watcher != NULL && watcher_cancelled(worker->watcher, task)) {
		wanted = false;
	} else {
		worker->running = true;
		worker->deadline = NSEC_NEVER;
		if (task->timeout_ms > 0) {
			worker->deadline = clock_deadline(clock_now(), task->timeout_ms);
			set_alarm(worker, worker->deadline);
			watcher_notify(worker->watcher);
		}
	}
	pthread_mutex_unlock(&worker->reply.lock);
	return wanted;
}

/* Does not return if the watcher has answered in its place. */
static void worker_function_end(struct worker *worker, const Relevo__TaskHeader *task)
{
	pthread_mutex_lock(&worker->reply.lock);
	worker->running = false;
	pthread_mutex_unlock(&worker->reply.lock);
	if (task->timeout_ms > 0)
		set_alarm(worker, NSEC_NEVER);
}

/* ---- calling ----------------------------------------------------------- */

/* What the function said and what it returned must fit together: a failure has a
 * text, and only a success has a result. */
static int call(struct worker *worker, const struct function_entry *entry,
		const struct relevo_bytes *argument)
{
	struct relevo_reply *reply = &worker->reply;
	int status = entry->function(argument, reply, entry->user);
	/* A child that it has made came back with it: there is one answer to give. */
	if (worker_process_is_copy())
		_exit(EXIT_SUCCESS);
	if (status == RELEVO_OK && reply->failed)
		status = RELEVO_REMOTE;
	if (status != RELEVO_OK && !reply->failed)
		relevo_reply_fail(reply, "%s", relevo_error_message(status));
	return status;
}

/* Local workers end with their owner. A second thread makes many small functions slower: so
 * there is none before there is a task that somebody may take back. */
static bool is_watched(const struct worker *worker, const Relevo__TaskHeader *task)
{
	return task->watched || task->timeout_ms > 0 || worker->setup->plan == NULL;
}

int worker_function_prepare(struct worker *worker, const Relevo__TaskHeader *task,
			    struct error *error)
{
	if (worker->watcher != NULL || !is_watched(worker, task))
		return RELEVO_OK;
	return watcher_start(worker, error);
}

static int worker_function_watch(struct worker *worker, const Relevo__TaskHeader *task)
{
	struct error error = { 0 };
	if (worker_function_prepare(worker, task, &error) == RELEVO_OK)
		return RELEVO_OK;
	relevo_reply_fail(&worker->reply, "\"%s\" cannot be watched: %s", task->function,
			  error_text(&error));
	return error.status;
}

static int worker_function_run_here(struct worker *worker, const struct function_entry *entry,
				    const Relevo__TaskHeader *task,
				    const struct relevo_bytes *argument)
{
	struct relevo_reply *reply = &worker->reply;
	int status = worker_function_watch(worker, task);
	if (status != RELEVO_OK)
		return status;
	if (is_watched(worker, task) &&
	    !caller_follow(worker, watcher_caller(worker->watcher), task)) {
		relevo_reply_fail(reply, "whoever called \"%s\" has gone", task->function);
		return RELEVO_CANCELLED;
	}
	if (!worker_function_begin(worker, task)) {
		relevo_reply_fail(reply, "\"%s\" was cancelled before it began", task->function);
		return RELEVO_CANCELLED;
	}
	status = call(worker, entry, argument);
	worker_function_end(worker, task);
	size_t size = task_reply_size(reply);
	size_t most = relevo_session_max_item(worker->session) - HEADER_ROOM;
	if (size <= most)
		return status;
	relevo_reply_fail(reply, "a result of \"%s\" has %zu bytes, more than %zu fit",
			  task->function, size, most);
	return RELEVO_TOO_LARGE;
}

/* ---- what stands in the way -------------------------------------------- */

static void worker_function_describe(const struct death *death, char *text, size_t size)
{
	int state = death->state;
	if (WIFSIGNALED(state))
		snprintf(text, size, "; the last, process %d, was killed by signal %d (%s)",
			 (int)death->pid, WTERMSIG(state), strsignal(WTERMSIG(state)));
	else
		snprintf(text, size, "; the last, process %d, exited with code %d", (int)death->pid,
			 WEXITSTATUS(state));
}

int worker_function_tell_death(struct worker *worker, struct chunk *chunk)
{
	const Relevo__TaskHeader *task = chunk->task;
	const struct death *death = &chunk->death;
	char how[160] = "";
	if (chunk->known) {
		worker_function_describe(death, how, sizeof how);
		chunk->part.pid = (uint64_t)death->pid;
		chunk->part.culprit = chunk->broken ? death->place + 1 : 0;
	}
	if (death->overdue) {
		relevo_reply_fail(&worker->reply,
				  "\"%s\" took more than %u ms, and its worker, process %d, which "
				  "did not react, was killed",
				  task->function, task->timeout_ms, (int)death->pid);
		return RELEVO_TIMED_OUT;
	}
	relevo_reply_fail(&worker->reply, "the workers that ran \"%s\" died, %u times%s",
			  task->function, task->max_attempts, how);
	return RELEVO_WORKER_DIED;
}

int worker_function_run(struct worker *worker, struct chunk *chunk)
{
	const Relevo__TaskHeader *task = chunk->task;
	const struct relevo_bytes argument = { chunk->body, task->sizes[chunk->index] };
	struct function_entry entry;
	if (chunk->given_up)
		return worker_function_tell_death(worker, chunk);
	if (registry_find(task->function, &entry))
		return worker_function_run_here(worker, &entry, task, &argument);
	relevo_reply_fail(&worker->reply, "no function \"%s\" is registered at the worker on %s",
			  task->function, worker->host);
	return RELEVO_UNKNOWN_FUNCTION;
}

/* ---- the initializer ---------------------------------------------------- */

int worker_function_initialize(struct worker *worker, struct error *error)
{
	const char *name = worker->plan.initializer;
	struct relevo_reply *reply = &worker->reply;
	struct function_entry entry;
	if (name[0] == '\0')
		return RELEVO_OK;
	atomic_store(&worker->setup->slot->stage, WORKER_INITIALIZING);
	if (!registry_find(name, &entry))
		return error_set(error, RELEVO_UNKNOWN_FUNCTION,
				 "no initializer \"%s\" is registered at the worker on %s", name,
				 worker->host);
	const struct relevo_bytes argument = {
		buffer_data(&worker->plan.argument),
		buffer_size(&worker->plan.argument),
	};
	task_reply_begin(reply);
	int status = call(worker, &entry, &argument);
	if (status != RELEVO_OK)
		error_set(error, status, "the initializer \"%s\" failed: %.*s", name,
			  (int)task_reply_size(reply), (const char *)buffer_data(&reply->bodies));
	buffer_truncate(&reply->bodies, 0);
	task_reply_begin(reply);
	return status;
}
