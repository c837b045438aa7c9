/* Condition variables: waiting in line without the lock, and waking those that wait. */
#include <relevo/condition.h>

#include "base/deadline.h"
#include "base/mutant.h"
#include "base/thread_error.h"
#include "session/call.h"
#include "session/flusher.h"
#include "session/outbox.h"
#include "sync/mutex.h"
#include "sync/sync_handle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Waiters that one frame wakes. More cost another frame. */
enum { STEP = 64 };

static const char lock_suffix[] = ".lock";

struct relevo_condition {
	struct relevo_queue queue; /* where those who wait stand in line */
	struct mutex *mutex;
	relevo_rlock *own; /* the lock, if it is its own */
};

/* ---- open and close --------------------------------------------------- */

static struct mutex *given_mutex(const struct relevo_condition_options *options)
{
	if (options->lock != NULL)
		return &options->lock->mutex;
	return options->rlock != NULL ? &options->rlock->mutex : NULL;
}

static int check_name(const char *name, struct error *error)
{
	int status = name_check(name, "condition", error);
	size_t most = NAME_MAX_BYTES - strlen(lock_suffix);
	if (status == RELEVO_OK && strlen(name) > most)
		status = error_set(error, RELEVO_BAD_NAME,
				   "the name of a condition has %zu bytes, more than %zu",
				   strlen(name), most);
	return status;
}

static int condition_check_open(relevo_session *session, const char *name,
				const struct relevo_condition_options *options, struct error *error)
{
	const struct relevo_queue_options common = {
		.mode = options->mode,
		.lifetime = options->lifetime,
	};
	const struct mutex *mutex = given_mutex(options);
	int status = name != NULL ? check_name(name, error) : RELEVO_OK;
	if (status == RELEVO_OK)
		status = queue_check_options(&common, error);
	if (status != RELEVO_OK)
		return status;
	if (name == NULL && options->mode == RELEVO_OPEN_EXISTING)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "a condition without a name cannot be opened, only created");
	if (options->lock != NULL && options->rlock != NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT, "a condition has one lock, not two");
	if (mutex != NULL && mutex->source.queue.handle.session != session)
		return error_set(error, RELEVO_BAD_ARGUMENT, "the lock \"%s\" is another session's",
				 mutex->source.queue.handle.name);
	return RELEVO_OK;
}

static int open_line(relevo_condition *condition, relevo_session *session, const char *name,
		     const struct relevo_condition_options *options, struct error *error)
{
	const struct relevo_lock_options common = {
		.mode = options->mode,
		.lifetime = options->lifetime,
	};
	Relevo__LockOpen operation = RELEVO__LOCK_OPEN__INIT;
	operation.kind = RELEVO__LOCK_KIND__LOCK_KIND_CONDITION;
	permit_describe(name, &common, &operation);
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_LOCK_OPEN;
	header.lock_open = &operation;
	condition->queue.handle.what = "condition";
	return queue_attach(&condition->queue, session, &header, error);
}

/* Whoever opens the condition first makes its lock too. However long the condition
 * lives, nobody can hold the lock without a handle to it. */
static int open_lock(relevo_condition *condition)
{
	char name[NAME_MAX_BYTES + sizeof lock_suffix];
	const struct relevo_lock_options options = { .lifetime = RELEVO_LIFETIME_UNTIL_UNUSED };
	snprintf(name, sizeof name, "%s%s", condition->queue.handle.name, lock_suffix);
	int status =
		relevo_rlock_open(condition->queue.handle.session, name, &options, &condition->own);
	if (status == RELEVO_OK)
		condition->mutex = &condition->own->mutex;
	return status;
}

static int open_both(relevo_condition *condition, relevo_session *session, const char *name,
		     const struct relevo_condition_options *options, struct error *error)
{
	int status = open_line(condition, session, name, options, error);
	if (status != RELEVO_OK)
		return status;
	condition->mutex = given_mutex(options);
	if (condition->mutex == NULL)
		status = open_lock(condition);
	if (status != RELEVO_OK)
		queue_detach(&condition->queue);
	return status;
}

