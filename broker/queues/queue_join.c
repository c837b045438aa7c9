/* How the end of all work is waited for, and the end of the queue. */
#include "queues/queue_join.h"

#include "base/mutant.h"
#include "core/peer.h"
#include "core/run.h"
#include "queues/manage.h"
#include "queues/queue_handle.h"
#include "queues/queue_wait.h"
#include "stock/queue_life.h"

/* ---- the kind of waiter ------------------------------------------------ */

static void joiner_enter(struct waiter *joiner)
{
	struct queue *queue = joiner->of.join.queue;
	bool until_end = joiner->of.join.until_end;
	queue->joiner_count += !until_end;
	queue_wait_enter(joiner, queue, until_end ? &queue->followers : &queue->joiners);
}

static void joiner_leave(struct waiter *joiner)
{
	joiner->of.join.queue->joiner_count -= !joiner->of.join.until_end;
}

static bool joiner_put_off(struct waiter *joiner)
{
	return queue_wait_put_off(joiner, joiner->of.join.queue);
}

static void joiner_forget(struct waiter *joiner)
{
	queue_drop(joiner->of.join.queue);
}

static void joiner_describe(const struct waiter *joiner, struct error *error)
{
	const struct join_part *join = &joiner->of.join;
	queue_wait_describe(joiner, join->queue,
			    join->until_end ? "has not ended in time"
					    : "was not done with all items in time",
			    error);
}

static void joiner_answer(struct waiter *joiner, struct answer *answer)
{
	waiter_give(joiner, answer);
}

static void joiner_look(const struct waiter *joiner, struct peer_wait *wait)
{
	queue_wait_look(joiner->of.join.queue, PEER_JOIN, wait);
}

static const struct waiter_kind joiner_kind = {
	.enter = joiner_enter,
	.leave = joiner_leave,
	.forget = joiner_forget,
	.put_off = joiner_put_off,
	.describe = joiner_describe,
	.answer = joiner_answer,
	.look = joiner_look,
	.cancel = waiter_cancel_in_line,
	.drop = waiter_drop_from_line,
};

/* ---- waiting ------------------------------------------------------------ */

void queue_join(struct engine_peer *peer, const struct join_request *request, nsec_t now,
		struct waiter *waiter)
{
	struct queue *queue;
	struct error error;
	engine_at(peer->engine, now);
	int status = peer_find_queue(peer, request->handle, &queue, &error);
	if (status == RELEVO_OK) {
		*waiter = (struct waiter){
			.answer = waiter->answer,
			.kind = &joiner_kind,
			.of.join.queue = queue,
			.of.join.until_end = request->until_end,
		};
		status = waiter_park(waiter, peer, request->deadline);
		if (status != RELEVO_OK)
			error_set(&error, status, "no memory for a call that waits");
	}
	if (status == RELEVO_OK)
		engine_run(peer->engine);
	else
		waiter_refuse(waiter, &error);
}

void joiners_serve(struct queue *queue)
{
	struct waiter *joiner;
	if (stock_size(&queue->stock) + queue->leased > 0 && !MUTANT(join_returns_at_once))
		return;
	while ((joiner = waiter_first(&queue->joiners)) != NULL)
		waiter_finish(joiner, RELEVO_OK);
}
