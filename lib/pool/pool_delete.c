/* Deleting a pool by its name: all the queues that it is made of. */
#include "base/deadline.h"
#include "base/thread_error.h"
#include "base/within.h"
#include "session/session.h"
#include "worker/pool_name.h"

#include <relevo/pool.h>

/* One that is not there, because nobody has needed it yet, is no failure. */
static int delete_rest(relevo_session *session, const char *name)
{
	static const enum pool_queue rest[] = { POOL_PLAN, POOL_CANCELLED, POOL_EXPECTED };
	int status = RELEVO_OK;
	for (size_t i = 0; i < sizeof rest / sizeof *rest && status == RELEVO_OK; i++) {
		char queue[NAME_MAX_BYTES + 1];
		status = pool_queue_name(rest[i], name, queue, thread_error());
		if (status == RELEVO_OK)
			status = relevo_queue_delete(session, queue);
		if (status == RELEVO_NOT_FOUND)
			status = RELEVO_OK;
	}
	return status;
}

static int pool_delete_tasks(relevo_session *session, const char *name)
{
	char queue[NAME_MAX_BYTES + 1];
	int status = pool_queue_name(POOL_TASKS, name, queue, thread_error());
	if (status == RELEVO_OK)
		status = relevo_queue_delete(session, queue);
	if (status == RELEVO_NOT_FOUND)
		error_set(thread_error(), status, "there is no pool \"%s\"", name);
	return status;
}

int relevo_pool_delete(relevo_session *session, const char *name)
{
	if (!given(session, name))
		return RELEVO_BAD_ARGUMENT;
	nsec_t before = within(session_limit(session));
	int status = pool_delete_tasks(session, name);
	if (status == RELEVO_OK)
		status = delete_rest(session, name);
	within_end(before);
	return status;
}
