/* Items entering a queue, leaving it, and moving from one to another. */
#include "stock/queue_items.h"

#include "base/mutant.h"
#include "core/extension.h"
#include "core/item_hold.h"
#include "stock/cold.h"
#include "stock/duplicate.h"
#include "stock/expiry.h"
#include "stock/order.h"
#include "stock/queue_life.h"
#include "stock/queue_record.h"
#include "stock/queue_timer.h"

bool queue_has_room(const struct queue *queue, size_t size)
{
	const struct queue_options *options = &queue->options;
	if (MUTANT(never_full))
		return true;
	if (options->bounded && stock_size(&queue->stock) >= options->capacity)
		return false;
	return options->capacity_bytes == 0 ||
	       stock_bytes(&queue->stock) + size <= options->capacity_bytes;
}

bool queue_reserve_delay(struct queue *queue)
{
	return heap_reserve(&queue->stock.delayed, 1);
}

static void delay(struct queue *queue, struct item *item, nsec_t due)
{
	stock_delay(&queue->stock, item, due);
	queue_set_timer(queue);
}

void queue_delay(struct queue *queue, struct item *item, nsec_t due)
{
	queue_record_changed(queue, item, due);
	delay(queue, item, due);
}

static int reserve_place(struct queue *queue, const struct item *item, nsec_t not_before)
{
	bool delay = not_before > queue->engine->now;
	bool sorted = delay || item->extended || queue->stock.ranked;
	if (sorted && !stock_reserve(&queue->stock, queue->leased + 1))
		return RELEVO_NO_MEMORY;
	return !delay || queue_reserve_delay(queue) ? RELEVO_OK : RELEVO_NO_MEMORY;
}

/* What has nothing but a body may wait on disk, behind others. */
static bool stays_on_disk(const struct queue *queue, const struct item *item)
{
	return queue->options.durable && !queue->stock.ranked && !item->extended &&
	       cold_begins(&queue->stock.cold, queue->stock.bytes, item->size);
}

static void enter(struct queue *queue, struct item *item, nsec_t not_before)
{
	if (not_before > queue->engine->now) {
		delay(queue, item, not_before);
	} else if (stays_on_disk(queue, item) &&
		   cold_add(&queue->stock.cold, item->order.key, item->size, item->account)) {
		item_drop(queue->engine, item);
	} else {
		stock_add(&queue->stock, item);
	}
}

int queue_append(struct queue *queue, struct item *item, const struct arrival *arrival)
{
	uint64_t sequence = queue->last_sequence + 1;
	int status = reserve_place(queue, item, arrival->not_before);
	if (status == RELEVO_OK)
		status = order_enter(queue, item, arrival->session);
	if (status == RELEVO_OK)
		status = queue_record_added(queue, item, sequence, arrival);
	if (status != RELEVO_OK)
		return status;
	item->order.key = queue->last_sequence = sequence;
	queue->put++;
	queue->bytes += item->size;
	enter(queue, item, arrival->not_before);
	return RELEVO_OK;
}

void queue_forget_item(struct queue *queue, struct item *item, uint64_t sequence)
{
	queue->bytes -= item->size;
	/* Somebody may wait for the last one. */
	if (queue->joiner_count > 0 || queue->shutdown != QUEUE_OPEN)
		queue_activate(queue);
	if (item->extended) {
		duplicate_leave(queue, item);
		expiry_forget(queue, item);
	}
	queue_record_removed(queue, sequence, 1);
}

/* Its key and its time were for the queue that it leaves. */
static void leave_behind(struct queue *from, struct item *item, uint64_t sequence)
{
	queue_forget_item(from, item, sequence);
	if (item->extended) {
		item_extension(item)->expiry.key = 0;
		item_extension(item)->hold = 0;
	}
}

int queue_transfer(struct queue *to, struct queue *from, struct item *item)
{
	static const struct arrival arrival = { .moved = true };
	uint64_t sequence = item->order.key;
	uint32_t rank = item->order.rank;
	uint16_t deliveries = item->deliveries;
	order_reset(to, from, item);
	item->deliveries = 0;
	/* The other queue may leave it on disk. */
	item_hold(item);
	int status = queue_append(to, item, &arrival);
	if (status == RELEVO_OK) {
		leave_behind(from, item, sequence);
		queue_activate(to);
	} else {
		item->order.rank = rank;
		item->deliveries = deliveries;
	}
	item_drop(to->engine, item);
	return status;
}
