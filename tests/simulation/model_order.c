/* In which order items are handed out. */
#include "simulation/model_private.h"

#include <stdlib.h>

uint32_t model_rank_of_priority(int32_t priority)
{
	return (uint32_t)(INT32_MAX - (int64_t)priority);
}

static struct model_flow *find_flow(struct model_queue *queue, uint64_t session)
{
	for (size_t i = 0; i < queue->flow_count; i++) {
		if (queue->flows[i].session == session)
			return &queue->flows[i];
	}
	queue->flows = realloc(queue->flows, (queue->flow_count + 1) * sizeof *queue->flows);
	if (queue->flows == NULL)
		abort();
	queue->flows[queue->flow_count] = (struct model_flow){ .session = session };
	return &queue->flows[queue->flow_count++];
}

/* Each session has its own line; the n-th of each come before any that is n + 1st. Who
 * comes late begins where the others are. */
static uint32_t fair_rank(struct model_queue *queue, uint64_t session)
{
	if (queue->item_count == 0)
		queue->flow_count = queue->round = 0;
	struct model_flow *flow = find_flow(queue, session);
	if (flow->last < queue->round)
		flow->last = queue->round;
	return ++flow->last;
}

uint32_t model_rank(struct model_queue *queue, uint32_t rank, uint64_t session)
{
	return queue->options.order == QUEUE_FAIR ? fair_rank(queue, session) : rank;
}

uint32_t model_rank_moved(const struct model_queue *from, const struct model_queue *to,
			  uint32_t rank)
{
	bool from_cost = from->options.order == QUEUE_SHORTEST;
	bool to_cost = to->options.order == QUEUE_SHORTEST;
	if (from->options.order != QUEUE_FAIR && from_cost == to_cost)
		return rank;
	return to_cost ? 0 : model_rank_of_priority(0);
}
