/* Calls that wait at a queue: entering a line, why they failed in words, what is shown of
 * them. */
#include "queues/queue_wait.h"

#include "base/mutant.h"
#include "core/work.h"
#include "stock/queue_kind.h"
#include "stock/queue_life.h"

void queue_wait_enter(struct waiter *waiter, struct queue *queue, struct list *line)
{
	queue_hold(queue);
	list_append(line, &waiter->in_line);
	queue_activate(queue);
}

bool queue_wait_put_off(struct waiter *waiter, struct queue *queue)
{
	if (!work_is_left(&queue->active.settling) || MUTANT(refused_too_early))
		return false;
	list_remove(&waiter->in_engine);
	list_append(&queue->put_off, &waiter->in_engine);
	return true;
}

bool queue_wait_describe(const struct waiter *waiter, const struct queue *queue, const char *late,
			 struct error *error)
{
	const char *text = NULL;
	if (waiter->status == RELEVO_GONE)
		text = "was deleted";
	else if (waiter->status == RELEVO_FULL)
		text = "is full";
	else if (waiter->status == RELEVO_TIMED_OUT)
		text = late;
	else if (waiter->status == RELEVO_SHUT_DOWN)
		text = "has been shut down";
	if (text != NULL)
		error_set(error, waiter->status, "the %s \"%s\" %s", queue_noun(queue), queue->name,
			  text);
	return text != NULL;
}

void queue_wait_look(const struct queue *queue, enum peer_call call, struct peer_wait *wait)
{
	wait->call = call;
	wait->kind = queue_noun(queue);
	wait->object = queue->name;
}
