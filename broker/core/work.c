/* Counting work, and putting off what is left of a long one to a later turn. */
#include "core/work.h"

#include "base/mutant.h"

/* In a turn so many pieces can be done: those who left work have theirs by turns. */
enum { PIECES_PER_TURN = 2 };

void work_spend_on_large(struct engine *engine, size_t size)
{
	if (!MUTANT(bytes_cost_nothing))
		work_spend(engine, size / WORK_BYTES_PER_UNIT);
}

void work_later(struct engine *engine, struct work *work)
{
	if (!list_linked(&work->link))
		list_append(&engine->later, &work->link);
}

void work_do_piece(struct engine *engine, struct work *work)
{
	bool inside = engine->work.inside;
	engine->work.inside = true;
	work->go_on(work);
	engine->work.inside = inside;
}

void work_start(struct engine *engine, struct work *work)
{
	work_begin_call(engine);
	work_do_piece(engine, work);
}

void work_forget(struct work *work)
{
	list_remove(&work->link);
}

uint64_t work_turn_end(const struct engine *engine, uint32_t parts)
{
	uint32_t units = engine->config.turn_work;
	if (units == 0 || MUTANT(turns_without_bound))
		return UINT64_MAX;
	return engine->work.done + (units > parts ? units / parts : 1);
}

void work_begin(struct engine *engine)
{
	uint64_t end = work_turn_end(engine, PIECES_PER_TURN), done = engine->work.done;
	if (engine->work.share < end - done && !MUTANT(calls_have_whole_pieces))
		end = done + engine->work.share;
	engine->work.end = end;
}

void work_begin_call(struct engine *engine)
{
	if (!engine->running && !engine->work.inside)
		work_begin(engine);
}
