/* How items are handed out. */
#include "queues/queue_get.h"

#include "base/mutant.h"
#include "core/item_hold.h"
#include "core/peer.h"
#include "core/run.h"
#include "core/work.h"
#include "leases/ahead.h"
#include "leases/lease.h"
#include "queues/exclusive.h"
#include "queues/queue_handle.h"
#include "queues/queue_put.h"
#include "queues/queue_wait.h"
#include "queues/token.h"
#include "stock/expiry_run.h"
#include "stock/order.h"
#include "stock/queue_items.h"
#include "stock/queue_kind.h"
#include "stock/queue_life.h"
#include "stock/queue_putters.h"
#include "stock/queue_record.h"
#include "stock/wake.h"

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
static const struct item *next_item(struct queue *queue)
{
	struct error ignored;
	if (queue_sleeps(queue))
		(void)queue_wake(queue, &ignored);
	const struct item *item = stock_first(&queue->stock);
	return item != NULL ? item : putters_offer(queue);
}

static struct lease *hand_out(struct engine_peer *peer, struct queue *queue)
{
	struct item *item = stock_take(&queue->stock);
	if (item->deliveries < UINT16_MAX)
		item->deliveries++;
	if (item->deliveries > 1)
		queue->redelivered++;
	order_advance(queue, item);
	queue_record_handed_out(queue, item);
	return lease_new(peer, queue, item);
}

static size_t properties_size(const struct item *item)
{
	size_t size;
	(void)item_properties(item, &size);
	return size;
}

/* Lease what the getter may have. Returns why it stopped before. */
static int queue_get_take(const struct waiter *getter, uint32_t *count)
{
	struct engine_peer *peer = getter->peer;
	const struct get_part *wanted = &getter->of.get;
	struct queue *queue = wanted->queue;
	struct ahead *ahead = wanted->max_ahead > 0 ? ahead_of(peer, wanted->handle, queue) : NULL;
	uint64_t bytes = 0;
	size_t properties = 0;
	uint32_t room = 0; /* for leases */
	uint32_t most = wanted->max_items;
	const struct item *item;
	if (ahead != NULL)
		most += ahead_share(ahead, wanted->max_ahead);
	while (*count < most && (item = next_item(queue)) != NULL) {
		bytes += item->size;
		if (*count > 0 && wanted->max_bytes > 0 && bytes > wanted->max_bytes)
			break;
		properties += properties_size(item);
		if (*count > 0 && properties > ITEM_MAX_PROPERTIES)
			break;
		int status = room == 0 ? lease_reserve(peer, queue, &room) : RELEVO_OK;
		if (status != RELEVO_OK)
			return status;
		if (!reserve_delivery(peer->engine, *count))
			return RELEVO_NO_MEMORY;
		if (stock_first(&queue->stock) == NULL) {
			putters_admit(queue);
			/* Its time may have come while it waited. */
			if (!MUTANT(waiting_put_never_expires))
				(void)expiry_run(queue);
			if (stock_first(&queue->stock) == NULL)
				return RELEVO_OK; /* it was refused, or not wanted */
			/* It may have taken the place of those to come. */
			room = 1;
		}
		room--;
		work_spend(peer->engine, 1);
		struct lease *lease = hand_out(peer, queue);
		if (*count >= wanted->max_items)
			ahead_add(ahead, lease);
		peer->engine->deliveries[(*count)++] = (struct delivery){
			.lease = lease->number,
			.grant = token_grant(queue),
			.item = lease->item,
		};
	}
	return RELEVO_OK;
}

/* Answer one that has been served; it is its caller's again then. */
static void getter_deliver(struct waiter *getter, uint32_t count)
{
	struct engine *engine = getter->peer->engine;
	struct answer answer = {
		.status = RELEVO_OK,
		.text = "",
		.deliveries = engine->deliveries,
		.delivery_count = count,
	};
	waiter_leave_line(getter);
	/* The answer may end the leases while it still reads the items. */
	for (uint32_t i = 0; i < count; i++)
		item_hold(engine->deliveries[i].item);
	waiter_give(getter, &answer);
	for (uint32_t i = 0; i < count; i++)
		item_drop(engine, engine->deliveries[i].item);
}

/* Serve the first getter from the stock, or from putters. There is an item. */
static void getter_serve(struct waiter *getter)
{
	uint32_t count = 0;
	int status = queue_get_take(getter, &count);
	if (count > 0)
		getter_deliver(getter, count);
	else if (status != RELEVO_OK)
		waiter_finish(getter, status);
}

/* The first in line, if there is an item that it may have. */
static struct waiter *getter_due(struct queue *queue)
{
	struct waiter *getter = waiter_first(&queue->getters);
	if (getter == NULL || next_item(queue) == NULL)
		return NULL;
	return ahead_in_the_way(getter->peer, getter->of.get.handle, queue) ? NULL : getter;
}

