/* Calls that wait, and who is served. */
#include "simulation/model.h"

#include "simulation/model_private.h"

#include <relevo/status.h>
#include <stdlib.h>

bool model_waits_on(const struct model_call *call, const struct model_queue *queue)
{
	if (call->state != CALL_PARKED || (call->left && call->left_queue == queue))
		return false;
	bool waits = call->queue == queue;
	for (uint32_t i = 0; i < call->also_count; i++)
		waits = waits || call->also[i] == queue;
	return waits;
}

struct model_call *model_first_waiting(struct model *model, const struct model_queue *queue,
				       enum call_kind kind)
{
	struct model_call *first = NULL;
	for (int i = 0; i < MODEL_CALLS; i++) {
		struct model_call *call = &model->calls[i];
		if (call->kind == kind && model_waits_on(call, queue) &&
		    (first == NULL || call->order < first->order))
			first = call;
	}
	return first;
}

/* A call that names a queue twice stands there twice. */
static uint32_t places_in(const struct model_call *call, const struct model_queue *queue)
{
	uint32_t places = call->queue == queue;
	for (uint32_t i = 0; i < call->also_count; i++)
		places += call->also[i] == queue;
	return places;
}

uint64_t model_count_waiting(const struct model *model, const struct model_queue *queue,
			     enum call_kind kind)
{
	uint64_t count = 0;
	for (int i = 0; i < MODEL_CALLS; i++) {
		const struct model_call *call = &model->calls[i];
		if (call->kind == kind && model_waits_on(call, queue))
			count += places_in(call, queue);
	}
	return count;
}

void model_finish(struct model *model, struct model_call *call, int status)
{
	call->status = status;
	bool recorded = call->kind == CALL_PUT && (status == RELEVO_OK || call->accepted > 0);
	bool parked = call->state == CALL_PARKED;
	call->state = recorded && model->hold ? CALL_COMMITTING : CALL_DONE;
	if (parked)
		model_gave_up(model, call);
}

void model_gave_up(struct model *model, const struct model_call *call)
{
	/* It may have stood in the way of the next. */
	if (call->kind == CALL_PUT && call->accepted < call->count &&
	    model_count_waiting(model, call->queue, CALL_PUT) > 0)
		model_activate(model, call->queue);
}

void model_dismiss(struct model *model, struct model_queue *queue, enum call_kind kind, int status)
{
	struct model_call *call;
	while ((call = model_first_waiting(model, queue, kind)) != NULL) {
		if (call->also_count == 0) {
			model_finish(model, call, status);
			continue;
		}
		/* In the same step, another queue may still serve it. */
		if (!call->left)
			call->status = status;
		call->left = true;
		call->left_queue = queue;
	}
}

/* ---- putting ---------------------------------------------------------- */

static void finish_put(struct model *model, struct model_call *call)
{
	int status = RELEVO_OK;
	for (uint32_t i = 0; i < call->ack_count; i++) {
		struct model_queue *queue;
		struct model_item *item =
			model_find_lease(model, call->peer, call->acks[i], &queue);
		if (item != NULL)
			model_acknowledge(model, queue, item);
		else
			status = RELEVO_NOT_OWNER;
	}
	model_finish(model, call, status);
}

static bool is_duplicate(const struct model_queue *queue, uint32_t key)
{
	for (size_t i = 0; key != 0 && i < queue->item_count; i++) {
		if (queue->items[i].key == key)
			return true;
	}
	return false;
}

static void accept_next(struct model *model, struct model_call *call)
{
	struct model_queue *queue = call->queue;
	bool delayed = call->not_before > model->now;
	const struct model_item item = {
		.id = call->ids[call->accepted],
		.size = call->sizes[call->accepted],
		.rank = call->rank,
		.key = call->key,
		.expires = call->expires,
		.state = delayed ? ITEM_DELAYED : ITEM_READY,
		.until = call->not_before,
	};
	if (is_duplicate(queue, call->key))
		queue->totals.duplicates++;
	else
		model_append(queue, &item,
			     model->sessions[call->peer] * MODEL_PEERS + call->peer + 1);
	if (++call->accepted == call->count)
		finish_put(model, call);
}

static bool can_enter(struct model *model, const struct model_call *call)
{
	struct model_queue *queue = call->queue;
	while (!model_has_room(queue, call->sizes[call->accepted])) {
		if (queue->options.full != QUEUE_DROP_OLDEST || !model_drop_first(model, queue))
			return false;
	}
	return true;
}

/* ---- getting ---------------------------------------------------------- */

/* The putter whose item could be handed out at once. */
static struct model_call *ready_putter(struct model *model, const struct model_queue *queue)
{
	struct model_call *putter = model_first_waiting(model, queue, CALL_PUT);
	return putter != NULL && putter->not_before <= model->now ? putter : NULL;
}

