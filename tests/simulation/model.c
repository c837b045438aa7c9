#include "simulation/model.h"

#include <relevo/status.h>
#include <stdlib.h>
#include <string.h>

struct model_item *model_item(struct model_queue *queue, uint64_t id)
{
	for (size_t i = 0; i < queue->item_count; i++) {
		if (queue->items[i].id == id)
			return &queue->items[i];
	}
	return NULL;
}

static struct model_item *next_ready(struct model_queue *queue)
{
	struct model_item *first = NULL;
	for (size_t i = 0; i < queue->item_count; i++) {
		struct model_item *item = &queue->items[i];
		if (item->state == ITEM_READY &&
		    (first == NULL || item->sequence < first->sequence))
			first = item;
	}
	return first;
}

static uint64_t count_state(const struct model_queue *queue, enum item_state state)
{
	uint64_t count = 0;
	for (size_t i = 0; i < queue->item_count; i++)
		count += queue->items[i].state == state;
	return count;
}

static void remove_item(struct model_queue *queue, struct model_item *item)
{
	size_t place = (size_t)(item - queue->items);
	queue->item_count--;
	memmove(item, item + 1, (queue->item_count - place) * sizeof *item);
}

/* The item that the peer holds under that number. */
static struct model_item *find_lease(struct model *model, uint32_t peer, uint64_t lease,
				     struct model_queue **where)
{
	for (struct model_queue *queue = model->queues; queue != NULL; queue = queue->next) {
		for (size_t i = 0; i < queue->item_count; i++) {
			struct model_item *item = &queue->items[i];
			if (item->state == ITEM_LEASED && item->holder == peer &&
			    item->lease == lease) {
				*where = queue;
				return item;
			}
		}
	}
	return NULL;
}

uint64_t model_lease(const struct model *model, uint32_t peer, uint32_t nth)
{
	for (struct model_queue *queue = model->queues; queue != NULL; queue = queue->next) {
		for (size_t i = 0; i < queue->item_count; i++) {
			struct model_item *item = &queue->items[i];
			if (item->state == ITEM_LEASED && item->holder == peer && nth-- == 0)
				return item->lease;
		}
	}
	return 0;
}

static void acknowledge(struct model_queue *queue, struct model_item *item)
{
	queue->totals.acknowledged++;
	remove_item(queue, item);
}

static void give_back(struct model *model, struct model_queue *queue, struct model_item *item,
		      nsec_t not_before, bool unread)
{
	if (unread) {
		queue->totals.redelivered -= item->deliveries > 1;
		item->deliveries--;
	}
	item->state = not_before > model->now ? ITEM_DELAYED : ITEM_READY;
	item->until = not_before;
}

/* ---- calls ------------------------------------------------------------ */

static void finish(struct model *model, struct model_call *call, int status)
{
	call->status = status;
	bool recorded = !call->get && (status == RELEVO_OK || call->accepted > 0);
	call->state = recorded && model->hold ? CALL_COMMITTING : CALL_DONE;
}

static struct model_call *first_parked(struct model *model, const struct model_queue *queue,
				       bool get)
{
	struct model_call *first = NULL;
	for (int i = 0; i < MODEL_CALLS; i++) {
		struct model_call *call = &model->calls[i];
		if (call->state == CALL_PARKED && call->queue == queue && call->get == get &&
		    (first == NULL || call->order < first->order))
			first = call;
	}
	return first;
}

static void finish_put(struct model *model, struct model_call *call)
{
	int status = RELEVO_OK;
	for (uint32_t i = 0; i < call->ack_count; i++) {
		struct model_queue *queue;
		struct model_item *item = find_lease(model, call->peer, call->acks[i], &queue);
		if (item != NULL)
			acknowledge(queue, item);
		else
			status = RELEVO_NOT_OWNER;
	}
	finish(model, call, status);
}

