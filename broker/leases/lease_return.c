/* What becomes of the item when a lease ends: given back, unread or acknowledged. */
#include "leases/lease_return.h"

#include "base/mutant.h"
#include "core/item_hold.h"
#include "leases/lease.h"
#include "stock/dead_letter.h"
#include "stock/expiry.h"
#include "stock/queue.h"
#include "stock/queue_items.h"
#include "stock/queue_life.h"
#include "stock/queue_record.h"

/* Back to its place, or on to where it goes when nobody is to have it here. */
static void take_back(struct queue *queue, struct item *item)
{
	if (queue->deleted) {
		item_drop(queue->engine, item);
	} else if (queue->shutdown == QUEUE_SHUT) {
		queue_forget_item(queue, item, item->order.key);
		item_drop(queue->engine, item);
	} else if (expiry_is_over(queue, item)) {
		dead_letter_or_give_back(queue, item, &queue->expired);
	} else if (dead_letter_due(queue, item)) {
		dead_letter_or_give_back(queue, item, &queue->dead_lettered);
	} else {
		stock_give_back(&queue->stock, item);
	}
	queue_activate(queue);
}

void lease_return(struct lease *lease)
{
	struct queue *queue = lease->queue;
	take_back(queue, lease_end(lease));
}

void lease_undo_delivery(struct queue *queue, struct item *item)
{
	if (item->deliveries == UINT16_MAX)
		return;
	if (item->deliveries > 1)
		queue->redelivered--;
	item->deliveries--;
	queue_record_changed(queue, item, 0);
}

void lease_return_unread(struct lease *lease)
{
	lease_undo_delivery(lease->queue, lease->item);
	lease_return(lease);
}

void lease_acknowledge(struct lease *lease)
{
	struct queue *queue = lease->queue;
	if (MUTANT(acknowledgement_forgotten)) {
		lease_return(lease);
		return;
	}
	struct item *item = lease_end(lease);
	queue_forget_item(queue, item, item->order.key);
	queue->acknowledged++;
	item_drop(queue->engine, item);
}
