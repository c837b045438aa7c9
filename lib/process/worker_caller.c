/*
 * Callers of a shared pool come and go, and nobody drops their tasks but the workers.
 * Whoever waits for a result has a queue for it that ends with him.
 */
#include "process/worker_task.h"

/* How often it is looked for while a task runs. */
#define CALLER_CHECK NSEC_PER_SEC

nsec_t worker_caller_check(const struct worker *worker)
{
	return worker->setup->shared ? clock_now() + CALLER_CHECK : NSEC_NEVER;
}

bool worker_caller_gone(relevo_session *session, const Relevo__TaskHeader *task)
{
	const struct relevo_queue_options options = { .mode = RELEVO_OPEN_EXISTING };
	relevo_queue *queue;
	int status = relevo_queue_open(session, task->reply_to, &options, &queue);
	if (status == RELEVO_OK)
		relevo_queue_close(queue);
	/* Whatever else went wrong will be found out by the worker itself. */
	return status == RELEVO_NOT_FOUND;
}
