/* Running the engine: settling, commits, refusals and answers, step by step; see run.h. */
#include "core/run.h"

#include "core/peer.h"
#include "core/recorder.h"
#include "core/waiter.h"
#include "core/work.h"

/* The recorder is done with the oldest batch that it had not answered. */
static void batch_done(void *context, int status)
{
	struct engine *engine = context;
	engine->committed++;
	struct list *node;
	while ((node = list_first(&engine->committing)) != NULL) {
		struct waiter *waiter = container_of(node, struct waiter, in_engine);
		if (waiter->batch > engine->committed)
			break;
		waiter_committed(waiter, status);
	}
	engine_run(engine);
}

static void run_commit(struct engine *engine)
{
	bool lazy = !engine->awaited;
	engine->recorded = engine->awaited = false;
	engine->batch++;
	engine->recorder->operations->commit(engine->recorder, lazy, batch_done, engine);
}

/* Refused only when all that could be served has been: whoever is still in line
 * then gets nothing. */
static void run_refuse(struct waiter *waiter)
{
	if (waiter->kind->put_off == NULL || !waiter->kind->put_off(waiter))
		waiter_finish(waiter, waiter->refusal);
}

static void run_settle(struct engine *engine, struct active *active)
{
	list_remove(&active->link);
	if (work_over(engine))
		work_later(engine, &active->settling);
	else
		active->settling.go_on(&active->settling);
}

/* One step of the work that is left, in order of urgency; false: none is. */
static bool run_step(struct engine *engine)
{
	struct list *node;
	if ((node = list_first(&engine->active)) != NULL) {
		run_settle(engine, container_of(node, struct active, link));
	} else if ((node = list_first(&engine->impatient)) != NULL) {
		run_refuse(container_of(node, struct waiter, in_engine));
	} else if (engine->recorded) {
		run_commit(engine);
	} else if ((node = list_first(&engine->finished)) != NULL) {
		work_spend(engine, 1);
		waiter_answer(container_of(node, struct waiter, in_engine));
	} else {
		return false;
	}
	return true;
}

void engine_run(struct engine *engine)
{
	if (engine->running)
		return;
	engine->running = true;
	work_begin(engine);
	while (run_step(engine))
		;
	engine->running = false;
}

void engine_go_on(struct engine *engine, uint64_t end)
{
	struct list *node;
	while (engine->work.done < end && (node = list_first(&engine->later)) != NULL) {
		struct work *work = container_of(node, struct work, link);
		list_remove(node);
		work_begin(engine);
		work_do_piece(engine, work);
		work_spend(engine, 1);
		engine_run(engine);
	}
}

void waiter_cancel(struct waiter *waiter)
{
	if (waiter->state != WAITER_PARKED)
		return;
	struct engine *engine = waiter->peer->engine;
	waiter->kind->cancel(waiter);
	engine_run(engine);
}
