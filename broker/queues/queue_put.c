/* How items come in. */
#include "queues/queue_put.h"

#include "base/mutant.h"
#include "base/name.h"
#include "core/item_hold.h"
#include "core/peer.h"
#include "core/run.h"
#include "core/work.h"
#include "leases/lease.h"
#include "leases/lease_return.h"
#include "queues/item_list.h"
#include "queues/queue_handle.h"
#include "queues/queue_wait.h"
#include "stock/dead_letter.h"
#include "stock/duplicate.h"
#include "stock/expiry.h"
#include "stock/order.h"
#include "stock/queue_items.h"
#include "stock/queue_kind.h"
#include "stock/queue_life.h"
#include "stock/queue_putters.h"
#include "stock/queue_timer.h"
#include "stock/repeat.h"
#include "stock/wake.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* All items are in: acknowledge what the put was the answer to. */
static void complete(struct waiter *putter)
{
	int status = RELEVO_OK;
	for (uint32_t i = 0; i < putter->of.put.ack_count; i++) {
		struct lease *lease = lease_find(putter->peer, putter->of.put.acks[i]);
		if (lease != NULL)
			lease_acknowledge(lease);
		else
			status = RELEVO_NOT_OWNER;
	}
	waiter_finish(putter, status);
}

static struct put_origin queue_put_origin(const struct put_part *part)
{
	if (part->repeat == NULL)
		return (struct put_origin){ 0 };
	return (struct put_origin){
		.client = repeat_client(part->repeat),
		.number = part->sequence,
		.settled = repeat_settled(part->repeat),
		.accepted = part->accepted,
	};
}

static int queue_put_append(struct waiter *putter, struct item *item)
{
	const struct put_part *part = &putter->of.put;
	const struct arrival arrival = {
		.session = putter->peer->number,
		.not_before = part->not_before,
		.origin = queue_put_origin(part),
	};
	return queue_append(part->queue, item, &arrival);
}

/* What only extended items have. */
static int admit_extended(struct waiter *putter, struct item *item)
{
	struct queue *queue = putter->of.put.queue;
	int status = expiry_reserve(queue, item);
	if (status == RELEVO_OK)
		status = duplicate_enter(queue, item);
	if (status != RELEVO_OK)
		return status;
	status = queue_put_append(putter, item);
	if (status == RELEVO_OK)
		expiry_watch(queue, item);
	else
		duplicate_leave(queue, item);
	return status;
}

static int queue_put_admit(struct waiter *putter, struct item *item)
{
	struct queue *queue = putter->of.put.queue;
	if (!item->extended)
		return queue_put_append(putter, item);
	if (!duplicate_is(queue, item))
		return admit_extended(putter, item);
	queue->duplicates++;
	item_drop(queue->engine, item);
	return RELEVO_OK;
}

static void putter_admit(struct waiter *putter)
{
	struct put_part *part = &putter->of.put;
	struct item *item = part->items;
	struct item *next = item->next;
	int status = queue_put_admit(putter, item);
	if (status != RELEVO_OK) {
		waiter_finish(putter, status);
		return;
	}
	part->items = next;
	part->accepted++;
	repeat_accept(part->repeat, part->sequence, next != NULL ? part->accepted : REPEAT_WHOLE);
	work_spend(putter->peer->engine, 1);
	if (next == NULL)
		complete(putter);
}

/* ---- the line of those that wait ---------------------------------------- */

void putters_admit(struct queue *queue)
{
	putter_admit(waiter_first(&queue->putters));
}

static bool drop_first(struct queue *queue)
{
	/* It has to come back if the dead-letter queue does not take it. */
	if (!stock_reserve(&queue->stock, queue->leased + 1) || MUTANT(newest_dropped))
		return false;
	struct error ignored;
	(void)queue_wake(queue, &ignored);
	struct item *item = stock_drain(&queue->stock);
	if (item == NULL)
		return false;
	work_spend(queue->engine, 1);
	/* It may have been one that was not due yet. */
	queue_set_timer(queue);
	if (dead_letter_send(queue, item, &queue->dropped) == RELEVO_OK)
		return true;
	stock_give_back(&queue->stock, item);
	return false;
}

/* Whether the first item of the put can enter now; where the queue drops, what is
 * first in turn makes room for it. */
