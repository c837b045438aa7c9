/* Discarding items, one or a whole stock: see discard.h. */
#include "stock/discard.h"

#include "core/item_hold.h"
#include "core/work.h"
#include "stock/queue_items.h"
#include "stock/queue_life.h"
#include "stock/queue_record.h"

#include <stdlib.h>

struct discard {
	struct work work;
	struct queue *queue;
	struct stock stock; /* not the queue's any more */
};

void discard_item(struct queue *queue, struct item *item)
{
	queue_forget_item(queue, item, item->order.key);
	item_drop(queue->engine, item);
}

/* Those that are on disk are gone without having been read. False: there are none. */
static bool discard_cold(struct queue *queue, struct stock *stock)
{
	const struct cold_run *run = cold_first(&stock->cold);
	if (run == NULL)
		return false;
	queue_record_removed(queue, run->first, run->count);
	cold_remove_run(&stock->cold);
	return true;
}

static void discard_go_on(struct work *work)
{
	struct discard *discard = container_of(work, struct discard, work);
	struct queue *queue = discard->queue;
	struct engine *engine = queue->engine;
	while (!work_over(engine)) {
		struct item *item = stock_drain(&discard->stock);
		work_spend(engine, 1);
		if (item == NULL && discard_cold(queue, &discard->stock))
			continue;
		if (item == NULL) {
			stock_fini(&discard->stock);
			free(discard);
			queue_drop(queue);
			return;
		}
		/* The queue has not counted it any more since then. */
		queue->bytes += item->size;
		discard_item(queue, item);
	}
	work_later(engine, work);
}

/* An empty one where what is held can come back; false when memory ran out. */
static bool stock_new(struct stock *stock, const struct queue *queue)
{
	stock_init(stock, queue->stock.ranked);
	return queue->leased == 0 || stock_reserve(stock, queue->leased);
}

static bool discard_begin(struct queue *queue)
{
	struct stock empty;
	struct discard *discard = malloc(sizeof *discard);
	if (discard == NULL || !stock_new(&empty, queue)) {
		free(discard);
		return false;
	}
	*discard = (struct discard){ { .go_on = discard_go_on }, queue, queue->stock };
	queue_hold(queue);
	queue->stock = empty;
	queue->bytes -= stock_bytes(&discard->stock);
	work_start(queue->engine, &discard->work);
	return true;
}

uint64_t discard_stock(struct queue *queue)
{
	uint64_t count = stock_size(&queue->stock);
	struct item *item;
	/* Without memory, and where that shows, all of it now. */
	if (count == 0 || discard_begin(queue))
		return count;
	while ((item = stock_drain(&queue->stock)) != NULL)
		discard_item(queue, item);
	queue->bytes -= queue->stock.cold.bytes;
	while (discard_cold(queue, &queue->stock))
		;
	return count;
}
