/* Which items of a queue may expire, and the heap of when they do. */
#include "stock/expiry.h"

#include "base/mutant.h"
#include "core/extension.h"
#include "stock/queue_timer.h"

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