/* The size of what is next; false: nothing is. */
static bool see_next(struct model *model, struct model_queue *queue, uint32_t *size)
{
	const struct model_item *item = model_next_ready(queue);
	const struct model_call *putter = ready_putter(model, queue);
	if (item == NULL && putter == NULL)
		return false;
	*size = item != NULL ? item->size : putter->sizes[putter->accepted];
	return true;
}

static void hand_out(struct model *model, struct model_queue *queue, struct model_call *call)
{
	struct model_item *item = model_next_ready(queue);
	item->state = ITEM_LEASED;
	item->holder = call->peer;
	item->lease = 0;
	item->until = queue->options.lease != 0 ? model->now + queue->options.lease : NSEC_NEVER;
	item->deliveries++;
	queue->totals.redelivered += item->deliveries > 1;
	if (queue->options.order == QUEUE_FAIR && item->rank > queue->round)
		queue->round = item->rank;
	call->got[call->got_count++] =
		(struct model_got){ .id = item->id, .deliveries = item->deliveries };
}

static void answer_get(struct model *model, struct model_queue *queue, struct model_call *call)
{
	while (call->served < call->also_count &&
	       (call->served == 0 ? call->queue : call->also[call->served - 1]) != queue)
		call->served++;
	call->queue = queue;
	call->also_count = 0;
	model_finish(model, call, RELEVO_OK);
	for (uint32_t i = 0; i < call->got_count; i++) {
		struct model_item *item = model_item(queue, call->got[i].id);
		if (call->inside == INSIDE_ACK)
			model_acknowledge(model, queue, item);
		else if (call->inside == INSIDE_NACK)
			model_give_back(model, queue, item, 0, false);
	}
}

static void serve(struct model *model, struct model_queue *queue, struct model_call *call)
{
	uint32_t bytes = 0, size;
	while (call->got_count < call->max_items && see_next(model, queue, &size)) {
		bytes += size;
		if (call->got_count > 0 && call->max_bytes > 0 && bytes > call->max_bytes)
			break;
		if (model_next_ready(queue) == NULL) {
			accept_next(model, ready_putter(model, queue));
			/* Its time may have come while it waited. */
			model_expire(model, queue);
		}
		if (model_next_ready(queue) == NULL)
			break; /* it was not wanted */
		hand_out(model, queue, call);
	}
	if (call->got_count > 0)
		answer_get(model, queue, call);
}

/* ---- who is served ---------------------------------------------------- */

void model_activate(struct model *model, struct model_queue *queue)
{
	if (queue->active == 0)
		queue->active = ++model->last_active;
}

static bool may_come(const struct model_queue *queue, const struct model_call *getter)
{
	for (size_t i = 0; i < queue->item_count; i++) {
		const struct model_item *item = &queue->items[i];
		if (item->state != ITEM_LEASED || item->holder != getter->peer)
			return true;
	}
	return false;
}

static void end_getters(struct model *model, struct model_queue *queue)
{
	if (queue->shutdown == QUEUE_SHUT)
		model_dismiss(model, queue, CALL_GET, RELEVO_SHUT_DOWN);
	for (int i = 0; queue->shutdown == QUEUE_DRAINING && i < MODEL_CALLS; i++) {
		struct model_call *call = &model->calls[i];
		if (call->kind != CALL_GET || !model_waits_on(call, queue) || may_come(queue, call))
			continue;
		if (call->also_count == 0) {
			model_finish(model, call, RELEVO_SHUT_DOWN);
			continue;
		}
		if (!call->left)
			call->status = RELEVO_SHUT_DOWN;
		call->left = true;
		call->left_queue = queue;
	}
}

bool model_strands(struct model *model, struct model_queue *queue)
{
	uint32_t size;
	return !queue->deleted && see_next(model, queue, &size) &&
	       model_first_waiting(model, queue, CALL_GET) != NULL;
}

static void settle(struct model *model, struct model_queue *queue)
{
	struct model_call *call;
	uint32_t size;
	model_expire(model, queue);
	while ((call = model_first_waiting(model, queue, CALL_GET)) != NULL &&
	       see_next(model, queue, &size))
		serve(model, queue, call);
	while ((call = model_first_waiting(model, queue, CALL_PUT)) != NULL &&
	       can_enter(model, call))
		accept_next(model, call);
	if (model_strands(model, queue))
		model_activate(model, queue);
	end_getters(model, queue);
	while (queue->item_count == 0 &&
	       (call = model_first_waiting(model, queue, CALL_JOIN)) != NULL)
		model_finish(model, call, RELEVO_OK);
}

static struct model_queue *first_active(struct model *model)
{
	struct model_queue *first = NULL;
	for (struct model_queue *queue = model->queues; queue != NULL; queue = queue->next) {
		if (!queue->deleted && queue->active != 0 &&
		    (first == NULL || queue->active < first->active))
			first = queue;
	}
	return first;
}

