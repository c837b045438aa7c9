/* Queues as a whole, and time. */
#include "simulation/model_private.h"

#include <relevo/status.h>
#include <stdlib.h>
#include <string.h>

struct model_queue *model_find_queue(const struct model *model, uint32_t name)
{
	for (struct model_queue *queue = model->queues; queue != NULL; queue = queue->next) {
		if (!queue->deleted && queue->name == name)
			return queue;
	}
	return NULL;
}

uint32_t model_dead_letter_name(const struct model_queue *queue)
{
	return (uint32_t)strtoul(queue->options.dead_letter + 1, NULL, 10);
}

struct model_queue *model_create(struct model *model, const struct model_opening *opening)
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

static bool same_name(const char *first, const char *second)
{
	return strcmp(first != NULL ? first : "", second != NULL ? second : "") == 0;
}

static bool same_options(const struct queue_options *first, const struct queue_options *second)
{
	return first->lifetime == second->lifetime && first->bounded == second->bounded &&
	       (!first->bounded || first->capacity == second->capacity) &&
	       first->capacity_bytes == second->capacity_bytes && first->order == second->order &&
	       first->full == second->full && first->lease == second->lease &&
	       first->ttl == second->ttl && first->max_deliveries == second->max_deliveries &&
	       same_name(first->dead_letter, second->dead_letter) &&
	       first->exclusive == second->exclusive;
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
	struct model_queue *queue = model_find_queue(model, opening->name);
	if (queue == NULL && opening->mode == QUEUE_OPEN_EXISTING)
		return RELEVO_NOT_FOUND;
	if (queue != NULL && opening->mode == QUEUE_CREATE_NEW)
		return RELEVO_EXISTS;
	if (queue != NULL && opening->mode == QUEUE_OPEN_OR_CREATE &&
	    !same_options(&queue->options, &opening->options))
		return RELEVO_OPTION_MISMATCH;
	if (queue == NULL)
		queue = model_create(model, opening);
	handles[*place] = queue;
	queue->totals.handles++;
	return RELEVO_OK;
}

void model_end(struct model *model, struct model_queue *queue)
{
	queue->deleted = true;
	queue->item_count = 0;
	model_dismiss(model, queue, CALL_GET, RELEVO_GONE);
	model_dismiss(model, queue, CALL_PUT, RELEVO_GONE);
	model_dismiss(model, queue, CALL_JOIN, RELEVO_GONE);
}

/* Others may get from an exclusive queue when no handle of the session is left. */
static void leave(struct model *model, struct model_queue *queue, uint32_t peer)
{
	bool open = false;
	for (uint32_t place = 0; place < MODEL_HANDLES; place++)
		open = open || model->handles[peer][place] == queue;
	if (queue->has_holder && queue->holder == peer && !open)
		queue->has_holder = false;
}

static void close_handle(struct model *model, uint32_t peer, uint32_t place)
{
	struct model_queue *queue = model->handles[peer][place];
	model->handles[peer][place] = NULL;
	leave(model, queue, peer);
	queue->totals.handles--;
	if (queue->totals.handles == 0 && queue->options.lifetime == QUEUE_HANDLES &&
	    !queue->deleted)
		model_end(model, queue);
}

void model_close(struct model *model, uint32_t peer, uint32_t place)
{
	close_handle(model, peer, place);
	model_settle(model);
}

int model_delete(struct model *model, uint32_t name)
{
	struct model_queue *queue = model_find_queue(model, name);
	if (queue == NULL)
		return RELEVO_NOT_FOUND;
	model_end(model, queue);
	model_settle(model);
	return RELEVO_OK;
}

/* The lease of the peer that stands first in its table. */
static struct model_item *first_held(struct model *model, uint32_t peer, struct model_queue **where)
{
	const uint64_t mask = (1 << 24) - 1;
	struct model_item *first = NULL;
	for (struct model_queue *queue = model->queues; queue != NULL; queue = queue->next) {
		for (size_t i = 0; i < queue->item_count; i++) {
			struct model_item *item = &queue->items[i];
			if (item->state == ITEM_LEASED && item->holder == peer &&
			    (first == NULL || (item->lease & mask) < (first->lease & mask))) {
				first = item;
				*where = queue;
			}
		}
	}
	return first;
}

/* The call of the peer that waits for longest. */
static struct model_call *oldest_parked(struct model *model, uint32_t peer)
{
	struct model_call *oldest = NULL;
	for (int i = 0; i < MODEL_CALLS; i++) {
		struct model_call *call = &model->calls[i];
		if (call->state == CALL_PARKED && call->peer == peer &&
		    (oldest == NULL || call->order < oldest->order))
			oldest = call;
	}
	return oldest;
}

static void drop_calls(struct model *model, uint32_t peer)
{
	struct model_call *call;
	while ((call = oldest_parked(model, peer)) != NULL) {
		call->state = CALL_FREE;
		model_gave_up(model, call);
	}
	for (int i = 0; i < MODEL_CALLS; i++) {
		if (model->calls[i].peer == peer)
			model->calls[i].state = CALL_FREE;
	}
}

