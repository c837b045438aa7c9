/* Items, and where they go. */
#include "simulation/model_private.h"

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

static bool comes_before(const struct model_queue *queue, const struct model_item *item,
			 const struct model_item *other)
{
	if (queue->options.order != QUEUE_FIFO && item->rank != other->rank)
		return item->rank < other->rank;
	return item->sequence < other->sequence;
}

struct model_item *model_next_ready(struct model_queue *queue)
{
	struct model_item *first = NULL;
	for (size_t i = 0; i < queue->item_count; i++) {
		struct model_item *item = &queue->items[i];
		if (item->state == ITEM_READY &&
		    (first == NULL || comes_before(queue, item, first)))
			first = item;
	}
	return first;
}

uint64_t model_count_state(const struct model_queue *queue, enum item_state state)
{
	uint64_t count = 0;
	for (size_t i = 0; i < queue->item_count; i++)
		count += queue->items[i].state == state;
	return count;
}

uint64_t model_stock(const struct model_queue *queue)
{
	return model_count_state(queue, ITEM_READY) + model_count_state(queue, ITEM_DELAYED);
}

bool model_has_room(const struct model_queue *queue, uint32_t size)
{
	const struct queue_options *options = &queue->options;
	uint64_t bytes = 0;
	for (size_t i = 0; i < queue->item_count; i++)
		bytes += queue->items[i].state != ITEM_LEASED ? queue->items[i].size : 0;
	return (!options->bounded || model_stock(queue) < options->capacity) &&
	       (options->capacity_bytes == 0 || bytes + size <= options->capacity_bytes);
}

struct model_item *model_find_lease(struct model *model, uint32_t peer, uint64_t lease,
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

void model_append(struct model_queue *queue, const struct model_item *item, uint64_t session)
{
	uint32_t rank = model_rank(queue, item->rank, session);
	if (queue->item_count == queue->item_capacity) {
		queue->item_capacity = queue->item_capacity * 2 + 16;
		queue->items = realloc(queue->items, queue->item_capacity * sizeof *queue->items);
		if (queue->items == NULL)
			abort();
	}
	struct model_item *new = &queue->items[queue->item_count++];
	*new = *item;
	new->rank = rank;
	new->sequence = ++queue->last_sequence;
	queue->totals.put++;
}

void model_remove(struct model *model, struct model_queue *queue, struct model_item *item)
{
	size_t place = (size_t)(item - queue->items);
	queue->item_count--;
	memmove(item, item + 1, (queue->item_count - place) * sizeof *item);
	/* Somebody may wait for the last one. */
	if (model_count_waiting(model, queue, CALL_JOIN) > 0 || queue->shutdown != QUEUE_OPEN)
		model_activate(model, queue);
}

void model_acknowledge(struct model *model, struct model_queue *queue, struct model_item *item)
{
	queue->totals.acknowledged++;
	model_remove(model, queue, item);
}

/* ---- dead letters ----------------------------------------------------- */

void model_transfer(struct model *model, struct model_queue *from, struct model_queue *to,
		    struct model_item *item)
{
	struct model_item moved = *item;
	moved.rank = model_rank_moved(from, to, item->rank);
	moved.state = ITEM_READY;
	moved.deliveries = 0;
	moved.expires = moved.key = 0;
	moved.overlooked = false;
	model_remove(model, from, item);
	model_append(to, &moved, 0);
	model_activate(model, to);
}

void model_dead_letter(struct model *model, struct model_queue *queue, struct model_item *item)
{
	const char *name = queue->options.dead_letter;
	if (name == NULL) {
		model_remove(model, queue, item);
		return;
	}
	const struct model_opening opening = { .name = model_dead_letter_name(queue) };
	struct model_queue *target = model_find_queue(model, opening.name);
	if (target == NULL)
		target = model_create(model, &opening);
	model_transfer(model, queue, target, item);
}

static bool is_over(const struct model *model, const struct model_item *item)
{
	return item->expires != 0 && item->expires <= model->now;
}

static bool is_due(const struct model_queue *queue, const struct model_item *item)
{
	uint32_t most = queue->options.max_deliveries;
	return most > 0 && item->deliveries >= most;
}

void model_take_back(struct model *model, struct model_queue *queue, struct model_item *item)
{
	if (queue->shutdown == QUEUE_SHUT) {
		model_remove(model, queue, item);
	} else if (is_over(model, item)) {
		queue->totals.expired++;
		model_dead_letter(model, queue, item);
	} else if (is_due(queue, item)) {
		queue->totals.dead_lettered++;
		model_dead_letter(model, queue, item);
	} else {
		item->state = ITEM_READY;
	}
	model_activate(model, queue);
}

void model_give_back(struct model *model, struct model_queue *queue, struct model_item *item,
		     nsec_t not_before, bool unread)
{
	if (unread) {
		queue->totals.redelivered -= item->deliveries > 1;
		item->deliveries--;
	}
	if (not_before <= model->now || is_due(queue, item) || is_over(model, item) ||
	    queue->shutdown == QUEUE_SHUT) {
		model_take_back(model, queue, item);
		return;
	}
	item->state = ITEM_DELAYED;
	item->until = not_before;
}

static struct model_item *first_delayed(struct model_queue *queue)
{
	struct model_item *first = NULL;
	for (size_t i = 0; i < queue->item_count; i++) {
		struct model_item *item = &queue->items[i];
		if (item->state == ITEM_DELAYED && (first == NULL || item->until < first->until))
			first = item;
	}
	return first;
}

bool model_drop_first(struct model *model, struct model_queue *queue)
{
	struct model_item *item = model_next_ready(queue);
	if (item == NULL)
		item = first_delayed(queue);
	if (item == NULL)
		return false;
	queue->totals.dropped++;
	model_dead_letter(model, queue, item);
	return true;
}

/* The one whose time was over first. */
static struct model_item *first_over(const struct model *model, struct model_queue *queue)
{
	struct model_item *first = NULL;
	for (size_t i = 0; i < queue->item_count; i++) {
		struct model_item *item = &queue->items[i];
		if (is_over(model, item) && !item->overlooked &&
		    (first == NULL || item->expires < first->expires))
			first = item;
	}
	return first;
}

void model_expire(struct model *model, struct model_queue *queue)
{
	struct model_item *item;
	while ((item = first_over(model, queue)) != NULL) {
		item->overlooked = item->state == ITEM_LEASED;
		if (item->overlooked)
			continue;
		queue->totals.expired++;
		model_dead_letter(model, queue, item);
	}
}
