/* Taking expired items out of a queue. */
#include "stock/expiry_run.h"

#include "core/extension.h"
#include "core/work.h"
#include "stock/dead_letter.h"
#include "stock/queue_timer.h"

/* The first whose time is over. False: none is. */
static bool expire_first(struct queue *queue)
{
	struct heap_node *node = heap_first(&queue->expiring);
	if (node == NULL || node->key > queue->engine->now)
		return false;
	struct item *item = container_of(node, struct item_extension, expiry)->item;
	heap_remove(&queue->expiring, node);
	/* Whoever holds it may finish; see lease_return(). */
	if (stock_take_out(&queue->stock, item))
		dead_letter_or_give_back(queue, item, &queue->expired);
	/* It leaves two orders, and maybe a table, on its way. */
	work_spend(queue->engine, 4);
	return true;
}

bool expiry_run(struct queue *queue)
{
	if (!expire_first(queue))
		return true;
	bool more = true;
	while (more && !work_over(queue->engine))
		more = expire_first(queue);
	queue_set_timer(queue);
	return !more;
}
