/* Items that came ahead: how many to ask for, and when they are taken or go back. */
#include "queue/stash.h"

#include "base/mutant.h"
#include "queue/lease.h"
#include "queue/queue.h"

#include <stdlib.h>

/* From one call to the next, what is asked for ahead grows no faster than so: a pace that
 * was seen once, over a few items, may have been luck. */
enum { GROWTH = 8 };

/* Nothing lies in a stash for so long a time after it was asked for, unless the process was
 * stopped, or found no processor, and then the broker may have taken its items back. That it
 * says so may be read by a thread that finds no processor either. */
#define STALE_TIME (250 * NSEC_PER_MSEC)

void stash_fini(struct stash *stash)
{
	stash_drop(stash);
	free(stash->items);
	stash->items = NULL;
}

/* How many items the program takes in half of STASH_TIME, to judge by the last ones. */
static uint32_t stash_pace(const struct stash *stash, nsec_t now)
{
	nsec_t elapsed = now - stash->last_ask;
	uint64_t most = (uint64_t)GROWTH * (stash->asked_for + 1);
	uint64_t pace = (uint64_t)stash->taken * (STASH_TIME / 2) / (elapsed > 0 ? elapsed : 1);
	if (pace > most)
		pace = most;
	return pace < STASH_MOST ? (uint32_t)pace : STASH_MOST;
}

bool stash_reserve(struct stash *stash)
{
	if (stash->items == NULL)
		stash->items = malloc((STASH_MOST + 1) * sizeof *stash->items);
	return stash->items != NULL;
}

uint32_t stash_ask(struct stash *stash)
{
	if (stash->asked)
		return 0;
	nsec_t now = clock_now();
	uint32_t pace = stash->last_ask != 0 ? stash_pace(stash, now) : 0;
	if (MUTANT(stash_full_at_once))
		pace = STASH_MOST;
	if (pace > 0 && !stash_reserve(stash))
		pace = 0;
	stash->last_ask = now;
	stash->asked_for = pace;
	stash->taken = 1;
	stash->asked = pace > 0;
	return pace;
}

void stash_drop(struct stash *stash)
{
	while (stash->next < stash->count)
		relevo_item_free(&stash->items[stash->next++]);
	stash->next = stash->count = 0;
	stash->told = false;
	list_remove(&stash->link);
}

static void take_first(struct stash *stash, relevo_item *item)
{
	*item = stash->items[stash->next++];
	stash->taken++;
	stash->told = false;
	if (stash->next == stash->count)
		list_remove(&stash->link);
}

bool stash_fill(struct relevo_queue *queue, const struct item_source *source, relevo_item *first)
{
	struct stash *stash = &queue->stash;
	/* One call asks at a time, when there is none left: but a watch may begin to meanwhile. */
	stash_give_back(queue);
	if (source->count > STASH_MOST + 1 || !item_block_fill(stash->items, source))
		return false;
	stash->next = 0;
	stash->count = (uint32_t)source->count;
	stash->epoch = source->epoch;
	stash->filled = clock_now();
	list_append(&queue->part->stashes, &stash->link);
	stash->taken = 0;
	if (first != NULL)
		take_first(stash, first);
	stash->told = first == NULL;
	return true;
}

/* Leases end with their connection. */
static bool is_valid(struct relevo_queue *queue)
{
	struct stash *stash = &queue->stash;
	const struct connection *connection = &queue->handle.session->connection;
	if (stash->epoch != connection->epoch || connection->broken)
		stash_drop(stash);
	return stash->next < stash->count;
}

/* All but the first `kept`. */
static void stash_give_back_rest(struct relevo_queue *queue, uint32_t kept)
{
	struct stash *stash = &queue->stash;
	uint64_t leases[STASH_MOST + 1];
	uint32_t count = 0;
	for (uint32_t i = stash->next + kept; i < stash->count; i++) {
		leases[count++] = stash->items[i].lease;
		relevo_item_free(&stash->items[i]);
	}
	stash->count -= count;
	if (count > 0)
		lease_give_back(queue->handle.session, leases, count);
}

void stash_give_back(struct relevo_queue *queue)
{
	if (!is_valid(queue))
		return;
	stash_give_back_rest(queue, 0);
	stash_drop(&queue->stash);
}

void stash_recall(struct relevo_queue *queue)
{
	if (!is_valid(queue))
		return;
	if (queue->stash.told)
		stash_give_back_rest(queue, 1);
	else
		stash_give_back(queue);
}

bool stash_has_some(struct relevo_queue *queue)
{
	struct stash *stash = &queue->stash;
	if (!is_valid(queue))
		return false;
	if (clock_now() - stash->last_ask > STALE_TIME && !MUTANT(stale_is_taken))
		stash_recall(queue);
	return stash->next < stash->count;
}

bool stash_take(struct relevo_queue *queue, relevo_item *item)
{
	if (!stash_has_some(queue))
		return false;
	take_first(&queue->stash, item);
	return true;
}

/* False: nothing is left here. */
static bool stash_look_after_one(struct relevo_queue *queue, nsec_t age)
{
	if (age > STASH_TIME)
		stash_recall(queue);
	if (age > STASH_TOLD_TIME)
		stash_give_back(queue);
	return queue->stash.next < queue->stash.count;
}

bool stash_look_after(struct queue_part *queues)
{
	if (list_empty(&queues->stashes))
		return false;
	bool any = false;
	nsec_t now = clock_now();
	list_for_each (node, &queues->stashes) {
		struct relevo_queue *queue = container_of(node, struct relevo_queue, stash.link);
		if (is_valid(queue) && stash_look_after_one(queue, now - queue->stash.filled))
			any = true;
	}
	return any;
}