static struct model_item *accept_next(struct model *model, struct model_call *call)
{
	struct model_queue *queue = call->queue;
	if (queue->item_count == queue->item_capacity) {
		queue->item_capacity = queue->item_capacity * 2 + 16;
		queue->items = realloc(queue->items, queue->item_capacity * sizeof *queue->items);
		if (queue->items == NULL)
			abort();
	}
	queue->items[queue->item_count++] = (struct model_item){
		.id = call->ids[call->accepted],
		.size = call->sizes[call->accepted],
		.sequence = ++queue->last_sequence,
		.state = ITEM_READY,
	};
	queue->totals.put++;
	uint64_t id = call->ids[call->accepted++];
	if (call->accepted == call->count)
		finish_put(model, call);
	/* The acknowledgements may have moved it. */
	return model_item(queue, id);
}

static void hand_out(struct model *model, struct model_call *call, struct model_item *item)
{
	item->state = ITEM_LEASED;
	item->holder = call->peer;
	item->lease = 0;
	item->until = call->queue->options.lease != 0 ? model->now + call->queue->options.lease
						      : NSEC_NEVER;
	item->deliveries++;
	call->queue->totals.redelivered += item->deliveries > 1;
	call->got[call->got_count++] =
		(struct model_got){ .id = item->id, .deliveries = item->deliveries };
}

static void answer_get(struct model *model, struct model_call *call)
{
	finish(model, call, RELEVO_OK);
	for (uint32_t i = 0; i < call->got_count; i++) {
		struct model_item *item = model_item(call->queue, call->got[i].id);
		if (call->inside == INSIDE_ACK)
			acknowledge(call->queue, item);
		else if (call->inside == INSIDE_NACK)
			give_back(model, call->queue, item, 0, false);
	}
}

static void serve(struct model *model, struct model_call *call)
{
	struct model_queue *queue = call->queue;
	uint32_t bytes = 0;
	while (call->got_count < call->max_items) {
		struct model_item *item = next_ready(queue);
		struct model_call *putter = first_parked(model, queue, false);
		if (item == NULL && putter == NULL)
			break;
		bytes += item != NULL ? item->size : putter->sizes[putter->accepted];
		if (call->got_count > 0 && call->max_bytes > 0 && bytes > call->max_bytes)
			break;
		hand_out(model, call, item != NULL ? item : accept_next(model, putter));
	}
	if (call->got_count > 0)
		answer_get(model, call);
}

static void settle(struct model *model, struct model_queue *queue)
{
	struct model_call *call;
	while ((call = first_parked(model, queue, true)) != NULL) {
		serve(model, call);
		if (call->state == CALL_PARKED)
			break;
	}
	while ((call = first_parked(model, queue, false)) != NULL) {
		uint64_t stock = count_state(queue, ITEM_READY) + count_state(queue, ITEM_DELAYED);
		if (queue->options.bounded && stock >= queue->options.capacity)
			break;
		accept_next(model, call);
	}
}

static void settle_all(struct model *model)
{
	for (struct model_queue *queue = model->queues; queue != NULL; queue = queue->next) {
		if (!queue->deleted)
			settle(model, queue);
	}
}

static uint32_t count_waiting(const struct model *model, uint32_t peer)
{
	uint32_t count = 0;
	for (int i = 0; i < MODEL_CALLS; i++) {
		const struct model_call *call = &model->calls[i];
		count += call->state == CALL_PARKED && call->peer == peer &&
			 call->refusal == RELEVO_OK;
	}
	return count;
}

static void park(struct model *model, struct model_call *call)
{
	call->order = ++model->last_order;
	call->refusal = RELEVO_OK;
	if (call->deadline == 0)
		call->refusal = call->get ? RELEVO_EMPTY : RELEVO_FULL;
	else if (count_waiting(model, call->peer) >= MODEL_WAITERS)
		call->refusal = RELEVO_LIMIT;
	call->state = CALL_PARKED;
	if (!call->get && call->count == 0)
		finish_put(model, call);
	settle(model, call->queue);
	if (call->state == CALL_PARKED && call->refusal != RELEVO_OK)
		finish(model, call, call->refusal);
}