int relevo_condition_open(relevo_session *session, const char *name,
			  const struct relevo_condition_options *options, relevo_condition **out)
{
	if (!given(session, out) || !known(relevo_condition_options, options))
		return RELEVO_BAD_ARGUMENT;
	static const struct relevo_condition_options defaults;
	struct error *error = thread_error();
	if (options == NULL)
		options = &defaults;
	int status = condition_check_open(session, name, options, error);
	if (status != RELEVO_OK)
		return status;
	relevo_condition *condition = calloc(1, sizeof *condition);
	if (condition == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a condition handle");
	status = open_both(condition, session, name, options, error);
	if (status == RELEVO_OK)
		*out = condition;
	else
		free(condition);
	return status;
}

void relevo_condition_close(relevo_condition *condition)
{
	if (condition == NULL)
		return;
	queue_detach(&condition->queue);
	relevo_rlock_close(condition->own);
	free(condition);
}

int relevo_condition_delete(relevo_session *session, const char *name)
{
	return queue_delete_kind(session, name, RELEVO__QUEUE_KIND__KIND_CONDITION, "condition");
}

const struct handle *condition_handle(const relevo_condition *condition)
{
	return &condition->queue.handle;
}

const char *relevo_condition_name(const relevo_condition *condition)
{
	if (!given(condition))
		return "";
	return condition->queue.handle.name;
}

int relevo_condition_acquire(relevo_condition *condition, int64_t timeout,
			     struct relevo_grant *grant)
{
	if (!given(condition))
		return RELEVO_BAD_ARGUMENT;
	return mutex_acquire(condition->mutex, timeout, grant);
}

int relevo_condition_release(relevo_condition *condition)
{
	if (!given(condition))
		return RELEVO_BAD_ARGUMENT;
	return mutex_release(condition->mutex);
}

/* queue_enter(), by somebody who holds the lock. */
static int condition_begin(relevo_condition *condition, nsec_t deadline, struct error *error)
{
	int status = queue_enter(&condition->queue, deadline, error);
	if (status != RELEVO_OK || mutex_is_held(condition->mutex))
		return status;
	session_leave(condition->queue.handle.session);
	return error_set(error, RELEVO_NOT_OWNER, "the lock of the condition \"%s\" is not held",
			 condition->queue.handle.name);
}

/* ---- wait ------------------------------------------------------------- */

struct waiting {
	struct call call;
	uint64_t notice; /* the lease of what woke it */
	uint64_t epoch;  /* of the connection */
};

static int take_notice(struct call *call, const struct frame *frame)
{
	struct waiting *waiting = container_of(call, struct waiting, call);
	if (frame->header->op_case != RELEVO__HEADER__OP_QUEUE_ITEMS ||
	    frame->header->queue_items->n_leases != 1)
		return RELEVO_BAD_FRAME;
	waiting->notice = frame->header->queue_items->leases[0];
	return RELEVO_OK;
}

static void condition_begin_waiting(relevo_condition *condition, nsec_t deadline,
				    struct waiting *waiting)
{
	Relevo__QueueGet operation = RELEVO__QUEUE_GET__INIT;
	operation.queue = condition->queue.handle.number;
	operation.timeout_ms = deadline > 0 ? clock_msec_until(clock_now(), deadline) : 0;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_GET;
	header.queue_get = &operation;
	call_begin(condition->queue.handle.session, &waiting->call, &header);
}

/* The notice is done with: its waiter has the lock again. */
static void condition_acknowledge(struct relevo_session *session, const struct waiting *waiting)
{
	if (waiting->notice == 0 || waiting->epoch != session->connection.epoch)
		return;
	outbox_ack(session, waiting->notice);
	flusher_notify(session);
}

/* The broker speaks of queues. */
static int condition_conclude(const relevo_condition *condition, const struct call *call,
			      int status, struct error *error)
{
	if (call->done && status == RELEVO_TIMED_OUT)
		return error_set(error, RELEVO_TIMED_OUT, "the condition \"%s\" was not notified",
				 condition->queue.handle.name);
	return status;
}

/*
 * To stand in line and to release the lock are two requests, the one sent right
 * behind the other: whoever has the lock next finds this waiter in line.
 */
static int wait_locked(relevo_condition *condition, nsec_t deadline, struct error *error)
{
	struct relevo_session *session = condition->queue.handle.session;
	struct waiting waiting = {
		.call.take = take_notice,
		.call.interruptible = true,
		.epoch = condition->queue.handle.epoch,
	};
	struct call release = { .take = NULL };
	condition_begin_waiting(condition, deadline, &waiting);
	uint64_t depth = mutex_begin_suspend(condition->mutex, &release);
	int status = call_wait(session, &release, session_patience(deadline), error);
	if (status != RELEVO_OK) {
		call_give_up(session, &waiting.call);
		return status;
	}
	status = call_wait(session, &waiting.call, session_patience(deadline), error);
	status = condition_conclude(condition, &waiting.call, status, error);
	if (session->connection.silent && !waiting.call.done)
		return error_set(error, RELEVO_UNANSWERED,
				 "the broker does not answer: the lock of \"%s\" is not held again",
				 condition->queue.handle.name);
	int resumed = mutex_resume(condition->mutex, depth, error);
	if (resumed != RELEVO_OK)
		return resumed;
	condition_acknowledge(session, &waiting);
	return status;
}

static int condition_wait_until(relevo_condition *condition, nsec_t deadline, struct error *error)
{
	int status = condition_begin(condition, deadline, error);
	if (status != RELEVO_OK)
		return status;
	status = wait_locked(condition, deadline, error);
	session_leave(condition->queue.handle.session);
	return status;
}

int relevo_condition_wait(relevo_condition *condition, int64_t timeout)
{
	if (!given(condition))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	return status == RELEVO_OK ? condition_wait_until(condition, deadline, error) : status;
}

/* `error` has what the wait before it ended with; that stays, unless the predicate fails. */
static int condition_look(const relevo_condition *condition, relevo_predicate *predicate,
			  void *user, bool *holds, struct error *error)
{
	const struct error before = *error;
	error->status = RELEVO_OK;
	*holds = false;
	int status = predicate(user, holds);
	if (status != RELEVO_OK && !MUTANT(predicate_never_fails)) {
		if (relevo_error_detail()[0] == '\0')
			error_set(error, status, "the predicate of the condition \"%s\" failed",
				  condition->queue.handle.name);
		return status;
	}
	error->status = RELEVO_OK;
	if (!*holds)
		*error = before;
	return RELEVO_OK;
}

int relevo_condition_wait_for(relevo_condition *condition, relevo_predicate *predicate, void *user,
			      int64_t timeout)
{
	if (!given(condition) || !given_function(predicate))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = condition_begin(condition, deadline, error);
	if (status != RELEVO_OK)
		return status;
	session_leave(condition->queue.handle.session);
	bool holds;
	int failed = condition_look(condition, predicate, user, &holds, error);
	while (failed == RELEVO_OK && !holds && status == RELEVO_OK) {
		status = condition_wait_until(condition, deadline, thread_error());
		if (status == RELEVO_OK || status == RELEVO_TIMED_OUT)
			failed = condition_look(condition, predicate, user, &holds, error);
	}
	if (failed != RELEVO_OK)
		return failed;
	return holds ? RELEVO_OK : status;
}

int relevo_condition_waiters(relevo_condition *condition, uint64_t *count)
{
	if (!given(condition, count))
		return RELEVO_BAD_ARGUMENT;
	struct relevo_queue_state state;
	int status = relevo_queue_inspect(&condition->queue, &state);
	if (status == RELEVO_OK)
		*count = MUTANT(woken_still_wait) ? state.getters + state.leased : state.getters;
	return status;
}

/* ---- notify ----------------------------------------------------------- */

/* Wake up to `count`; *woken tells how many there were. */
static int notify_step(relevo_condition *condition, size_t count, size_t *woken,
		       struct error *error)
{
	nsec_t limit = session_limit(condition->queue.handle.session);
	uint32_t sizes[STEP] = { 0 };
	Relevo__QueuePut operation = RELEVO__QUEUE_PUT__INIT;
	operation.queue = condition->queue.handle.number;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.sizes = sizes;
	header.n_sizes = count;
	header.op_case = RELEVO__HEADER__OP_QUEUE_PUT;
	header.queue_put = &operation;
	struct call call = { .take = NULL };
	int status = call_run(condition->queue.handle.session, &call, &header, limit, error);
	*woken = status == RELEVO_OK ? count : call.count;
	/* Nobody else waits: the broker says so at once. */
	if (status != RELEVO_TIMED_OUT || !call.done)
		return status;
	*error = (struct error){ 0 };
	return RELEVO_OK;
}

int relevo_condition_notify(relevo_condition *condition, size_t count)
{
	if (!given(condition))
		return RELEVO_BAD_ARGUMENT;
	nsec_t limit = session_limit(condition->queue.handle.session);
	struct error *error = thread_error();
	int status = condition_begin(condition, limit, error);
	if (status != RELEVO_OK)
		return status;
	size_t asked = 0;
	size_t woken = 0;
	while (status == RELEVO_OK && asked == woken && count > 0) {
		asked = count < STEP ? count : STEP;
		count -= asked;
		status = notify_step(condition, asked, &woken, error);
	}
	session_leave(condition->queue.handle.session);
	return status;
}

int relevo_condition_notify_all(relevo_condition *condition)
{
	if (!given(condition))
		return RELEVO_BAD_ARGUMENT;
	return relevo_condition_notify(condition, SIZE_MAX);
}
