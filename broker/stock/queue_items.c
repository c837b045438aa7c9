/* Items entering a queue, leaving it, and moving from one to another. */
#include "stock/queue_items.h"

#include "base/mutant.h"
#include "core/extension.h"
#include "core/record.h"
#include "stock/duplicate.h"
#include "stock/expiry.h"
#include "stock/order.h"
#include "stock/queue_life.h"
#include "stock/queue_timer.h"

bool queue_has_room(const struct queue *queue, size_t size)
{
	const struct queue_options *options = &queue->options;
	if (MUTANT(never_full))
		return true;
	if (options->bounded && stock_size(&queue->stock) >= options->capacity)
		return false;
	return options->capacity_bytes == 0 || queue->stock.bytes + size <= options->capacity_bytes;
}

bool queue_reserve_delay(struct queue *queue)
{
	return heap_reserve(&queue->stock.delayed, 1);
}

void queue_delay(struct queue *queue, struct item *item, nsec_t due)
{
	stock_delay(&queue->stock, item, due);
	queue_set_timer(queue);
}

static int reserve_place(struct queue *queue, const struct item *item, nsec_t not_before)
{
	bool delay = not_before > queue->engine->now;
	bool sorted = delay || item->extended || queue->stock.ranked;
	if (sorted && !stock_reserve(&queue->stock, queue->leased + 1))
		return RELEVO_NO_MEMORY;
	return !delay || queue_reserve_delay(queue) ? RELEVO_OK : RELEVO_NO_MEMORY;
}

int queue_append(struct queue *queue, struct item *item, uint64_t session, nsec_t not_before)
{
	struct engine *engine = queue->engine;
	uint64_t sequence = queue->last_sequence + 1;
	int status = reserve_place(queue, item, not_before);
	if (status == RELEVO_OK)
		status = order_enter(queue, item, session);
	if (status != RELEVO_OK)
		return status;
	status = record_item_added(engine, queue->key, sequence, item);
	if (status != RELEVO_OK)
		return status;
	item->order.key = queue->last_sequence = sequence;
	if (not_before > engine->now)
		queue_delay(queue, item, not_before);
	else
		stock_add(&queue->stock, item);
	queue->put++;
	queue->bytes += item->size;
	return RELEVO_OK;
}

int queue_forget_item(struct queue *queue, struct item *item, uint64_t sequence)
{
	queue->bytes -= item->size;
	/* Somebody may wait for the last one. */
	if (queue->joiner_count > 0 || queue->shutdown != QUEUE_OPEN)
		queue_activate(queue);
	if (item->extended) {
		duplicate_leave(queue, item);
		expiry_forget(queue, item);
	}
	return record_item_removed(queue->engine, queue->key, sequence);
}

void queue_record_deliveries(struct queue *queue, const struct item *item)
{
	/* A count that is not recorded is only too low after a restart. */
	(void)record_item_changed(queue->engine, queue->key, item->order.key, item);
}

int queue_transfer(struct queue *to, struct queue *from, struct item *item)
{
	uint64_t sequence = item->order.key;
	uint32_t rank = item->order.rank;
	uint16_t deliveries = item->deliveries;
	order_reset(to, from, item);
	item->deliveries = 0;
	int status = queue_append(to, item, 0, 0);
	if (status != RELEVO_OK) {
		item->order.rank = rank;
		item->deliveries = deliveries;
		return status;
	}
	queue_forget_item(from, item, sequence);
	if (item->extended) {
		item_extension(item)->expiry.key = 0;
		item_extension(item)->hold = 0;
	}
	queue_activate(to);
	return RELEVO_OK;
}
