/* Those who submit to somebody else's pool hear of its end, however that comes. */
#include "pool/pool_owner.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "os/descriptor.h"
#include "pool/pool.h"
#include "queue/queue.h"
#include "session/session.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int pool_owner_open(relevo_pool *pool, struct error *error)
{
	pool->owner_of.event = descriptor_raise(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (pool->owner_of.event < 0)
		return error_set_errno(error, error_descriptor_status(errno), errno,
				       "no descriptor for a pool");
	return RELEVO_OK;
}

/* ---- the session is locked -------------------------------------------------------- */

static int pool_owner_ask(relevo_pool *pool, struct error *error)
{
	relevo_session *session = pool->session;
	struct pool_owner *owner = &pool->owner_of;
	Relevo__QueueJoin operation = RELEVO__QUEUE_JOIN__INIT;
	operation.queue = pool->tasks->handle.number;
	operation.timeout_ms = session_timeout(NSEC_NEVER);
	operation.until_end = true;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_JOIN;
	header.queue_join = &operation;
	owner->call = (struct call){ .take = NULL };
	call_begin(session, &owner->call, &header);
	int status = owner->call.sent;
	if (status == RELEVO_OK)
		status = outbox_push(session);
	if (status != RELEVO_OK) {
		call_give_up(session, &owner->call);
		return error_set(error, status, "the pool's owner cannot be followed");
	}
	owner->call.event = owner->event;
	owner->asked = true;
	return RELEVO_OK;
}

/* The descriptor stays. */
static void pool_owner_leave(relevo_pool *pool)
{
	struct pool_owner *owner = &pool->owner_of;
	eventfd_t count;
	if (!owner->asked)
		return;
	owner->call.event = -1;
	owner->asked = false;
	eventfd_read(owner->event, &count);
	call_give_up(pool->session, &owner->call);
}

static int pool_owner_outcome(const relevo_pool *pool, struct error *error)
{
	const struct call *call = &pool->owner_of.call;
	if (!pool->owner_of.asked || !call->done)
		return RELEVO_OK;
	if (call->error.status == RELEVO_DISCONNECTED)
		return error_set(error, RELEVO_DISCONNECTED, "%s", error_text(&call->error));
	return error_set(error, RELEVO_GONE, "the pool \"%s\" has ended", relevo_pool_name(pool));
}

/* ---- and here it is not ------------------------------------------------------------- */

int pool_owner_follow(relevo_pool *pool, struct error *error)
{
	struct pool_owner *owner = &pool->owner_of;
	if (MUTANT(owners_end_unseen))
		return RELEVO_OK;
	int status = queue_enter(pool->tasks, session_limit(pool->session), error);
	if (status == RELEVO_GONE)
		return error_set(error, status, "the pool \"%s\" has ended",
				 relevo_pool_name(pool));
	if (status != RELEVO_OK)
		return status;
	status = pool_owner_outcome(pool, error);
	/* On another connection it is asked anew. */
	if (status == RELEVO_DISCONNECTED)
		pool_owner_leave(pool);
	if (!owner->asked)
		status = pool_owner_ask(pool, error);
	session_leave(pool->session);
	return status;
}

int pool_owner_check(relevo_pool *pool, struct error *error)
{
	pthread_mutex_lock(&pool->session->lock);
	int status = pool_owner_outcome(pool, error);
	pthread_mutex_unlock(&pool->session->lock);
	return status;
}

void pool_owner_forget(relevo_pool *pool)
{
	if (pool->owner_of.event >= 0)
		close(pool->owner_of.event);
}

void pool_owner_close(relevo_pool *pool)
{
	pthread_mutex_lock(&pool->session->lock);
	pool_owner_leave(pool);
	pthread_mutex_unlock(&pool->session->lock);
	pool_owner_forget(pool);
}
