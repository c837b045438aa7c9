/* Looking at the next items of a queue without taking them. */
#include "base/mutant.h"
#include "core/item_hold.h"
#include "core/peer.h"
#include "core/run.h"
#include "core/work.h"
#include "leases/ahead.h"
#include "leases/lease.h"
#include "queues/manage.h"
#include "queues/queue_handle.h"
#include "stock/queue_kind.h"
#include "stock/queue_life.h"

/* The first few behind a place, in order. */
struct selection {
	const struct queue *queue;
	const struct peek_request *request;
	uint32_t most;
	struct peek *peek;
};

static struct queue_place queue_peek_place_of(const struct queue *queue, const struct item *item)
{
	bool ranked = queue->stock.ranked;
	return (struct queue_place){ ranked ? item->order.rank : 0, item->order.key };
}

static bool queue_peek_precedes(struct queue_place one, struct queue_place other)
{
	return one.rank != other.rank ? one.rank < other.rank : one.sequence < other.sequence;
}

/* False: neither this one nor any that is behind it is among the first. */
static bool consider(struct selection *selection, struct item *item)
{
	struct peek *peek = selection->peek;
	struct queue_place place = queue_peek_place_of(selection->queue, item);
	if (!queue_peek_precedes(selection->request->after, place))
		return true;
	uint32_t at = peek->count;
	while (at > 0 && queue_peek_precedes(
				 place, queue_peek_place_of(selection->queue, peek->items[at - 1])))
		at--;
	if (at == selection->most)
		return false;
	if (peek->count < selection->most)
		peek->count++;
	for (uint32_t i = peek->count - 1; i > at; i--)
		peek->items[i] = peek->items[i - 1];
	peek->items[at] = item;
	return true;
}

/* Handed out ahead, not read: as good as here. */
static void select_unread(struct selection *selection, const struct list *readers)
{
	list_for_each (reader, readers) {
		struct ahead *ahead = container_of(reader, struct ahead, in_queue);
		list_for_each (node, &ahead->leases)
			consider(selection, container_of(node, struct lease, in_ahead)->item);
	}
}

static void select_all(struct selection *selection)
{
	const struct queue *queue = selection->queue;
	struct queue_place after = selection->request->after;
	work_spend(queue->engine, queue->unread);
	select_unread(selection, &queue->readers);
	select_unread(selection, &queue->recalled);
	struct stock_walk walk = stock_walk(&queue->stock, after.rank, after.sequence);
	struct item *item = stock_walk_next(&walk);
	while (item != NULL && consider(selection, item))
		item = stock_walk_next(&walk);
	work_spend(queue->engine, walk.steps);
}

/* Not more than fits, but one. */
static void queue_peek_cut(struct peek *peek, uint32_t max_bytes)
{
	uint64_t bytes = 0, properties = 0;
	for (uint32_t i = 0; i < peek->count; i++) {
		size_t size;
		(void)item_properties(peek->items[i], &size);
		bytes += peek->items[i]->size;
		properties += size;
		if (i > 0 && (bytes > max_bytes || properties > ITEM_MAX_PROPERTIES))
			peek->count = i;
	}
}

int queue_peek(struct engine_peer *peer, const struct peek_request *request, nsec_t now,
	       struct peek *peek, struct error *error)
{
	struct queue *queue;
	engine_at(peer->engine, now);
	int status = peer_find_queue(peer, request->handle, &queue, error);
	if (status == RELEVO_OK)
		status = kind_need_items(queue, "nothing can be seen there", error);
	if (status != RELEVO_OK)
		return status;
	struct selection selection = { .queue = queue, .request = request, .peek = peek };
	selection.most = request->max_items > 0 ? request->max_items : 1;
	if (selection.most > PEEK_MAX_ITEMS)
		selection.most = PEEK_MAX_ITEMS;
	peek->count = 0;
	/* What is due is done first: nothing happens between the look and the answer, so what is
	 * seen is there, and what is over is not seen. */
	if (!MUTANT(seen_before_it_is_over))
		queue_activate(queue);
	engine_run(peer->engine);
	select_all(&selection);
	queue_peek_cut(peek, request->max_bytes);
	peek->last = peek->count > 0 ? queue_peek_place_of(queue, peek->items[peek->count - 1])
				     : request->after;
	return RELEVO_OK;
}