void model_gone(struct model *model, uint32_t peer)
{
	drop_calls(model, peer);
	struct model_queue *queue;
	struct model_item *item;
	while ((item = first_held(model, peer, &queue)) != NULL)
		model_take_back(model, queue, item);
	for (queue = model->queues; queue != NULL; queue = queue->next) {
		if (queue->creator != peer || queue->creator_gone)
			continue;
		queue->creator_gone = true;
		if (queue->options.lifetime == QUEUE_SESSION && !queue->deleted)
			model_end(model, queue);
	}
	for (uint32_t place = 0; place < MODEL_HANDLES; place++) {
		if (model->handles[peer][place] != NULL)
			close_handle(model, peer, place);
	}
	model->sessions[peer]++;
	model_settle(model);
}

/* ---- time ------------------------------------------------------------- */

/* When something becomes of items that nobody holds. */
static nsec_t queue_due(struct model *model, const struct model_queue *queue)
{
	nsec_t first = NSEC_NEVER;
	for (size_t i = 0; i < queue->item_count; i++) {
		const struct model_item *item = &queue->items[i];
		if (item->state == ITEM_DELAYED && item->until < first)
			first = item->until;
		if (item->expires != 0 && !item->overlooked && item->expires < first)
			first = item->expires;
	}
	const struct model_call *putter = model_first_waiting(model, queue, CALL_PUT);
	if (putter != NULL && putter->not_before != 0 && putter->not_before < first)
		first = putter->not_before;
	return first;
}

static void ripen(struct model *model, struct model_queue *queue)
{
	model_expire(model, queue);
	for (size_t i = 0; i < queue->item_count; i++) {
		struct model_item *item = &queue->items[i];
		if (item->state == ITEM_DELAYED && item->until <= model->now)
			item->state = ITEM_READY;
	}
	struct model_call *putter = model_first_waiting(model, queue, CALL_PUT);
	if (putter != NULL && putter->not_before <= model->now)
		putter->not_before = 0;
	model_activate(model, queue);
}

/* The queue where something is due first. */
static struct model_queue *first_due(struct model *model)
{
	struct model_queue *first = NULL;
	nsec_t due = model->now;
	for (struct model_queue *queue = model->queues; queue != NULL; queue = queue->next) {
		nsec_t when = queue_due(model, queue);
		if (when < due || (when == due && first == NULL)) {
			first = queue;
			due = when;
		}
	}
	return first;
}

/* The lease that ended first. */
static struct model_item *first_ended(struct model *model, struct model_queue **where)
{
	struct model_item *first = NULL;
	for (struct model_queue *queue = model->queues; queue != NULL; queue = queue->next) {
		for (size_t i = 0; i < queue->item_count; i++) {
			struct model_item *item = &queue->items[i];
			if (item->state == ITEM_LEASED && item->until <= model->now &&
			    (first == NULL || item->until < first->until)) {
				first = item;
				*where = queue;
			}
		}
	}
	return first;
}

static struct model_call *first_late(struct model *model)
{
	struct model_call *first = NULL;
	for (int i = 0; i < MODEL_CALLS; i++) {
		struct model_call *call = &model->calls[i];
		if (call->state == CALL_PARKED && call->deadline <= model->now &&
		    (first == NULL || call->deadline < first->deadline))
			first = call;
	}
	return first;
}

void model_tick(struct model *model)
{
	struct model_queue *queue;
	struct model_call *call;
	struct model_item *item;
	while ((queue = first_due(model)) != NULL)
		ripen(model, queue);
	while ((item = first_ended(model, &queue)) != NULL)
		model_take_back(model, queue, item);
	model_settle(model);
	/* The next may be served in its place. */
	while ((call = first_late(model)) != NULL) {
		model_finish(model, call, RELEVO_TIMED_OUT);
		model_settle(model);
	}
}

nsec_t model_next_deadline(struct model *model)
{
	nsec_t first = NSEC_NEVER;
	for (struct model_queue *queue = model->queues; queue != NULL; queue = queue->next) {
		nsec_t due = queue_due(model, queue);
		first = due < first ? due : first;
		for (size_t i = 0; i < queue->item_count; i++) {
			const struct model_item *item = &queue->items[i];
			if (item->state == ITEM_LEASED && item->until < first)
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

/* ---- what can be seen ------------------------------------------------- */

struct queue_counts model_counts(const struct model *model, const struct model_queue *queue)
{
	struct queue_counts counts = queue->totals;
	counts.ready = model_count_state(queue, ITEM_READY);
	counts.leased = model_count_state(queue, ITEM_LEASED);
	counts.delayed = model_count_state(queue, ITEM_DELAYED);
	for (size_t i = 0; i < queue->item_count; i++)
		counts.bytes += queue->items[i].size;
	counts.getters = model_count_waiting(model, queue, CALL_GET);
	counts.putters = model_count_waiting(model, queue, CALL_PUT);
	counts.joiners = model_count_waiting(model, queue, CALL_JOIN);
	counts.shut_down = queue->shutdown != QUEUE_OPEN;
	return counts;
}

uint64_t model_items(const struct model *model)
{
	uint64_t count = 0;
	for (struct model_queue *queue = model->queues; queue != NULL; queue = queue->next)
		count += queue->item_count;
	for (int i = 0; i < MODEL_CALLS; i++) {
		const struct model_call *call = &model->calls[i];
		if (call->state == CALL_PARKED && call->kind == CALL_PUT)
			count += call->count - call->accepted;
	}
	return count;
}

void model_fini(struct model *model)
{
	while (model->queues != NULL) {
		struct model_queue *next = model->queues->next;
		free(model->queues->items);
		free(model->queues->flows);
		free(model->queues);
		model->queues = next;
	}
}