/* What is on disk cannot be had now: whoever asks hears why. Nobody waits for what may never
 * come. */
static void getters_refuse(struct queue *queue)
{
	struct error ignored;
	struct waiter *getter;
	int status = queue_wake(queue, &ignored);
	while (status != RELEVO_OK && stock_first(&queue->stock) == NULL &&
	       (getter = waiter_first(&queue->getters)) != NULL)
		waiter_finish(getter, status);
}

void getters_serve(struct queue *queue)
{
	struct waiter *getter;
	if (queue_sleeps(queue))
		getters_refuse(queue);
	while (!work_over(queue->engine) && (getter = getter_due(queue)) != NULL)
		getter_serve(getter);
}

bool getters_due(struct queue *queue)
{
	return getter_due(queue) != NULL;
}

/* ---- the kind of waiter ------------------------------------------------ */

static void getter_enter(struct waiter *getter)
{
	struct queue *queue = getter->of.get.queue;
	queue->getter_count++;
	queue_wait_enter(getter, queue, &queue->getters);
}

static void getter_leave(struct waiter *getter)
{
	getter->of.get.queue->getter_count--;
}

static bool getter_put_off(struct waiter *getter)
{
	return queue_wait_put_off(getter, getter->of.get.queue);
}

static void getter_forget(struct waiter *getter)
{
	queue_drop(getter->of.get.queue);
}

static void getter_describe(const struct waiter *getter, struct error *error)
{
	if (!queue_wait_describe(getter, getter->of.get.queue, "had no item in time", error))
		lease_refused(getter->peer, getter->status, error);
}

static void getter_answer(struct waiter *getter, struct answer *answer)
{
	waiter_give(getter, answer);
}

static enum peer_call call_at(const struct queue *queue)
{
	switch (queue->options.kind) {
	case QUEUE_LOCK:
	case QUEUE_SEMAPHORE:
		return PEER_ACQUIRE;
	case QUEUE_CONDITION:
		return PEER_WAIT;
	default:
		return PEER_GET;
	}
}

static void getter_look(const struct waiter *getter, struct peer_wait *wait)
{
	const struct queue *queue = getter->of.get.queue;
	queue_wait_look(queue, call_at(queue), wait);
}

static const struct waiter_kind getter_kind = {
	.enter = getter_enter,
	.leave = getter_leave,
	.forget = getter_forget,
	.put_off = getter_put_off,
	.describe = getter_describe,
	.answer = getter_answer,
	.look = getter_look,
	.cancel = waiter_cancel_in_line,
	.drop = waiter_drop_from_line,
};

static void dismiss_those(struct queue *queue, const struct list *waiters, int status)
{
	list_for_each (node, waiters) {
		struct waiter *waiter = container_of(node, struct waiter, in_peer);
		work_spend(queue->engine, 1);
		if (waiter->kind == &getter_kind && waiter->of.get.queue == queue &&
		    waiter->state == WAITER_PARKED)
			waiter_finish(waiter, status);
	}
}

/* A session has no more calls that wait than it may have. */
void getters_dismiss(struct queue *queue, struct engine_peer *peer, int status)
{
	dismiss_those(queue, &peer->waits, status);
	dismiss_those(queue, &peer->waiters, status);
}

/* ---- getting ------------------------------------------------------------ */

/* How long a get that does not wait does so for items that are called back. */
#define RECALL_TIME (50 * NSEC_PER_MSEC)

static int queue_get_park(struct waiter *getter, struct engine_peer *peer, nsec_t deadline)
{
	/* There are items, in hands that will give them back at once. */
	bool brief = deadline == 0 && getter->of.get.queue->unread > 0;
	return waiter_park(getter, peer, brief ? peer->engine->now + RECALL_TIME : deadline);
}

static int getter_park(struct engine_peer *peer, const struct get_request *request,
		       struct waiter *waiter, bool member, struct error *error)
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
		.kind = &getter_kind,
		.member = member,
		.of.get = {
			.queue = queue,
			.handle = request->handle,
			.max_items = request->max_items > 0 ? request->max_items : 1,
			.max_bytes = request->max_bytes,
			.max_ahead = request->ahead,
		},
	};
	struct ahead *ahead = request->ahead > 0 ? ahead_open(peer, request->handle) : NULL;
	if (ahead != NULL)
		ahead->begins = request->begins;
	else
		waiter->of.get.max_ahead = 0;
	status = queue_get_park(waiter, peer, request->deadline);
	if (status != RELEVO_OK)
		return error_set(error, status, "no memory for a call that waits");
	return RELEVO_OK;
}

void getter_begin(struct engine_peer *peer, const struct get_request *request, nsec_t now,
		  struct waiter *waiter, bool member)
{
	struct error error;
	engine_at(peer->engine, now);
	if (getter_park(peer, request, waiter, member, &error) == RELEVO_OK)
		engine_run(peer->engine);
	else
		waiter_refuse(waiter, &error);
}
