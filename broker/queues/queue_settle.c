/* Serving all calls that wait at a queue, in their order, and what time has made ready. */
#include "queues/queue_settle.h"

#include "core/work.h"
#include "leases/ahead.h"
#include "queues/queue_get.h"
#include "queues/queue_join.h"
#include "queues/queue_put.h"
#include "queues/queue_shutdown.h"
#include "queues/token.h"
#include "stock/expiry_run.h"
#include "stock/queue_life.h"
#include "stock/queue_putters.h"
#include "stock/queue_timer.h"

/* As far as the piece of work goes; false: not to the end. */
static bool queue_settle_settle(struct queue *queue)
{
	/* The clock may be ahead of the timer. */
	if (!expiry_run(queue))
		return false;
	shutdown_begin(queue);
	getters_serve(queue);
	putters_serve(queue);
	if (work_over(queue->engine))
		return false;
	/* What came in behind a put with a delay may be for who waits. */
	if (getters_due(queue))
		queue_activate(queue);
	notices_drop(queue);
	shutdown_serve(queue);
	joiners_serve(queue);
	if (queue->getter_count > 0 && queue->unread > 0)
		ahead_recall(queue);
	return !work_over(queue->engine);
}

/* Those who were to be refused are, unless they have been served. */
static void settled(struct queue *queue)
{
	struct list *node;
	work_forget(&queue->active.settling);
	while ((node = list_first(&queue->put_off)) != NULL) {
		list_remove(node);
		list_append(&queue->engine->impatient, node);
	}
}

void queue_settle(struct work *settling)
{
	struct queue *queue = container_of(settling, struct queue, active.settling);
	/* An answer may delete it. */
	queue_hold(queue);
	bool whole = queue_settle_settle(queue);
	if (whole)
		settled(queue);
	else if (!queue->deleted)
		work_later(queue->engine, settling);
	queue_drop(queue);
}

void queue_ripen(struct queue *queue)
{
	struct engine *engine = queue->engine;
	expiry_run(queue);
	while (!work_over(engine) && stock_ripen(&queue->stock, engine->now))
		work_spend(engine, 1);
	putters_ripen(queue);
	queue_set_timer(queue);
	queue_activate(queue);
}
