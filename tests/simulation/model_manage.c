/* What is done with leases, and with a queue as a whole. */
#include "simulation/model_private.h"

#include <relevo/status.h>

/* ---- leases ----------------------------------------------------------- */

int model_ack(struct model *model, const struct model_leases *leases)
{
	int status = RELEVO_OK;
	for (uint32_t i = 0; i < leases->count; i++) {
		struct model_queue *queue;
		struct model_item *item =
			model_find_lease(model, leases->peer, leases->numbers[i], &queue);
		if (item != NULL)
			model_acknowledge(model, queue, item);
		else
			status = RELEVO_NOT_OWNER;
	}
	model_settle(model);
	return status;
}

int model_nack(struct model *model, const struct model_leases *leases, nsec_t not_before,
	       bool unread)
{
	int status = RELEVO_OK;
	for (uint32_t i = 0; i < leases->count; i++) {
		struct model_queue *queue;
		struct model_item *item =
			model_find_lease(model, leases->peer, leases->numbers[i], &queue);
		if (item != NULL)
			model_give_back(model, queue, item, not_before, unread);
		else
			status = RELEVO_NOT_OWNER;
	}
	model_settle(model);
	return status;
}

int model_reject(struct model *model, const struct model_leases *leases)
{
	int status = RELEVO_OK;
	for (uint32_t i = 0; i < leases->count; i++) {
		struct model_queue *queue;
		struct model_item *item =
			model_find_lease(model, leases->peer, leases->numbers[i], &queue);
		if (item == NULL) {
			status = RELEVO_NOT_OWNER;
			continue;
		}
		queue->totals.dead_lettered++;
		model_dead_letter(model, queue, item);
		model_activate(model, queue);
	}
	model_settle(model);
	return status;
}

int model_extend(struct model *model, const struct model_leases *leases, nsec_t time)
{
	int status = RELEVO_OK;
	for (uint32_t i = 0; i < leases->count; i++) {
		struct model_queue *queue;
		struct model_item *item =
			model_find_lease(model, leases->peer, leases->numbers[i], &queue);
		if (item == NULL)
			status = RELEVO_NOT_OWNER;
		else if (item->until != NSEC_NEVER)
			item->until = model->now + (time > 0 ? time : queue->options.lease);
	}
	return status;
}

/* ---- queues ----------------------------------------------------------- */

void model_join(struct model *model, struct model_call *call)
{
	call->accepted = call->got_count = 0;
	if (call->queue->deleted)
		model_finish(model, call, RELEVO_GONE);
	else
		model_park(model, call);
}

static uint64_t drain(struct model *model, struct model_queue *queue)
{
	uint64_t count = 0;
	for (size_t i = queue->item_count; i-- > 0;) {
		if (queue->items[i].state == ITEM_LEASED)
			continue;
		model_remove(model, queue, &queue->items[i]);
		count++;
	}
	model_activate(model, queue);
	return count;
}

int model_purge(struct model *model, struct model_queue *queue, uint64_t *count)
{
	*count = 0;
	if (queue->deleted)
		return RELEVO_GONE;
	*count = drain(model, queue);
	model_settle(model);
	return RELEVO_OK;
}

int model_shut_down(struct model *model, struct model_queue *queue, enum queue_shutdown how)
{
	if (queue->deleted)
		return RELEVO_GONE;
	if (how > queue->shutdown)
		queue->shutdown = how;
	model_dismiss(model, queue, CALL_PUT, RELEVO_SHUT_DOWN);
	if (how == QUEUE_SHUT)
		drain(model, queue);
	model_activate(model, queue);
	model_settle(model);
	return RELEVO_OK;
}

int model_move(struct model *model, const struct model_move *move, uint64_t *count)
{
	struct model_queue *from = model_find_queue(model, move->from);
	struct model_queue *to = model_find_queue(model, move->to);
	*count = 0;
	if (from == NULL || to == NULL)
		return RELEVO_NOT_FOUND;
	if (from == to)
		return RELEVO_BAD_ARGUMENT;
	if (to->shutdown != QUEUE_OPEN)
		return RELEVO_SHUT_DOWN;
	struct model_item *item;
	model_expire(model, from);
	while ((move->max_items == 0 || *count < move->max_items) &&
	       (item = model_next_ready(from)) != NULL && model_has_room(to, item->size)) {
		model_transfer(model, from, to, item);
		++*count;
	}
	model_activate(model, from);
	model_settle(model);
	return RELEVO_OK;
}