static bool can_enter(struct queue *queue, const struct put_part *put)
{
	while (!queue_has_room(queue, put->items->size)) {
		if (queue->options.full != QUEUE_DROP_OLDEST || work_over(queue->engine) ||
		    !drop_first(queue))
			return false;
	}
	return true;
}

void putters_serve(struct queue *queue)
{
	struct waiter *putter;
	while (!work_over(queue->engine) && queue->shutdown == QUEUE_OPEN &&
	       (putter = waiter_first(&queue->putters)) != NULL &&
	       can_enter(queue, &putter->of.put))
		putter_admit(putter);
}

/* ---- the kind of waiter ------------------------------------------------ */

static void putter_enter(struct waiter *putter)
{
	struct queue *queue = putter->of.put.queue;
	queue->putter_count++;
	queue_wait_enter(putter, queue, &queue->putters);
	if (putter->of.put.not_before != 0 && !MUTANT(delayed_put_stranded))
		queue_set_timer(queue);
}

/* Let go of the items and acknowledgements that are left. */
static void putter_discard(struct engine_peer *peer, struct put_part *part)
{
	if (part->items != NULL)
		items_discard(peer->engine, part->items, part->last);
	part->items = NULL;
	if (part->ack_count > 0)
		account_release(peer->account, part->ack_count * sizeof(uint64_t));
	free(part->acks);
	part->acks = NULL;
	part->ack_count = 0;
}

static void putter_leave(struct waiter *putter)
{
	struct put_part *part = &putter->of.put;
	struct queue *queue = part->queue;
	queue->putter_count--;
	if (part->not_before != 0 || putters_due(queue) != NSEC_NEVER)
		queue_set_timer(queue);
	/* One that gives up may have stood in the way of the next. */
	if (part->items != NULL && queue->putter_count > 0 && !MUTANT(next_putter_stranded))
		queue_activate(queue);
	repeat_end(part->repeat, part->sequence);
	putter_discard(putter->peer, part);
}

static bool putter_put_off(struct waiter *putter)
{
	return queue_wait_put_off(putter, putter->of.put.queue);
}

static void putter_forget(struct waiter *putter)
{
	queue_drop(putter->of.put.queue);
}

static bool putter_records(const struct waiter *putter, int status)
{
	return putter->of.put.queue->options.durable &&
	       (status == RELEVO_OK || putter->of.put.accepted > 0);
}

static void putter_describe(const struct waiter *putter, struct error *error)
{
	if (putter->status == RELEVO_NOT_OWNER)
		error_set(error, RELEVO_NOT_OWNER,
			  "a lease ended while the put that was to acknowledge it waited");
	else
		queue_wait_describe(putter, putter->of.put.queue, "had no room in time", error);
}

static void putter_answer(struct waiter *putter, struct answer *answer)
{
	answer->accepted = putter->of.put.accepted;
	waiter_give(putter, answer);
}

/* FULL says a queue where nobody waits for room; at others there was none in no time. */
static int putter_unserved(const struct waiter *putter)
{
	bool waits = putter->of.put.queue->options.full == QUEUE_BLOCK;
	return waits ? RELEVO_TIMED_OUT : RELEVO_FULL;
}

static void putter_look(const struct waiter *putter, struct peer_wait *wait)
{
	queue_wait_look(putter->of.put.queue, PEER_PUT, wait);
}

static const struct waiter_kind putter_kind = {
	.unserved = putter_unserved,
	.enter = putter_enter,
	.leave = putter_leave,
	.forget = putter_forget,
	.put_off = putter_put_off,
	.records = putter_records,
	.describe = putter_describe,
	.answer = putter_answer,
	.look = putter_look,
	.cancel = waiter_cancel_in_line,
	.drop = waiter_drop_from_line,
};

/* ---- putting ------------------------------------------------------------ */

static int find_queue(struct engine_peer *peer, const struct put_request *request,
		      struct queue **queue, struct error *error)
{
	if (request->handle != 0 || request->name == NULL)
		return peer_find_queue(peer, request->handle, queue, error);
	int status = name_check(request->name, "queue", error);
	if (status != RELEVO_OK)
		return status;
	*queue = queue_find(peer->engine, request->name);
	if (*queue == NULL)
		return error_set(error, RELEVO_NOT_FOUND, "there is no queue \"%s\"",
				 request->name);
	return RELEVO_OK;
}

