/* How items are handed out. */
#include "engine/ahead.h"
#include "engine/peer.h"
#include "engine/queue.h"
#include "engine/token.h"
#include "engine/waiter.h"

#include <stdlib.h>

static bool reserve_delivery(struct engine *engine, uint32_t count)
{
	if (count < engine->delivery_capacity)
		return true;
	uint32_t capacity = engine->delivery_capacity > 0 ? engine->delivery_capacity * 2 : 64;
	struct delivery *deliveries = realloc(engine->deliveries, capacity * sizeof *deliveries);
	if (deliveries == NULL)
		return false;
	engine->deliveries = deliveries;
	engine->delivery_capacity = capacity;
	return true;
}

/* The item that is next in turn: in stock, or else a waiting putter's. */
static const struct item *next_item(const struct queue *queue)
{
	const struct item *item = stock_first(&queue->stock);
	if (item != NULL)
		return item;
	const struct waiter *putter = waiter_first(&queue->putters);
	return putter != NULL ? putter->items : NULL;
}

static struct lease *hand_out(struct engine_peer *peer, struct queue *queue)
{
	struct item *item = stock_take(&queue->stock);
	if (item->deliveries < UINT16_MAX)
		item->deliveries++;
	if (item->deliveries > 1)
		queue->redelivered++;
	queue_record_deliveries(queue, item);
	return lease_new(peer, queue, item);
}

/* Lease what the getter may have. Returns why it stopped before. */
static int take(const struct waiter *getter, uint32_t *count)
{
	struct engine_peer *peer = getter->peer;
	struct queue *queue = getter->queue;
	uint64_t bytes = 0;
	uint32_t most = getter->max_items + ahead_share(getter);
	const struct item *item;
	while (*count < most && (item = next_item(queue)) != NULL) {
		bytes += item->size;
		if (*count > 0 && getter->max_bytes > 0 && bytes > getter->max_bytes)
			break;
		int status = lease_reserve(peer, queue);
		if (status != RELEVO_OK)
			return status;
		if (!reserve_delivery(peer->engine, *count))
			return RELEVO_NO_MEMORY;
		if (stock_first(&queue->stock) == NULL) {
			putter_admit(waiter_first(&queue->putters));
			if (stock_first(&queue->stock) == NULL)
				return RELEVO_OK; /* the store refused it */
		}
		struct lease *lease = hand_out(peer, queue);
		if (*count >= getter->max_items)
			ahead_add(ahead_of(getter), lease);
		peer->engine->deliveries[(*count)++] = (struct delivery){
			.lease = lease->number,
			.grant = token_grant(queue),
			.item = lease->item,
		};
	}
	return RELEVO_OK;
}

void getter_serve(struct waiter *getter)
{
	uint32_t count = 0;
	int status = take(getter, &count);
	if (count > 0)
		waiter_deliver(getter, count);
	else if (status != RELEVO_OK)
		waiter_finish(getter, status);
}

void queue_settle(struct queue *queue)
{
	/* An answer may delete it. */
	queue_hold(queue);
	struct waiter *waiter;
	while ((waiter = waiter_first(&queue->getters)) != NULL && next_item(queue) != NULL)
		getter_serve(waiter);
	while ((waiter = waiter_first(&queue->putters)) != NULL && queue_has_room(queue))
		putter_admit(waiter);
	notices_drop(queue);
	if (queue->getter_count > 0 && queue->unread > 0)
		ahead_recall(queue);
	queue_drop(queue);
}

static int begin(struct engine_peer *peer, const struct get_request *request, struct waiter *waiter,
		 struct error *error)
{
	struct queue *queue;
	int status = peer_find_queue(peer, request->handle, &queue, error);
	if (status != RELEVO_OK)
		return status;
	if (peer->leases.used >= peer->engine->config.peer_leases)
		return lease_refused(peer, RELEVO_LIMIT, error);
	*waiter = (struct waiter){
		.answer = waiter->answer,
		.kind = WAITER_GET,
		.queue = queue,
		.max_items = request->max_items > 0 ? request->max_items : 1,
		.max_bytes = request->max_bytes,
		.max_ahead = request->ahead,
		.handle = request->handle,
	};
	if (request->ahead > 0 && ahead_open(peer, request->handle) == NULL)
		waiter->max_ahead = 0;
	status = waiter_park(waiter, peer, request->deadline);
	if (status != RELEVO_OK)
		return error_set(error, status, "no memory for a call that waits");
	return RELEVO_OK;
}

void queue_get(struct engine_peer *peer, const struct get_request *request, nsec_t now,
	       struct waiter *waiter)
{
	struct engine *engine = peer->engine;
	struct error error;
	engine_at(engine, now);
	if (begin(peer, request, waiter, &error) == RELEVO_OK)
		engine_run(engine);
	else
		waiter_refuse(waiter, &error);
}
