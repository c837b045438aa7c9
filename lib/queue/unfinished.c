/* The tasks of a joinable queue that are not done yet, and reporting one as done. */
#include "queue/unfinished.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "queue/queue.h"
#include "session/outbox.h"

#include <stdlib.h>
#include <string.h>

bool unfinished_reserve(struct unfinished_list *tasks, size_t more)
{
	size_t wanted = tasks->count + more;
	if (wanted <= tasks->capacity)
		return true;
	size_t capacity = tasks->capacity > 0 ? tasks->capacity : 16;
	while (capacity < wanted)
		capacity *= 2;
	uint64_t *leases = malloc(capacity * sizeof *leases);
	if (leases == NULL)
		return false;
	for (uint32_t i = 0; i < tasks->count; i++)
		leases[i] = tasks->leases[(tasks->first + i) % tasks->capacity];
	free(tasks->leases);
	tasks->leases = leases;
	tasks->first = 0;
	tasks->capacity = (uint32_t)capacity;
	return true;
}

/* What came with another connection has gone back. */
static void see_epoch(struct unfinished_list *tasks, uint64_t epoch)
{
	if (tasks->epoch == epoch)
		return;
	tasks->lost += tasks->count;
	tasks->count = 0;
	tasks->epoch = epoch;
}

void unfinished_add(struct unfinished_list *tasks, uint64_t lease, uint64_t epoch)
{
	see_epoch(tasks, epoch);
	tasks->leases[(tasks->first + tasks->count++) % tasks->capacity] = lease;
}

void unfinished_forget(struct unfinished_list *tasks)
{
	tasks->count = tasks->lost = 0;
}

void unfinished_fini(struct unfinished_list *tasks)
{
	free(tasks->leases);
	*tasks = (struct unfinished_list){ 0 };
}

/* The session is locked. */
static int finish_oldest(relevo_queue *queue, struct error *error)
{
	struct relevo_session *session = queue->handle.session;
	struct unfinished_list *tasks = &queue->tasks;
	see_epoch(tasks, session->connection.epoch);
	if (tasks->lost > 0) {
		tasks->lost--;
		return error_set(error, RELEVO_NOT_OWNER,
				 "the item of \"%s\" went back when its connection ended",
				 queue->handle.name);
	}
	if (tasks->count == 0 && MUTANT(extra_task_done_is_silent))
		return RELEVO_OK;
	if (tasks->count == 0)
		return error_set(error, RELEVO_BAD_STATE,
				 "no item of \"%s\" that this process got through this handle is "
				 "left to be "
				 "done with",
				 queue->handle.name);
	int status = outbox_ack(session, tasks->leases[tasks->first]);
	if (status != RELEVO_OK)
		return error_set(error, status, "no memory to acknowledge an item of \"%s\"",
				 queue->handle.name);
	tasks->first = (tasks->first + 1) % tasks->capacity;
	tasks->count--;
	flusher_notify(session);
	return RELEVO_OK;
}

int relevo_queue_task_done(relevo_queue *queue)
{
	if (!given(queue))
		return RELEVO_BAD_ARGUMENT;
	nsec_t limit = session_limit(queue->handle.session);
	struct error *error = thread_error();
	if (!queue->joinable)
		return error_set(error, RELEVO_BAD_STATE, "the handle of \"%s\" is not joinable",
				 queue->handle.name);
	int status;
	do {
		status = queue_enter(queue, limit, error);
		if (status == RELEVO_OK) {
			status = finish_oldest(queue, error);
			session_leave(queue->handle.session);
		}
	} while (handle_rides(&queue->handle, limit, &status, error));
	return status;
}
