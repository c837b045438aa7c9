/* The counts of a queue: what is ready, leased and waiting, and what has been. */
#include "queues/queue_count.h"

#include "queues/queue_handle.h"

struct queue_counts queue_counts_of(const struct queue *queue)
{
	return (struct queue_counts){
		/* Who counts them cannot know that some are on their way. */
		.ready = stock_ready(&queue->stock) + queue->unread,
		.leased = queue->leased - queue->unread,
		.delayed = queue->stock.delayed.count,
		.bytes = queue->bytes,
		.getters = queue->getter_count,
		.putters = queue->putter_count,
		.joiners = queue->joiner_count,
		.put = queue->put,
		.acknowledged = queue->acknowledged,
		.redelivered = queue->redelivered,
		.handles = queue->handles - queue->silent_handles,
		.expired = queue->expired,
		.dropped = queue->dropped,
		.dead_lettered = queue->dead_lettered,
		.duplicates = queue->duplicates,
		.shut_down = queue->shutdown != QUEUE_OPEN,
		.durable = queue->options.durable,
	};
}

int queue_count(struct engine_peer *peer, uint32_t handle, struct queue_counts *counts,
		struct error *error)
{
	struct queue *queue;
	int status = peer_find_queue(peer, handle, &queue, error);
	if (status == RELEVO_OK)
		*counts = queue_counts_of(queue);
	return status;
}
