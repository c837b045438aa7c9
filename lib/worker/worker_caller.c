/*
 * Callers may go, and nobody else ends their tasks. Each has a queue that ends with him, and
 * in which there is never anything: so whoever waits for an item hears of the end, at once.
 */
#include "base/mutant.h"
#include "base/thread_error.h"
#include "worker/worker_task.h"

#include <string.h>

static const struct relevo_queue_options existing = { .mode = RELEVO_OPEN_EXISTING };

/* Whatever else went wrong will be found out by the worker itself. */
static bool worker_caller_is_there(relevo_session *session, const char *name)
{
	relevo_queue *queue;
	int status = relevo_queue_open(session, name, &existing, &queue);
	if (status == RELEVO_OK)
		relevo_queue_close(queue);
	return status != RELEVO_NOT_FOUND && status != RELEVO_GONE;
}

bool caller_follow(struct worker *worker, struct caller *caller, const Relevo__TaskHeader *task)
{
	pthread_mutex_t *lock = &worker->reply.lock;
	pthread_mutex_lock(lock);
	bool same = strcmp(caller->name, task->caller) == 0;
	bool gone = caller->gone;
	pthread_mutex_unlock(lock);
	if (same)
		return !gone;
	gone = !worker_caller_is_there(worker->session, task->caller);
	pthread_mutex_lock(lock);
	strncpy(caller->name, task->caller, NAME_MAX_BYTES);
	caller->gone = gone;
	caller->changed = true;
	watcher_notify(worker->watcher);
	pthread_mutex_unlock(lock);
	return !gone;
}

void caller_open(struct worker *worker, struct caller *caller, relevo_session *session)
{
	char name[NAME_MAX_BYTES + 1];
	strcpy(name, caller->name);
	caller->changed = false;
	pthread_mutex_unlock(&worker->reply.lock);
	relevo_queue_close(caller->queue);
	caller->queue = NULL;
	int status = relevo_queue_open(session, name, &existing, &caller->queue);
	pthread_mutex_lock(&worker->reply.lock);
	if (caller->changed)
		return;
	caller->gone = status == RELEVO_NOT_FOUND;
	/* Somebody wants the watcher to look at something first. */
	caller->changed = status == RELEVO_INTERRUPTED;
}

void caller_ended(struct caller *caller)
{
	relevo_queue_close(caller->queue);
	caller->queue = NULL;
	if (!caller->changed)
		caller->gone = !MUTANT(caller_never_ends);
}