void model_settle(struct model *model)
{
	struct model_queue *queue;
	while ((queue = first_active(model)) != NULL) {
		queue->active = 0;
		settle(model, queue);
	}
	for (int i = 0; i < MODEL_CALLS; i++) {
		struct model_call *call = &model->calls[i];
		if (call->state == CALL_PARKED && call->left)
			model_finish(model, call, call->status);
	}
}

/* ---- calls ------------------------------------------------------------ */

static uint32_t count_waiting(const struct model *model, uint32_t peer)
{
	uint32_t count = 0;
	for (int i = 0; i < MODEL_CALLS; i++) {
		const struct model_call *call = &model->calls[i];
		if (call->state == CALL_PARKED && call->peer == peer)
			count += call->waits;
	}
	return count;
}

void model_park(struct model *model, struct model_call *call)
{
	uint32_t waiting = count_waiting(model, call->peer);
	uint32_t wanted = 1 + call->also_count;
	call->order = ++model->last_order;
	call->refusal = RELEVO_OK;
	if (call->deadline == 0)
		call->refusal = call->kind == CALL_PUT && call->queue->options.full != QUEUE_BLOCK
					? RELEVO_FULL
					: RELEVO_TIMED_OUT;
	else if (waiting + wanted > MODEL_WAITERS)
		call->refusal = RELEVO_LIMIT;
	call->waits = call->refusal == RELEVO_OK ? wanted : 0;
	call->state = CALL_PARKED;
	if (call->kind == CALL_PUT && call->count == 0)
		finish_put(model, call);
	model_activate(model, call->queue);
	for (uint32_t i = 0; i < call->also_count; i++)
		model_activate(model, call->also[i]);
	model_settle(model);
	if (call->state == CALL_PARKED && call->refusal != RELEVO_OK)
		model_finish(model, call, call->refusal);
	model_settle(model);
}

/* Why it cannot be put at all. */
static int check_put(struct model *model, const struct model_call *call)
{
	const struct model_queue *queue = call->queue;
	if (queue->deleted)
		return RELEVO_GONE;
	if (queue->shutdown != QUEUE_OPEN)
		return RELEVO_SHUT_DOWN;
	for (uint32_t i = 0; i < call->count; i++) {
		uint64_t most = queue->options.capacity_bytes;
		if (most > 0 && call->sizes[i] > most)
			return RELEVO_TOO_LARGE;
	}
	for (uint32_t i = 0; i < call->ack_count; i++) {
		struct model_queue *where;
		if (model_find_lease(model, call->peer, call->acks[i], &where) == NULL)
			return RELEVO_NOT_OWNER;
		for (uint32_t k = 0; k < i; k++) {
			if (call->acks[k] == call->acks[i])
				return RELEVO_NOT_OWNER;
		}
	}
	return RELEVO_OK;
}

void model_put(struct model *model, struct model_call *call)
{
	call->accepted = call->got_count = 0;
	int status = check_put(model, call);
	if (status != RELEVO_OK) {
		model_finish(model, call, status);
		return;
	}
	const struct queue_options *options = &call->queue->options;
	if (call->expires == 0 && options->ttl != 0)
		call->expires = model->now + options->ttl;
	if (options->full != QUEUE_BLOCK)
		call->deadline = 0;
	if (call->not_before <= model->now)
		call->not_before = 0;
	model_park(model, call);
}

/* The session gets from the queue, if it may. */
static int enter(struct model_queue *queue, uint32_t peer)
{
	if (queue->deleted)
		return RELEVO_GONE;
	if (!queue->options.exclusive)
		return RELEVO_OK;
	if (queue->has_holder && queue->holder != peer)
		return RELEVO_DENIED;
	queue->has_holder = true;
	queue->holder = peer;
	return RELEVO_OK;
}

void model_get(struct model *model, struct model_call *call)
{
	call->accepted = call->got_count = 0;
	int status = enter(call->queue, call->peer);
	for (uint32_t i = 0; i < call->also_count && status == RELEVO_OK; i++) {
		/* Those that were entered before are looked at all the same. */
		model_activate(model, i == 0 ? call->queue : call->also[i - 1]);
		status = enter(call->also[i], call->peer);
	}
	if (status == RELEVO_OK) {
		model_park(model, call);
		return;
	}
	model_finish(model, call, status);
	model_settle(model);
}

void model_cancel(struct model *model, struct model_call *call)
{
	if (call->state == CALL_PARKED)
		model_finish(model, call, RELEVO_CANCELLED);
	model_settle(model);
}

void model_commit(struct model *model, int status)
{
	for (int i = 0; i < MODEL_CALLS; i++) {
		struct model_call *call = &model->calls[i];
		if (call->state != CALL_COMMITTING)
			continue;
		call->state = CALL_DONE;
		if (status != RELEVO_OK)
			call->status = status;
	}
}