/* The request goes when the call returns, and the put may wait. */
static int copy_acks(const struct put_request *request, uint64_t **acks, struct error *error)
{
	*acks = NULL;
	if (request->ack_count == 0)
		return RELEVO_OK;
	size_t size = request->ack_count * sizeof **acks;
	*acks = malloc(size);
	if (*acks == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for %zu acknowledgements",
				 request->ack_count);
	memcpy(*acks, request->acks, size);
	return RELEVO_OK;
}

/* What can never be put here. */
static int queue_put_check(const struct queue *queue, const struct put_request *request,
			   struct error *error)
{
	uint64_t most = queue->options.capacity_bytes;
	if (queue->shutdown != QUEUE_OPEN)
		return error_set(error, RELEVO_SHUT_DOWN, "the queue \"%s\" has been shut down",
				 queue->name);
	for (size_t i = 0; most > 0 && i < request->count; i++) {
		if (request->sizes[i] > most)
			return error_set(
				error, RELEVO_TOO_LARGE,
				"item %zu has %u bytes: the queue \"%s\" has room for %" PRIu64, i,
				request->sizes[i], queue->name, most);
	}
	if (request->key_size > ITEM_MAX_KEY)
		return error_set(error, RELEVO_TOO_LARGE,
				 "a key of %zu bytes for the queue \"%s\": %d are the most",
				 request->key_size, queue->name, ITEM_MAX_KEY);
	if (request->overdue_to != NULL && request->overdue_to[0] != '\0' &&
	    name_check(request->overdue_to, "queue for what is overdue", error) != RELEVO_OK)
		return error->status;
	if (request->properties_size > ITEM_MAX_PROPERTIES)
		return error_set(error, RELEVO_TOO_LARGE,
				 "properties of %zu bytes for the queue \"%s\": %d are the most",
				 request->properties_size, queue->name, ITEM_MAX_PROPERTIES);
	if ((request->key_size + request->properties_size) * request->count > PUT_MAX_COPIES &&
	    request->count > 1)
		return error_set(
			error, RELEVO_TOO_LARGE,
			"%zu items with %zu bytes of properties each for the queue \"%s\": "
			"%d bytes are the most in one call",
			request->count, request->properties_size, queue->name, PUT_MAX_COPIES);
	return RELEVO_OK;
}

/* Take over all that the put brings: its items and its acknowledgements. */
static int queue_put_fill(struct engine_peer *peer, const struct put_request *request,
			  struct waiter *waiter, struct error *error)
{
	uint64_t *acks;
	struct item *items = NULL;
	int status = leases_check(peer, request->acks, request->ack_count, error);
	if (status == RELEVO_OK)
		status = copy_acks(request, &acks, error);
	if (status != RELEVO_OK)
		return status;
	status = items_new(peer, request, request->ack_count * sizeof(uint64_t), &items, error);
	if (status != RELEVO_OK) {
		free(acks);
		return status;
	}
	*waiter = (struct waiter){
		.answer = waiter->answer,
		.kind = &putter_kind,
		.of.put = {
			.items = items,
			.acks = acks,
			.not_before =
				request->not_before > peer->engine->now ? request->not_before : 0,
			/* No more than the session can hold: they have been checked. */
			.ack_count = (uint32_t)request->ack_count,
		},
	};
	return RELEVO_OK;
}

/* With what the queue says where the request does not. */
static struct put_request complete_request(const struct queue *queue,
					   const struct put_request *request)
{
	struct put_request whole = *request;
	if (whole.expires == 0 && queue->options.ttl != 0)
		whole.expires = clock_after(queue->engine->now, queue->options.ttl);
	if (queue->options.full != QUEUE_BLOCK)
		whole.deadline = 0;
	return whole;
}

/* What is left to do of one that comes again. */
static struct put_request queue_put_rest(const struct put_request *request, uint32_t before)
{
	struct put_request rest = *request;
	if (before >= request->count && before > 0) {
		rest.sequence = 0;
		rest.count = rest.ack_count = 0;
		return rest;
	}
	for (uint32_t i = 0; i < before; i++)
		rest.bodies += request->sizes[i];
	rest.sizes += before;
	rest.count -= before;
	return rest;
}

