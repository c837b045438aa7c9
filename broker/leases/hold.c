/* How long an item may be held, and starting that time anew. */
#include "leases/hold.h"

#include "base/mutant.h"
#include "core/extension.h"

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
