/* What becomes of an item whose lease is over: back to its place, or to the queue it names. */
#include "leases/hold_over.h"

#include "core/extension.h"
#include "core/item_hold.h"
#include "leases/hold.h"
#include "leases/lease.h"
#include "leases/lease_return.h"
#include "stock/queue_items.h"
#include "stock/queue_life.h"

/* NULL: back to its place. */
static const char *hold_over_target_name(const struct item *item)
{
	const struct item_extension *extension = item_extension(item);
	if (extension == NULL || extension->hold == 0 || extension->overdue_size == 0)
		return NULL;
	return (const char *)extension->bytes + extension->key_size + extension->properties_size;
}

/* The item is out of stock. What cannot be taken there is as if it had not been asked for. */
static void hold_over_send(struct queue *queue, struct item *item, const char *name)
{
	struct queue *target = queue_find(queue->engine, name);
	if (target == NULL || target->options.kind != QUEUE_ITEMS ||
	    queue->shutdown == QUEUE_SHUT) {
		queue_forget_item(queue, item, item->order.key);
		item_drop(queue->engine, item);
	} else if (target == queue || queue_transfer(target, queue, item) != RELEVO_OK) {
		stock_give_back(&queue->stock, item);
	}
	queue_activate(queue);
}

void hold_over(struct lease *lease)
{
	struct queue *queue = lease->queue;
	const char *name = hold_over_target_name(lease->item);
	/* Nobody has begun with it. */
	if (name != NULL && lease->ahead != NULL)
		lease_return_unread(lease);
	else if (name != NULL)
		hold_over_send(queue, lease_end(lease), name);
	else
		lease_return(lease);
}