void model_put(struct model *model, struct model_call *call)
{
	call->accepted = call->got_count = 0;
	if (call->queue->deleted) {
		finish(model, call, RELEVO_GONE);
		return;
	}
	for (uint32_t i = 0; i < call->ack_count; i++) {
		struct model_queue *queue;
		bool bad = find_lease(model, call->peer, call->acks[i], &queue) == NULL;
		for (uint32_t k = 0; k < i; k++)
			bad = bad || call->acks[k] == call->acks[i];
		if (bad) {
			finish(model, call, RELEVO_NOT_OWNER);
			return;
		}
	}
	park(model, call);
}

void model_get(struct model *model, struct model_call *call)
{
	call->accepted = call->got_count = 0;
	if (call->queue->deleted)
		finish(model, call, RELEVO_GONE);
	else
		park(model, call);
}

void model_cancel(struct model *model, struct model_call *call)
{
	if (call->state == CALL_PARKED)
		finish(model, call, RELEVO_CANCELLED);
}

int model_ack(struct model *model, const struct model_leases *leases)
{
	int status = RELEVO_OK;
	for (uint32_t i = 0; i < leases->count; i++) {
		struct model_queue *queue;
		struct model_item *item =
			find_lease(model, leases->peer, leases->numbers[i], &queue);
		if (item != NULL)
			acknowledge(queue, item);
		else
			status = RELEVO_NOT_OWNER;
	}
	return status;
}

