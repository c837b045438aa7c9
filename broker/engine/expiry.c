#include "engine/expiry.h"

#include "base/mutant.h"
#include "engine/dead_letter.h"
#include "engine/extension.h"

static bool expires(const struct item *item)
{
	const struct item_extension *extension = item_extension(item);
	return extension != NULL && extension->expiry.key != 0 && !MUTANT(nothing_expires);
}

int expiry_reserve(struct queue *queue, const struct item *item)
{
	bool reserved = !expires(item) || heap_reserve(&queue->expiring, 1);
	return reserved ? RELEVO_OK : RELEVO_NO_MEMORY;
}

void expiry_watch(struct queue *queue, struct item *item)
{
	if (!expires(item))
		return;
	struct item_extension *extension = item_extension(item);
	heap_push_reserved(&queue->expiring, &extension->expiry, extension->expiry.key);
	queue_set_timer(queue);
}

void expiry_forget(struct queue *queue, struct item *item)
{
	struct item_extension *extension = item_extension(item);
	if (extension == NULL || !heap_holds(&extension->expiry))
		return;
	heap_remove(&queue->expiring, &extension->expiry);
	queue_set_timer(queue);
}

bool expiry_is_over(const struct queue *queue, const struct item *item)
{
	return expires(item) && item_extension(item)->expiry.key <= queue->engine->now;
}

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
