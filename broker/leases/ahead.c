/* Handing items out ahead and calling them back: how many, to which readers, for how long. */
#include "leases/ahead.h"

#include "base/mutant.h"
#include "core/peer.h"
#include "core/work.h"
#include "stock/queue.h"
#include "stock/queue_life.h"

#include <stdlib.h>

/* How long a session may take to give back what is called back. */
#define PATIENCE    NSEC_PER_SEC

/* By then a program that runs has read its items, or given them back; one that is stopped
 * keeps them from others, who would take what is behind them. */
#define UNREAD_TIME (50 * NSEC_PER_MSEC)

/* Unread items of one queue, beyond which none is handed out ahead. */
enum { UNREAD_MOST = 4096 };

/* Only where nobody can tell the difference: an unread item neither counts for
 * the capacity nor keeps a time, nor lets another overtake it. */
static bool hands_out_ahead(const struct queue *queue)
{
	const struct queue_options *options = &queue->options;
	return options->order == QUEUE_FIFO && !options->bounded && options->capacity_bytes == 0 &&
	       options->lease == 0 && options->ttl == 0;
}

static struct ahead *ahead_new(struct engine_peer *peer, struct queue *queue, uint32_t handle)
{
	struct engine *engine = peer->engine;
	if (!account_charge(peer->account, sizeof(struct ahead)))
		return NULL;
	struct ahead *ahead = malloc(sizeof *ahead);
	if (ahead == NULL || !heap_reserve(&engine->ahead_timers, ++engine->ahead_count)) {
		account_release(peer->account, sizeof *ahead);
		engine->ahead_count -= ahead != NULL;
		free(ahead);
		return NULL;
	}
	*ahead = (struct ahead){ .peer = peer, .queue = queue, .handle = handle };
	list_init(&ahead->leases);
	queue->reader_count++;
	return ahead;
}

struct ahead *ahead_open(struct engine_peer *peer, uint32_t handle)
{
	struct handle *entry = &peer->queues.handles[handle - 1];
	if (entry->ahead == NULL && hands_out_ahead(entry->object))
		entry->ahead = ahead_new(peer, entry->object, handle);
	return entry->ahead;
}

struct ahead *ahead_of(const struct engine_peer *peer, uint32_t handle, const struct queue *queue)
{
	const struct handle *entry = &peer->queues.handles[handle - 1];
	return entry->object == queue ? entry->ahead : NULL;
}

/* Half of this reader's part: so the depth is shared out in ever smaller portions,
 * and what one reader holds is never much of what there is. */
uint32_t ahead_share(const struct ahead *ahead, uint32_t most)
{
	const struct queue *queue = ahead->queue;
	if (queue->getter_count > 1 || queue->strict_handles > 0)
		return 0;
	/* Who looks into the queue looks at all of them. */
	if (queue->unread >= UNREAD_MOST)
		return 0;
	/* Those that expire must do so on time. */
	if (queue->expiring.count > 0)
		return 0;
	uint64_t share = stock_ready(&queue->stock) / (2 * (uint64_t)queue->reader_count);
	return share < most ? (uint32_t)share : most;
}

/* There is room for it: ahead_new() has seen to that. */
static void ahead_set_timer(struct ahead *ahead, nsec_t span)
{
	struct engine *engine = ahead->peer->engine;
	heap_remove(&engine->ahead_timers, &ahead->timer);
	heap_push_reserved(&engine->ahead_timers, &ahead->timer, engine->now + span);
}

void ahead_forbid(struct engine_peer *peer, uint32_t handle)
{
	struct handle *entry = &peer->queues.handles[handle - 1];
	struct queue *queue = entry->object;
	queue->strict_handles += !entry->strict;
	entry->strict = true;
	if (queue->unread > 0)
		ahead_recall(queue);
}

bool ahead_in_the_way(const struct engine_peer *peer, uint32_t handle, const struct queue *queue)
{
	const struct handle *entry = &peer->queues.handles[handle - 1];
	return queue->unread > 0 && entry->object == queue && entry->strict &&
	       !MUTANT(strict_overtakes);
}

void ahead_add(struct ahead *ahead, struct lease *lease)
{
	if (ahead->items == 0)
		list_append(&ahead->queue->readers, &ahead->in_queue);
	if (ahead->items == 0 && !MUTANT(unread_kept_while_stopped))
		ahead_set_timer(ahead, UNREAD_TIME);
	lease->ahead = ahead;
	list_append(&ahead->leases, &lease->in_ahead);
	ahead->items++;
	ahead->queue->unread++;
}

void ahead_remove(struct lease *lease)
{
	struct ahead *ahead = lease->ahead;
	lease->ahead = NULL;
	list_remove(&lease->in_ahead);
	if (--ahead->queue->unread == 0 && ahead->queue->strict_handles > 0)
		queue_activate(ahead->queue);
	if (--ahead->items > 0)
		return;
	ahead->recalled = false;
	list_remove(&ahead->in_queue);
	heap_remove(&ahead->peer->engine->ahead_timers, &ahead->timer);
}

void ahead_recall_one(struct ahead *ahead)
{
	struct engine_peer *peer = ahead->peer;
	ahead->recalled = true;
	list_remove(&ahead->in_queue);
	list_append(&ahead->queue->recalled, &ahead->in_queue);
	work_spend(peer->engine, 1);
	ahead_set_timer(ahead, PATIENCE);
	if (peer->on_recall != NULL)
		peer->on_recall(peer->recall_context, ahead->handle);
}

void ahead_recall(struct queue *queue)
{
	if (MUTANT(unread_never_recalled))
		return;
	struct list *node;
	while ((node = list_first(&queue->readers)) != NULL)
		ahead_recall_one(container_of(node, struct ahead, in_queue));
}