/* Park what has been filled in. */
static int queue_put_park(struct engine_peer *peer, const struct put_request *request,
			  struct waiter *waiter, struct error *error)
{
	struct put_part *part = &waiter->of.put;
	part->sequence = request->sequence;
	const struct repeat_number number = { request->sequence, request->settled };
	int status = repeat_begin(part->queue, peer, &number, &part->repeat, error);
	if (status != RELEVO_OK)
		return status;
	status = waiter_park(waiter, peer, request->deadline);
	if (status == RELEVO_OK)
		return RELEVO_OK;
	repeat_end(part->repeat, part->sequence);
	return error_set(error, status, "no memory for a call that waits");
}

static int queue_put_begin(struct engine_peer *peer, const struct put_request *request,
			   struct waiter *waiter, struct error *error)
{
	struct queue *queue;
	int status = find_queue(peer, request, &queue, error);
	if (status == RELEVO_OK)
		status = token_refuse_put(queue, error);
	if (status != RELEVO_OK)
		return status;
	const uint32_t before = repeat_accepted(queue, peer, request->sequence);
	const struct put_request rest = queue_put_rest(request, before);
	/* Of one that was done there is nothing to check. */
	if (rest.count > 0 || before == 0)
		status = queue_put_check(queue, &rest, error);
	if (status != RELEVO_OK)
		return status;
	const struct put_request whole = complete_request(queue, &rest);
	status = queue_put_fill(peer, &whole, waiter, error);
	if (status != RELEVO_OK)
		return status;
	uint32_t rank = order_rank(queue, whole.priority, whole.cost);
	for (struct item *item = waiter->of.put.items; item != NULL; item = item->next) {
		item->order.rank = rank;
		waiter->of.put.last = item;
	}
	waiter->of.put.queue = queue;
	waiter->of.put.accepted = (uint32_t)(request->count - rest.count);
	queue->holds = queue->holds || whole.hold != 0;
	status = queue_put_park(peer, &whole, waiter, error);
	if (status != RELEVO_OK) {
		/* It is nobody's yet. */
		if (!MUTANT(half_made_put_kept))
			putter_discard(peer, &waiter->of.put);
		return status;
	}
	/* A put of nothing has nothing to wait for. */
	if (waiter->of.put.items == NULL)
		complete(waiter);
	return RELEVO_OK;
}

/* Nobody wants the items, or they are not for this session to put: it is done with
 * what it holds. */
static void queue_put_drop(struct engine_peer *peer, const struct put_request *request,
			   struct waiter *waiter)
{
	const struct answer answer = { .status = RELEVO_OK, .text = "" };
	struct error ignored;
	for (size_t i = 0; i < request->ack_count; i++) {
		struct lease *lease = lease_find(peer, request->acks[i]);
		if (lease != NULL && token_refuse(lease->queue, "", &ignored) == RELEVO_OK)
			lease_acknowledge(lease);
	}
	waiter->answer(waiter, &answer);
}

/* What was accepted before it came again is, though the rest is refused. */
static void queue_put_refuse(struct engine_peer *peer, const struct put_request *request,
			     struct waiter *waiter, const struct error *error)
{
	struct queue *queue;
	struct error ignored;
	struct answer answer = { .status = error->status, .text = error->text };
	if (request->sequence != 0 && find_queue(peer, request, &queue, &ignored) == RELEVO_OK)
		answer.accepted = repeat_accepted(queue, peer, request->sequence);
	if (answer.accepted > request->count)
		answer.accepted = (uint32_t)request->count;
	waiter->answer(waiter, &answer);
}

void queue_put(struct engine_peer *peer, const struct put_request *request, nsec_t now,
	       struct waiter *waiter)
{
	struct engine *engine = peer->engine;
	struct error error;
	engine_at(engine, now);
	int status = queue_put_begin(peer, request, waiter, &error);
	if (request->or_drop && (status == RELEVO_NOT_FOUND || status == RELEVO_NOT_OWNER))
		queue_put_drop(peer, request, waiter);
	else if (status != RELEVO_OK)
		queue_put_refuse(peer, request, waiter, &error);
	engine_run(engine);
}
