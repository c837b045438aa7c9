/* The ranks of items in queues ordered by priority, by cost or fairly. */
#include "stock/order.h"

#include "base/mutant.h"
#include "core/charge.h"

#include <stdlib.h>

/* One session that puts into a fair queue. */
struct flow {
	struct map_node node; /* in queue->flows */
	uint64_t session;
	uint32_t last; /* rank of its latest item */
};

#define FLOW_COST (sizeof(struct flow) + CHARGE_OVERHEAD + 2 * sizeof(struct map_node *))

/* Flows that may be kept though none of their items is left. */
enum { IDLE_FLOWS = 64 };

/* Numbers in the order of the priorities, then the other way round. */
static uint32_t rank_of_priority(int32_t priority)
{
	if (MUTANT(priority_upside_down))
		return (uint32_t)priority ^ (UINT32_C(1) << 31);
	return UINT32_MAX - ((uint32_t)priority ^ (UINT32_C(1) << 31));
}

uint32_t order_rank(const struct queue *queue, int32_t priority, uint32_t cost)
{
	if (queue->options.order == QUEUE_SHORTEST)
		return cost;
	return rank_of_priority(priority);
}

void order_reset(const struct queue *queue, const struct queue *from, struct item *item)
{
	bool cost = queue->options.order == QUEUE_SHORTEST;
	if (from->options.order == QUEUE_FAIR || cost != (from->options.order == QUEUE_SHORTEST))
		item->order.rank = order_rank(queue, 0, 0);
}

static void drop_flow(struct queue *queue, struct flow *flow)
{
	map_remove(&queue->flows, &flow->node);
	account_release(queue->account, FLOW_COST);
	free(flow);
}

/* Those that a new flow would not be behind have nothing to remember. */
static void drop_idle(struct queue *queue)
{
	struct map_node *node = map_next(&queue->flows, NULL);
	while (node != NULL) {
		struct flow *flow = container_of(node, struct flow, node);
		node = map_next(&queue->flows, node);
		if (flow->last <= queue->round)
			drop_flow(queue, flow);
	}
}

static int add_flow(struct queue *queue, uint64_t session, struct flow **flow)
{
	if (queue->flows.count >= IDLE_FLOWS + 2 * stock_size(&queue->stock))
		drop_idle(queue);
	if (!account_charge(queue->account, FLOW_COST))
		return RELEVO_QUOTA;
	struct flow *new = calloc(1, sizeof *new);
	if (new != NULL) {
		new->session = session;
		if (map_insert(&queue->flows, &new->node, &new->session, sizeof new->session)) {
			*flow = new;
			return RELEVO_OK;
		}
	}
	free(new);
	account_release(queue->account, FLOW_COST);
	return RELEVO_NO_MEMORY;
}

int order_enter(struct queue *queue, struct item *item, uint64_t session)
{
	if (queue->options.order != QUEUE_FAIR || MUTANT(fair_is_fifo))
		return RELEVO_OK;
	/* Nobody is left to compare with: ranks begin anew, and never run out. */
	if (stock_size(&queue->stock) + queue->leased == 0) {
		queue->round = 0;
		order_fini(queue);
	}
	struct map_node *node = map_find(&queue->flows, &session, sizeof session);
	struct flow *flow = node != NULL ? container_of(node, struct flow, node) : NULL;
	int status = flow == NULL ? add_flow(queue, session, &flow) : RELEVO_OK;
	if (status != RELEVO_OK)
		return status;
	uint32_t last = flow->last > queue->round ? flow->last : queue->round;
	flow->last = last < UINT32_MAX ? last + 1 : last;
	item->order.rank = flow->last;
	return RELEVO_OK;
}

void order_restore(struct queue *queue, const struct item *item)
{
	bool first = stock_size(&queue->stock) == 1;
	uint32_t round = item->order.rank > 0 ? item->order.rank - 1 : 0;
	if (queue->options.order == QUEUE_FAIR && (first || round < queue->round))
		queue->round = round;
}

void order_advance(struct queue *queue, const struct item *item)
{
	if (queue->options.order == QUEUE_FAIR && item->order.rank > queue->round)
		queue->round = item->order.rank;
}

void order_fini(struct queue *queue)
{
	struct map_node *node;
	while ((node = map_next(&queue->flows, NULL)) != NULL)
		drop_flow(queue, container_of(node, struct flow, node));
}
