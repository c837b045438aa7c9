#include "engine/hold.h"

#include "base/mutant.h"
#include "engine/extension.h"
#include "engine/queue.h"

nsec_t hold_time(const struct queue *queue, const struct item *item)
{
	const struct item_extension *extension = item_extension(item);
	if (extension != NULL && extension->hold != 0 && !MUTANT(held_for_ever))
		return extension->hold;
	return queue->options.lease;
}

void hold_begin(struct lease *lease)
{
	struct engine *engine = lease->queue->engine;
	nsec_t time = hold_time(lease->queue, lease->item);
	if (!heap_holds(&lease->timer))
		return;
	heap_remove(&engine->lease_timers, &lease->timer);
	/* There is room: it has just left. */
	heap_push_reserved(&engine->lease_timers, &lease->timer, clock_after(engine->now, time));
}

/* NULL: back to its place. */
static const char *target_name(const struct item *item)
{
	const struct item_extension *extension = item_extension(item);
	if (extension == NULL || extension->hold == 0 || extension->overdue_size == 0)
		return NULL;
	return (const char *)extension->bytes + extension->key_size + extension->properties_size;
}

/* The item is out of stock. What cannot be taken there is as if it had not been asked for. */
static void send(struct queue *queue, struct item *item, const char *name)
{
	struct queue *target = queue_find(queue->engine, name);
	if (target == NULL || target->options.kind != QUEUE_ITEMS ||
	    queue->shutdown == QUEUE_SHUT) {
		(void)queue_forget_item(queue, item, item->order.key);
		item_drop(queue->engine, item);
	} else if (target == queue || queue_transfer(target, queue, item) != RELEVO_OK) {
		stock_give_back(&queue->stock, item);
	}
	queue_activate(queue);
}

void hold_over(struct lease *lease)
{
	struct queue *queue = lease->queue;
	const char *name = target_name(lease->item);
	/* Nobody has begun with it. */
	if (name != NULL && lease->ahead != NULL)
		lease_return_unread(lease);
	else if (name != NULL)
		send(queue, lease_end(lease), name);
	else
		lease_return(lease);
}
