/* The item of the first put that waits at a queue, and when it may be handed out. */
#include "stock/queue_putters.h"

#include "core/waiter.h"

const struct item *putters_offer(const struct queue *queue)
{
	if (queue->shutdown != QUEUE_OPEN)
		return NULL;
	const struct waiter *putter = waiter_first(&queue->putters);
	if (putter == NULL || putter->of.put.not_before > queue->engine->now)
		return NULL;
	return putter->of.put.items;
}

nsec_t putters_due(const struct queue *queue)
{
	const struct waiter *putter = waiter_first(&queue->putters);
	return putter != NULL && putter->of.put.not_before != 0 ? putter->of.put.not_before
								: NSEC_NEVER;
}

void putters_ripen(struct queue *queue)
{
	struct waiter *putter = waiter_first(&queue->putters);
	if (putter != NULL && putter->of.put.not_before <= queue->engine->now)
		putter->of.put.not_before = 0;
}
