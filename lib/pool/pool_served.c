/*
 * Waiting until somebody serves a pool, or nobody any more. That a worker is there shows in a
 * queue of its own (worker_presence.h), which ends with it: so its end is waited for there. Who
 * waits for the first one makes a queue that a worker which comes deletes.
 */
#include "base/clock.h"
#include "base/deadline.h"
#include "base/thread_error.h"
#include "base/within.h"
#include "session/session.h"
#include "worker/pool_name.h"
#include "worker/worker_presence.h"

#include <relevo/manage.h>
#include <relevo/pool_list.h>
#include <string.h>

struct serving {
	relevo_session *session;
	const char *pool;
	nsec_t deadline;
	char worker[NAME_MAX_BYTES + 1]; /* the queue of one that serves it */
};

/* Not 0: one is found. */
static int pool_served_visit(const struct relevo_queue_info *queue, void *user)
{
	struct serving *serving = user;
	char host[WORKER_HOST_SIZE];
	uint64_t pid;
	if (!worker_presence_parse(queue->name, serving->pool, host, &pid))
		return 0;
	strcpy(serving->worker, queue->name);
	return RELEVO_END_OF_STREAM;
}

/* Look for a worker. */
static int pool_served_look(struct serving *serving, bool *served)
{
	char prefix[NAME_MAX_BYTES + 2];
	int status = pool_queue_name(POOL_WORKER, serving->pool, prefix, thread_error());
	if (status != RELEVO_OK)
		return status;
	strcat(prefix, "/");
	status = relevo_queue_list(serving->session, prefix, pool_served_visit, serving);
	*served = status == RELEVO_END_OF_STREAM;
	return *served ? RELEVO_OK : status;
}

/* Until the queue ends: nobody puts anything into it. */
static int pool_served_wait_for_end(const struct serving *serving, relevo_queue *queue)
{
	relevo_item item;
	int64_t msec = RELEVO_FOREVER;
	if (serving->deadline != NSEC_NEVER)
		msec = clock_msec_until(clock_now(), serving->deadline);
	int status = relevo_queue_get(queue, msec, &item);
	if (status == RELEVO_OK)
		relevo_item_free(&item);
	return status == RELEVO_GONE ? RELEVO_OK : status;
}

/* The worker that was found last may have gone by now. */
static int pool_served_wait_for_leave(const struct serving *serving)
{
	const struct relevo_queue_options existing = { .mode = RELEVO_OPEN_EXISTING };
	relevo_queue *queue;
	int status = relevo_queue_open(serving->session, serving->worker, &existing, &queue);
	if (status != RELEVO_OK)
		return status == RELEVO_NOT_FOUND ? RELEVO_OK : status;
	status = pool_served_wait_for_end(serving, queue);
	relevo_queue_close(queue);
	return status;
}

/* Whoever comes after the look finds the queue. */
static int pool_served_wait_for_one(struct serving *serving)
{
	const struct relevo_queue_options options = { .lifetime = RELEVO_LIFETIME_UNTIL_UNUSED };
	char name[NAME_MAX_BYTES + 1];
	relevo_queue *queue;
	bool served = false;
	int status = pool_queue_name(POOL_AWAITED, serving->pool, name, thread_error());
	if (status == RELEVO_OK)
		status = relevo_queue_open(serving->session, name, &options, &queue);
	if (status != RELEVO_OK)
		return status;
	status = pool_served_look(serving, &served);
	if (status == RELEVO_OK && !served)
		status = pool_served_wait_for_end(serving, queue);
	relevo_queue_close(queue);
	return status;
}

static int pool_served_wait(struct serving *serving, bool wanted)
{
	bool served;
	int status;
	while ((status = pool_served_look(serving, &served)) == RELEVO_OK && served != wanted) {
		status = served ? pool_served_wait_for_leave(serving)
				: pool_served_wait_for_one(serving);
		if (status != RELEVO_OK)
			break;
	}
	if (status == RELEVO_TIMED_OUT && wanted)
		error_set(thread_error(), status, "nobody has served the pool \"%s\" in time",
			  serving->pool);
	else if (status == RELEVO_TIMED_OUT)
		error_set(thread_error(), status, "the pool \"%s\" is still served", serving->pool);
	return status;
}

static int pool_served_enter(relevo_session *session, const char *name, bool wanted,
			     int64_t timeout)
{
	if (!given(session, name))
		return RELEVO_BAD_ARGUMENT;
	struct serving serving = { .session = session, .pool = name };
	int status = deadline_after(timeout, &serving.deadline, thread_error());
	if (status != RELEVO_OK)
		return status;
	nsec_t before = within(session_patience(serving.deadline));
	status = pool_served_wait(&serving, wanted);
	within_end(before);
	return status;
}

int relevo_pool_wait_served(relevo_session *session, const char *name, int64_t timeout)
{
	return pool_served_enter(session, name, true, timeout);
}

int relevo_pool_wait_unserved(relevo_session *session, const char *name, int64_t timeout)
{
	return pool_served_enter(session, name, false, timeout);
}
