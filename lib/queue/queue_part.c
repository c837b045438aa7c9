/* What happens to the queues of a session beside their calls: see part.h. */
#include "queue/queue_part.h"

#include "base/mutant.h"
#include "queue/close_handle.h"
#include "queue/failed_put.h"
#include "queue/lease.h"
#include "queue/queue.h"
#include "queue/resend.h"

#include <stdlib.h>

static struct queue_part *queue_part(struct session_part *part)
{
	return container_of(part, struct queue_part, part);
}

static struct relevo_queue *find_by_number(struct queue_part *queues, uint32_t number)
{
	list_for_each (node, &queues->queues) {
		struct relevo_queue *queue = container_of(node, struct relevo_queue, link);
		if (queue->handle.number == number &&
		    queue->handle.epoch == queues->part.session->connection.epoch)
			return queue;
	}
	return NULL;
}

static void recall(struct queue_part *queues, uint32_t number)
{
	struct relevo_queue *queue = find_by_number(queues, number);
	if (queue != NULL)
		stash_recall(queue);
}

/* Of puts that had returned before: with a callback, they are told to that. */
static void take_failure(struct queue_part *queues, const struct frame *frame)
{
	const Relevo__Failure *failure = frame->header->failure;
	if (kept_put_failed(&queues->puts, frame))
		return;
	if (failure->queue != 0)
		failed_put_add(queues, find_by_number(queues, failure->queue), frame);
	else if (queues->put_to_failed == RELEVO_OK)
		queues->put_to_failed = (int)failure->status;
}

static bool queue_take_unasked(struct session_part *part, const struct frame *frame)
{
	const Relevo__Header *header = frame->header;
	switch (header->op_case) {
	case RELEVO__HEADER__OP_QUEUE_RECALL:
		recall(queue_part(part), header->queue_recall->queue);
		return true;
	case RELEVO__HEADER__OP_QUEUE_ITEMS:
		if (!MUTANT(item_lost_to_who_left))
			lease_give_back(part->session, header->queue_items->leases,
					header->queue_items->n_leases);
		return true;
	case RELEVO__HEADER__OP_QUEUE_OPENED:
		queue_close_handle(part->session, header->queue_opened->queue);
		return true;
	case RELEVO__HEADER__OP_FAILURE:
		take_failure(queue_part(part), frame);
		return true;
	default:
		return false;
	}
}

static bool queue_unconfirmed(const struct session_part *part)
{
	return !list_empty(&container_of(part, const struct queue_part, part)->puts.kept);
}

static bool queue_carries_on(const struct session_part *part)
{
	return container_of(part, const struct queue_part, part)->puts.numbers.last > 0;
}

static void queue_confirmed(struct session_part *part, uint64_t window)
{
	kept_put_confirmed(&queue_part(part)->puts, window);
}

static void queue_lost(struct session_part *part)
{
	kept_put_lost(&queue_part(part)->puts);
}

static int queue_resume(struct session_part *part, nsec_t deadline, struct error *error)
{
	return resend_kept_puts(&queue_part(part)->puts, deadline, error);
}

static void queue_give_up(struct session_part *part, int status)
{
	kept_put_fail_all(&queue_part(part)->puts, status);
}

static bool queue_look_after(struct session_part *part)
{
	return stash_look_after(queue_part(part));
}

static int queue_call_back(struct session_part *part, nsec_t deadline, struct error *error)
{
	return failed_put_tell(queue_part(part), deadline, error);
}

/* The calls under way, and what has to be told, are the parent's. */
static void queue_forked(struct session_part *part)
{
	struct queue_part *queues = queue_part(part);
	list_init(&queues->failed_puts);
	kept_put_forget(&queues->puts);
	queues->calling_back = false;
	pthread_cond_init(&queues->called_back, NULL);
	list_for_each (node, &queues->queues)
		queue_forget_calls(container_of(node, struct relevo_queue, link));
}

static void queue_part_free(struct session_part *part)
{
	struct queue_part *queues = queue_part(part);
	kept_put_forget(&queues->puts);
	pthread_cond_destroy(&queues->called_back);
	free(queues);
}

static const struct session_part_kind queue_part_kind = {
	.take_unasked = queue_take_unasked,
	.look_after = queue_look_after,
	.call_back = queue_call_back,
	.unconfirmed = queue_unconfirmed,
	.carries_on = queue_carries_on,
	.confirmed = queue_confirmed,
	.lost = queue_lost,
	.resume = queue_resume,
	.give_up = queue_give_up,
	.forked = queue_forked,
	.free = queue_part_free,
};

static void queue_part_failed(struct kept_puts *puts, struct relevo_queue *queue, int status,
			      const struct relevo_bytes *item)
{
	failed_put_note(container_of(puts, struct queue_part, puts), queue, status, item);
}

struct queue_part *queue_part_of(struct relevo_session *session)
{
	struct session_part *part = part_find(session, &queue_part_kind);
	if (part != NULL)
		return queue_part(part);
	struct queue_part *queues = calloc(1, sizeof *queues);
	if (queues == NULL)
		return NULL;
	queues->part.kind = &queue_part_kind;
	list_init(&queues->queues);
	list_init(&queues->stashes);
	list_init(&queues->failed_puts);
	kept_puts_init(&queues->puts, session);
	queues->puts.failed = queue_part_failed;
	pthread_cond_init(&queues->called_back, NULL);
	part_add(session, &queues->part);
	return queues;
}
