/* Reading items back from disk: see wake.h. */
#include "stock/wake.h"

#include "core/charge.h"
#include "core/item_memory.h"
#include "core/recorder.h"
#include "core/work.h"

/* So much comes in at a time. */
enum { WAKE_BYTES = 1024 * 1024 };

struct waking {
	struct queue *queue;
	uint64_t bytes;
	int status;
	struct error *error;
};

/* The next in line; charged even beyond the limit by as much as buffers may be, since to take it
 * out is what makes room. */
static int wake_one(struct waking *waking, uint64_t sequence, const uint8_t *body, uint32_t size)
{
	struct queue *queue = waking->queue;
	struct engine *engine = queue->engine;
	struct account *account = cold_first(&queue->stock.cold)->account;
	size_t cost = item_memory_cost(size, 0);
	int status = charge_buffer(account, cost, "an item that is on disk", waking->error);
	if (status != RELEVO_OK)
		return status;
	struct item *item = item_memory_new(&engine->items, body, size, 0);
	if (item == NULL) {
		account_release(account, cost);
		return error_set(waking->error, RELEVO_NO_MEMORY,
				 "no memory for an item that is on disk");
	}
	item->account = account;
	account_hold(account);
	item->order.key = sequence;
	cold_remove(&queue->stock.cold, size);
	stock_add(&queue->stock, item);
	work_spend(engine, 1);
	return RELEVO_OK;
}

static bool on_item(void *context, uint64_t sequence, const uint8_t *body, uint32_t size)
{
	struct waking *waking = context;
	waking->status = wake_one(waking, sequence, body, size);
	waking->bytes += size;
	return waking->status == RELEVO_OK && waking->bytes < WAKE_BYTES;
}

int queue_wake(struct queue *queue, struct error *error)
{
	struct recorder *recorder = queue->engine->recorder;
	struct waking waking = { .queue = queue, .error = error };
	const struct cold_run *run = cold_first(&queue->stock.cold);
	if (!queue_sleeps(queue))
		return RELEVO_OK;
	const struct recorder_reading reading = { queue->key, run->first, run->count, on_item,
						  &waking };
	int status = recorder->operations->items_read(recorder, &reading, error);
	/* Some may be there all the same. */
	if (queue->stock.first_new != NULL)
		return RELEVO_OK;
	return status != RELEVO_OK ? status : waking.status;
}
