/* What a worker has to know of its pool, as bytes and as read from the broker. */
#include "worker/worker_plan.h"

#include "base/thread_error.h"
#include "task.pb-c.h"
#include "wire/text.h"

#include <relevo/manage.h>
#include <string.h>

void worker_plan_fini(struct worker_plan *plan)
{
	buffer_fini(&plan->argument);
	*plan = (struct worker_plan){ 0 };
}

bool worker_plan_encode(const struct worker_plan *plan, struct buffer *out)
{
	Relevo__PoolPlan message = RELEVO__POOL_PLAN__INIT;
	message.initializer = (char *)plan->initializer;
	message.argument.data = buffer_data(&plan->argument);
	message.argument.len = buffer_size(&plan->argument);
	message.max_tasks = plan->max_tasks;
	message.never_twice = plan->never_twice;
	size_t size = relevo__pool_plan__get_packed_size(&message);
	uint8_t *place = buffer_reserve(out, size > 0 ? size : 1);
	if (place == NULL)
		return false;
	buffer_commit(out, relevo__pool_plan__pack(&message, place));
	return true;
}

int worker_plan_decode(const void *data, size_t size, struct worker_plan *plan, struct error *error)
{
	Relevo__PoolPlan *message = text_unpack(&relevo__pool_plan__descriptor, NULL, size, data);
	int status = RELEVO_OK;
	if (message == NULL || strlen(message->initializer) > NAME_MAX_BYTES)
		status = error_set(error, RELEVO_BAD_FRAME, "the pool's plan cannot be read");
	else if (!buffer_append(&plan->argument, message->argument.data, message->argument.len))
		status = error_set(error, RELEVO_NO_MEMORY, "no memory for the pool's plan");
	if (status == RELEVO_OK) {
		strcpy(plan->initializer, message->initializer);
		plan->max_tasks = message->max_tasks;
		plan->never_twice = message->never_twice;
	}
	relevo__pool_plan__free_unpacked(message, NULL);
	return status;
}

int worker_plan_read(relevo_session *session, const char *queue, struct worker_plan *plan,
		     struct error *error)
{
	const struct relevo_queue_options options = { .mode = RELEVO_OPEN_EXISTING };
	relevo_queue *plans;
	int status = relevo_queue_open(session, queue, &options, &plans);
	if (status != RELEVO_OK)
		return error_set(error, status, "%s", relevo_error_detail());
	struct relevo_place place = { 0 };
	relevo_item item = { 0 };
	size_t got;
	status = relevo_queue_peek(plans, &place, &item, 1, &got);
	if (status == RELEVO_OK && got == 0)
		status = error_set(error, RELEVO_NOT_FOUND, "there is no plan in the queue \"%s\"",
				   queue);
	else if (status == RELEVO_OK)
		status = worker_plan_decode(item.data, item.size, plan, error);
	else
		error_set(error, status, "%s", relevo_error_detail());
	relevo_item_free(&item);
	struct error failure = *error;
	relevo_queue_close(plans);
	*error = failure;
	return status;
}