int model_nack(struct model *model, const struct model_leases *leases, nsec_t not_before,
	       bool unread)
{
	int status = RELEVO_OK;
	for (uint32_t i = 0; i < leases->count; i++) {
		struct model_queue *queue;
		struct model_item *item =
			find_lease(model, leases->peer, leases->numbers[i], &queue);
		if (item != NULL)
			give_back(model, queue, item, not_before, unread);
		else
			status = RELEVO_NOT_OWNER;
	}
	settle_all(model);
	return status;
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

/* ---- queues ----------------------------------------------------------- */

static struct model_queue *find_queue(const struct model *model, uint32_t name)
{
	for (struct model_queue *queue = model->queues; queue != NULL; queue = queue->next) {
		if (!queue->deleted && queue->name == name)
			return queue;
	}
	return NULL;
}

static struct model_queue *create(struct model *model, const struct model_opening *opening)
{
	struct model_queue *queue = calloc(1, sizeof *queue);
	if (queue == NULL)
		abort();
	queue->name = opening->name;
	queue->creator = opening->peer;
	queue->options = opening->options;
	queue->next = model->queues;
	model->queues = queue;
	return queue;
}

static bool same_options(const struct queue_options *first, const struct queue_options *second)
{
	return first->lifetime == second->lifetime && first->bounded == second->bounded &&
	       (!first->bounded || first->capacity == second->capacity) &&
	       first->lease == second->lease;
}

int model_open(struct model *model, const struct model_opening *opening, uint32_t *place)
{
	struct model_queue **handles = model->handles[opening->peer];
	for (*place = 0; *place < MODEL_HANDLES; (*place)++) {
		if (handles[*place] == NULL)
			break;
	}
	if (*place == MODEL_HANDLES)
		return RELEVO_LIMIT;
	struct model_queue *queue = find_queue(model, opening->name);
	if (queue == NULL && opening->mode == QUEUE_OPEN_EXISTING)
		return RELEVO_NOT_FOUND;
	if (queue != NULL && opening->mode == QUEUE_CREATE_NEW)
		return RELEVO_EXISTS;
	if (queue != NULL && opening->mode == QUEUE_OPEN_OR_CREATE &&
	    !same_options(&queue->options, &opening->options))
		return RELEVO_OPTION_MISMATCH;
	if (queue == NULL)
		queue = create(model, opening);
	handles[*place] = queue;
	queue->totals.handles++;
	return RELEVO_OK;
}

static void end(struct model *model, struct model_queue *queue)
{
	queue->deleted = true;
	queue->item_count = 0;
	for (int i = 0; i < MODEL_CALLS; i++) {
		struct model_call *call = &model->calls[i];
		if (call->state == CALL_PARKED && call->queue == queue)
			finish(model, call, RELEVO_GONE);
	}
}

void model_close(struct model *model, uint32_t peer, uint32_t place)
{
	struct model_queue *queue = model->handles[peer][place];
	model->handles[peer][place] = NULL;
	queue->totals.handles--;
	if (queue->totals.handles == 0 && queue->options.lifetime == QUEUE_HANDLES &&
	    !queue->deleted)
		end(model, queue);
}

int model_delete(struct model *model, uint32_t name)
{
	struct model_queue *queue = find_queue(model, name);
	if (queue == NULL)
		return RELEVO_NOT_FOUND;
	end(model, queue);
	return RELEVO_OK;
}

void model_gone(struct model *model, uint32_t peer)
{
	for (int i = 0; i < MODEL_CALLS; i++) {
		if (model->calls[i].peer == peer)
			model->calls[i].state = CALL_FREE;
	}
	for (struct model_queue *queue = model->queues; queue != NULL; queue = queue->next) {
		for (size_t i = 0; i < queue->item_count; i++) {
			if (queue->items[i].state == ITEM_LEASED && queue->items[i].holder == peer)
				queue->items[i].state = ITEM_READY;
		}
		if (queue->creator == peer && !queue->creator_gone) {
			queue->creator_gone = true;
			if (queue->options.lifetime == QUEUE_SESSION && !queue->deleted)
				end(model, queue);
		}
	}
	for (uint32_t place = 0; place < MODEL_HANDLES; place++) {
		if (model->handles[peer][place] != NULL)
			model_close(model, peer, place);
	}
	settle_all(model);
}

void model_tick(struct model *model)
{
	for (struct model_queue *queue = model->queues; queue != NULL; queue = queue->next) {
		for (size_t i = 0; i < queue->item_count; i++) {
			struct model_item *item = &queue->items[i];
			if (item->state != ITEM_READY && item->until <= model->now)
				item->state = ITEM_READY;
		}
	}
	settle_all(model);
	for (int i = 0; i < MODEL_CALLS; i++) {
		struct model_call *call = &model->calls[i];
		if (call->state == CALL_PARKED && call->deadline <= model->now)
			finish(model, call, RELEVO_TIMED_OUT);
	}
}

nsec_t model_next_deadline(const struct model *model)
{
	nsec_t first = NSEC_NEVER;
	for (struct model_queue *queue = model->queues; queue != NULL; queue = queue->next) {
		for (size_t i = 0; i < queue->item_count; i++) {
			const struct model_item *item = &queue->items[i];
			if (item->state != ITEM_READY && item->until < first)
				first = item->until;
		}
	}
	for (int i = 0; i < MODEL_CALLS; i++) {
		const struct model_call *call = &model->calls[i];
		if (call->state == CALL_PARKED && call->deadline < first)
			first = call->deadline;
	}
	return first;
}

struct queue_counts model_counts(const struct model *model, const struct model_queue *queue)
{
	struct queue_counts counts = queue->totals;
	counts.ready = count_state(queue, ITEM_READY);
	counts.leased = count_state(queue, ITEM_LEASED);
	counts.delayed = count_state(queue, ITEM_DELAYED);
	for (size_t i = 0; i < queue->item_count; i++)
		counts.bytes += queue->items[i].size;
	for (int i = 0; i < MODEL_CALLS; i++) {
		const struct model_call *call = &model->calls[i];
		if (call->state == CALL_PARKED && call->queue == queue) {
			counts.getters += call->get;
			counts.putters += !call->get;
		}
	}
	return counts;
}

uint64_t model_items(const struct model *model)
{
	uint64_t count = 0;
	for (struct model_queue *queue = model->queues; queue != NULL; queue = queue->next)
		count += queue->item_count;
	for (int i = 0; i < MODEL_CALLS; i++) {
		const struct model_call *call = &model->calls[i];
		if (call->state == CALL_PARKED && !call->get)
			count += call->count - call->accepted;
	}
	return count;
}

void model_fini(struct model *model)
{
	while (model->queues != NULL) {
		struct model_queue *next = model->queues->next;
		free(model->queues->items);
		free(model->queues);
		model->queues = next;
	}
}
