/* How items are handed out. */
#include "base/mutant.h"
#include "engine/ahead.h"
#include "engine/dead_letter.h"
#include "engine/exclusive.h"
#include "engine/expiry.h"
#include "engine/order.h"
#include "engine/peer.h"
#include "engine/queue.h"
#include "engine/queue_any.h"
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
	if (putter == NULL || putter->not_before > queue->engine->now)
		return NULL;
	return putter->items;
}

static struct lease *hand_out(struct engine_peer *peer, struct queue *queue)
{
	struct item *item = stock_take(&queue->stock);
	if (item->deliveries < UINT16_MAX)
		item->deliveries++;
	if (item->deliveries > 1)
		queue->redelivered++;
	order_advance(queue, item);
	queue_record_deliveries(queue, item);
	return lease_new(peer, queue, item);
}

static size_t properties_size(const struct item *item)
{
	size_t size;
	(void)item_properties(item, &size);
	return size;
}

/* Lease what the getter may have. Returns why it stopped before. */
static int take(const struct waiter *getter, uint32_t *count)
{
	struct engine_peer *peer = getter->peer;
	struct queue *queue = getter->queue;
	uint64_t bytes = 0;
	size_t properties = 0;
	uint32_t room = 0; /* for leases */
	uint32_t most = getter->max_items + ahead_share(getter);
	const struct item *item;
	while (*count < most && (item = next_item(queue)) != NULL) {
		bytes += item->size;
		if (*count > 0 && getter->max_bytes > 0 && bytes > getter->max_bytes)
			break;
		properties += properties_size(item);
		if (*count > 0 && properties > QUEUE_MAX_PROPERTIES)
			break;
		int status = room == 0 ? lease_reserve(peer, queue, &room) : RELEVO_OK;
		if (status != RELEVO_OK)
			return status;
		if (!reserve_delivery(peer->engine, *count))
			return RELEVO_NO_MEMORY;
		if (stock_first(&queue->stock) == NULL) {
			putter_admit(waiter_first(&queue->putters));
			/* Its time may have come while it waited. */
			if (!MUTANT(waiting_put_never_expires))
				expiry_run(queue);
			if (stock_first(&queue->stock) == NULL)
				return RELEVO_OK; /* it was refused, or not wanted */
			/* It may have taken the place of those to come. */
			room = 1;
		}
		room--;
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

static bool drop_first(struct queue *queue)
{
	/* It has to come back if the dead-letter queue does not take it. */
	if (!stock_reserve(&queue->stock, queue->leased + 1) || MUTANT(newest_dropped))
		return false;
	struct item *item = stock_drain(&queue->stock);
	if (item == NULL)
		return false;
	/* It may have been one that was not due yet. */
	queue_set_timer(queue);
	if (dead_letter_send(queue, item, &queue->dropped) == RELEVO_OK)
		return true;
	stock_give_back(&queue->stock, item);
	return false;
}

/* Whether the first item of the put can enter now; where the queue drops, what is
 * first in turn makes room for it. */
static bool can_enter(struct queue *queue, const struct waiter *putter)
{
	while (!queue_has_room(queue, putter->items->size)) {
		if (queue->options.full != QUEUE_DROP_OLDEST || !drop_first(queue))
			return false;
	}
	return true;
}

void queue_settle(struct queue *queue)
{
	/* An answer may delete it. */
	queue_hold(queue);
	struct waiter *waiter;
	/* The clock may be ahead of the timer. */
	expiry_run(queue);
	while ((waiter = waiter_first(&queue->getters)) != NULL && next_item(queue) != NULL)
		getter_serve(waiter);
	while ((waiter = waiter_first(&queue->putters)) != NULL && can_enter(queue, waiter))
		putter_admit(waiter);
	/* What came in behind a put with a delay may be for who waits. */
	if (waiter_first(&queue->getters) != NULL && next_item(queue) != NULL)
		queue_activate(queue);
	notices_drop(queue);
	shutdown_serve(queue);
	joiners_serve(queue);
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
	status = exclusive_enter(peer, queue, error);
	if (status != RELEVO_OK)
		return status;
	*waiter = (struct waiter){
		.answer = waiter->answer,
		.kind = WAITER_GET,
		.queue = queue,
		.max_items = request->max_items > 0 ? request->max_items : 1,
		.max_bytes = request->max_bytes,
		.max_ahead = request->ahead,
		.handle = request->handle,
	};
	struct ahead *ahead = request->ahead > 0 ? ahead_open(peer, request->handle) : NULL;
	if (ahead != NULL)
		ahead->begins = request->begins;
	else
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
	if (request->also_count > 0) {
		any_get(peer, request, now, waiter);
		return;
	}
	if (begin(peer, request, waiter, &error) == RELEVO_OK)
		engine_run(engine);
	else
		waiter_refuse(waiter, &error);
}
