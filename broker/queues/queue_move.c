/* Moving items from one queue to another, piece by piece. */
#include "base/mutant.h"
#include "base/name.h"
#include "core/peer.h"
#include "core/run.h"
#include "core/work.h"
#include "queues/manage.h"
#include "queues/queue_handle.h"
#include "queues/queue_wait.h"
#include "stock/expiry_run.h"
#include "stock/queue_items.h"
#include "stock/queue_kind.h"
#include "stock/queue_life.h"
#include "stock/wake.h"

static int queue_move_find(struct engine *engine, const char *name, struct queue **queue,
			   struct error *error)
{
	int status = name_check(name, "queue", error);
	if (status != RELEVO_OK)
		return status;
	*queue = queue_find(engine, name);
	if (*queue == NULL)
		return error_set(error, RELEVO_NOT_FOUND, "there is no queue \"%s\"", name);
	return kind_need_items(*queue, "nothing can be moved", error);
}

static int find_both(struct engine *engine, const struct move_request *request, struct queue **from,
		     struct queue **to, struct error *error)
{
	int status = queue_move_find(engine, request->from, from, error);
	if (status == RELEVO_OK)
		status = queue_move_find(engine, request->to, to, error);
	if (status != RELEVO_OK)
		return status;
	if (*from == *to)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the items of \"%s\" are there already", request->to);
	if ((*to)->shutdown != QUEUE_OPEN)
		return error_set(error, RELEVO_SHUT_DOWN, "the queue \"%s\" has been shut down",
				 request->to);
	return RELEVO_OK;
}

static int move_first(struct queue *from, struct queue *to)
{
	/* It has to come back if the other does not take it. */
	if (!stock_reserve(&from->stock, from->leased + 1))
		return RELEVO_NO_MEMORY;
	struct item *item = stock_take(&from->stock);
	int status = queue_transfer(to, from, item);
	if (status != RELEVO_OK)
		stock_give_back(&from->stock, item);
	return status;
}

/* ---- the kind of waiter ------------------------------------------------ */

/* It waits for nobody: it is done piece by piece. */
static void mover_enter(struct waiter *mover)
{
	queue_hold(mover->of.move.from);
	queue_hold(mover->of.move.to);
}

static void mover_leave(struct waiter *mover)
{
	work_forget(&mover->of.move.work);
	queue_activate(mover->of.move.from);
}

static void mover_forget(struct waiter *mover)
{
	queue_drop(mover->of.move.from);
	queue_drop(mover->of.move.to);
}

static bool mover_put_off(struct waiter *mover)
{
	list_remove(&mover->in_engine);
	return true;
}

static void mover_describe(const struct waiter *mover, struct error *error)
{
	const struct move_part *part = &mover->of.move;
	const struct queue *gone = part->from->deleted ? part->from : part->to;
	if (mover->status == RELEVO_GONE)
		error_set(error, RELEVO_GONE, "the queue \"%s\" was deleted", gone->name);
	else
		error_set(error, mover->status, "the queue \"%s\" does not take an item",
			  part->to->name);
}

static void mover_answer(struct waiter *mover, struct answer *answer)
{
	uint64_t count = mover->of.move.count;
	answer->accepted = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
	waiter_give(mover, answer);
}

static void mover_look(const struct waiter *mover, struct peer_wait *wait)
{
	queue_wait_look(mover->of.move.from, PEER_GET, wait);
}

static const struct waiter_kind mover_kind = {
	.enter = mover_enter,
	.leave = mover_leave,
	.forget = mover_forget,
	.put_off = mover_put_off,
	.describe = mover_describe,
	.answer = mover_answer,
	.look = mover_look,
	.cancel = waiter_cancel_in_line,
	.drop = waiter_drop_from_line,
};

/* ---- moving ------------------------------------------------------------- */

/* One more, if there is one and nothing is in the way. *more: it was moved, and there may
 * be others. */
static int move_next(struct move_part *part, bool *more)
{
	*more = false;
	struct queue *from = part->from, *to = part->to;
	if (from->deleted || to->deleted)
		return RELEVO_GONE;
	if (to->shutdown != QUEUE_OPEN)
		return RELEVO_SHUT_DOWN;
	struct error ignored;
	int status = queue_sleeps(from) ? queue_wake(from, &ignored) : RELEVO_OK;
	if (status != RELEVO_OK)
		return status;
	const struct item *item = stock_first(&from->stock);
	if (item == NULL || part->left == 0 || !queue_has_room(to, item->size))
		return RELEVO_OK;
	status = move_first(from, to);
	if (status != RELEVO_OK)
		return status;
	part->left--;
	part->count++;
	*more = true;
	return RELEVO_OK;
}

static void move_go_on(struct work *work)
{
	struct move_part *part = container_of(work, struct move_part, work);
	struct engine *engine = part->from->engine;
	/* What is over does not begin anew elsewhere. */
	bool current = part->from->deleted || MUTANT(moving_rejuvenates) || expiry_run(part->from);
	int status = RELEVO_OK;
	bool more = true;
	while (current && more && !work_over(engine)) {
		status = move_next(part, &more);
		work_spend(engine, 1);
	}
	if (more)
		work_later(engine, work);
	else
		waiter_finish(container_of(part, struct waiter, of.move), status);
}

/* What comes in later stays, so that there is an end. */
static uint64_t most(const struct queue *from, const struct move_request *request)
{
	uint64_t ready = stock_ready(&from->stock);
	return request->max_items > 0 && request->max_items < ready ? request->max_items : ready;
}

void queue_move(struct engine_peer *peer, const struct move_request *request, nsec_t now,
		struct waiter *waiter)
{
	struct engine *engine = peer->engine;
	struct queue *from, *to;
	struct error error;
	engine_at(engine, now);
	if (find_both(engine, request, &from, &to, &error) != RELEVO_OK) {
		waiter_refuse(waiter, &error);
		return;
	}
	*waiter = (struct waiter){
		.answer = waiter->answer,
		.kind = &mover_kind,
		.of.move = { { .go_on = move_go_on }, from, to, most(from, request) },
	};
	/* It cannot fail: it does not wait. */
	(void)waiter_park(waiter, peer, 0);
	work_start(engine, &waiter->of.move.work);
	engine_run(engine);
}
