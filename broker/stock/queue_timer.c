/* When the engine has to look at a queue next. */
#include "stock/queue_timer.h"

#include "stock/queue_putters.h"

void queue_set_timer(struct queue *queue)
{
	struct heap *timers = &queue->engine->queue_timers;
	const struct heap_node *due = heap_first(&queue->stock.delayed);
	const struct heap_node *expiring = heap_first(&queue->expiring);
	/* From then on a getter may have that of the first putter. */
	nsec_t first = putters_due(queue);
	if (due != NULL && due->key < first)
		first = due->key;
	if (expiring != NULL && expiring->key < first)
		first = expiring->key;
	heap_remove(timers, &queue->timer);
	if (first != NSEC_NEVER && !queue->deleted)
		heap_push_reserved(timers, &queue->timer, first);
}
