/* The end of a queue: at once for whoever looks, piece by piece for what was in it. */
#include "queues/queue_end.h"

#include "core/item_hold.h"
#include "core/waiter.h"
#include "core/work.h"
#include "leases/lease.h"
#include "stock/cold.h"
#include "stock/queue_life.h"
#include "stock/queue_record.h"
#include "stock/repeat.h"

static struct waiter *first_waiter(const struct queue *queue)
{
	struct waiter *waiter = waiter_first(&queue->getters);
	if (waiter == NULL)
		waiter = waiter_first(&queue->putters);
	if (waiter == NULL)
		waiter = waiter_first(&queue->joiners);
	return waiter != NULL ? waiter : waiter_first(&queue->followers);
}

/* Whoever holds an item of a queue that is deleted has lost it: see lease_find(). */
static bool end_one(struct queue *queue)
{
	struct waiter *waiter = first_waiter(queue);
	struct list *leased = list_first(&queue->leases);
	struct item *item = NULL;
	if (waiter != NULL)
		waiter_finish(waiter, RELEVO_GONE);
	else if (leased != NULL)
		item = lease_end(container_of(leased, struct lease, in_queue));
	else
		item = stock_drain(&queue->stock);
	if (item != NULL)
		item_drop(queue->engine, item);
	/* The puts that wait are over by now. */
	return waiter != NULL || item != NULL || repeat_forget_one(queue);
}

static void queue_end_go_on_ending(struct work *work)
{
	struct queue *queue = container_of(work, struct queue, ending);
	struct engine *engine = queue->engine;
	while (!work_over(engine)) {
		work_spend(engine, 1);
		if (!end_one(queue)) {
			queue_drop(queue);
			return;
		}
	}
	work_later(engine, work);
}

void queue_forget(struct queue *queue)
{
	struct engine *engine = queue->engine;
	queue->deleted = true;
	cold_end(&queue->stock.cold);
	map_remove(&engine->queues, &queue->node);
	sorted_remove(&engine->names, queue->name);
	list_remove(&queue->in_owner);
	list_remove(&queue->active.link);
	work_forget(&queue->active.settling);
	heap_remove(&engine->queue_timers, &queue->timer);
	/* The nodes go with the items. */
	heap_fini(&queue->expiring);
	map_fini(&queue->keys);
	queue->account->queues--;
	queue->ending.go_on = queue_end_go_on_ending;
	work_start(engine, &queue->ending);
}

void queue_end(struct queue *queue)
{
	queue_record_deleted(queue);
	queue_forget(queue);
}
