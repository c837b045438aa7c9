/* Looking at the next items of a queue without taking them. */
#include "base/mutant.h"
#include "core/charge.h"
#include "core/item_hold.h"
#include "core/item_memory.h"
#include "core/peer.h"
#include "core/recorder.h"
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

/* ---- what is on disk -------------------------------------------------------- */

/* Reads until one is not among the first. */
struct peek_reading {
	struct selection *selection;
	struct account *account;
	uint64_t next; /* sequence of the one to be read next */
	bool over;
	int status;
};

static int peek_read_one(struct peek_reading *reading, const uint8_t *body, uint32_t size)
{
	struct selection *selection = reading->selection;
	struct engine *engine = selection->queue->engine;
	struct peek *peek = selection->peek;
	struct item *item = item_memory_new(&engine->items, body, size, 0);
	if (item == NULL)
		return RELEVO_NO_MEMORY;
	/* For as long as the answer takes. */
	account_charge_anyhow(reading->account, item_memory_cost(size, 0));
	account_hold(reading->account);
	item->account = reading->account;
	item->order.key = reading->next++;
	work_spend(engine, 1);
	if (peek->read_count == selection->most || !consider(selection, item)) {
		item_drop(engine, item);
		reading->over = true;
	} else {
		peek->read[peek->read_count++] = item;
	}
	return RELEVO_OK;
}

static bool on_peek_item(void *context, uint64_t sequence, const uint8_t *body, uint32_t size)
{
	struct peek_reading *reading = context;
	(void)sequence;
	reading->status = peek_read_one(reading, body, size);
	return reading->status == RELEVO_OK && !reading->over;
}

/* From the place on, of one run. */
static int peek_read_run(struct peek_reading *reading, const struct cold_run *run,
			 struct error *error)
{
	const struct queue *queue = reading->selection->queue;
	struct recorder *recorder = queue->engine->recorder;
	uint64_t after = reading->selection->request->after.sequence;
	uint64_t end = run->first + run->count;
	int status = RELEVO_OK;
	reading->account = run->account;
	reading->next = run->first > after ? run->first : after + 1;
	while (status == RELEVO_OK && !reading->over && reading->next < end) {
		const struct recorder_reading asked = { queue->key, reading->next,
							end - reading->next, on_peek_item,
							reading };
		status = recorder->operations->items_read(recorder, &asked, error);
		if (status == RELEVO_OK)
			status = reading->status;
	}
	return status;
}

static int select_cold(struct selection *selection, struct error *error)
{
	const struct cold *cold = &selection->queue->stock.cold;
	struct peek_reading reading = { .selection = selection };
	int status = RELEVO_OK;
	for (size_t i = cold->start; i < cold->end && status == RELEVO_OK && !reading.over; i++) {
		const struct cold_run *run = &cold->runs[i];
		if (run->first + run->count > selection->request->after.sequence + 1)
			status = peek_read_run(&reading, run, error);
	}
	return status;
}

void peek_end(struct engine *engine, struct peek *peek)
{
	for (uint32_t i = 0; i < peek->read_count; i++)
		item_drop(engine, peek->read[i]);
	peek->read_count = 0;
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
	peek->count = peek->read_count = 0;
	/* What is due is done first: nothing happens between the look and the answer, so what is
	 * seen is there, and what is over is not seen. */
	if (!MUTANT(seen_before_it_is_over))
		queue_activate(queue);
	engine_run(peer->engine);
	select_all(&selection);
	status = select_cold(&selection, error);
	if (status != RELEVO_OK) {
		peek_end(peer->engine, peek);
		return status;
	}
	queue_peek_cut(peek, request->max_bytes);
	peek->last = peek->count > 0 ? queue_peek_place_of(queue, peek->items[peek->count - 1])
				     : request->after;
	return RELEVO_OK;
}
