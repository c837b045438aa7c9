/* How cells are read and changed. */
#include "cells/cell_apply.h"
#include "cells/cell_handle.h"
#include "cells/cell_record.h"
#include "cells/will.h"
#include "core/peer.h"
#include "core/run.h"
#include "core/waiter.h"
#include "core/work.h"

#include <inttypes.h>

/* All that may fail does so before anything is done. */
static int cell_update_prepare(struct engine_peer *peer, const struct cell_update *update,
			       struct cell **cell, struct will **will, struct error *error)
{
	*will = NULL;
	int status = cell_of_handle(peer, update->handle, cell, error);
	if (status == RELEVO_OK)
		status = cell_record_check(*cell, error);
	if (status == RELEVO_OK)
		status = cell_check_range(*cell, update->read_first, update->read_count, error);
	if (status == RELEVO_OK)
		status = cell_check_terms(*cell, update->terms, update->count, error);
	if (status == RELEVO_OK)
		status = cell_check_terms(*cell, update->will, update->will_count, error);
	if (status == RELEVO_OK && update->withdraw != 0 &&
	    will_find(peer, update->withdraw) == NULL)
		status = error_set(error, RELEVO_BAD_ARGUMENT,
				   "the session has no will of the number %" PRIu64,
				   update->withdraw);
	if (status == RELEVO_OK && update->will_count > 0)
		status = will_new(peer, *cell, update, will, error);
	return status;
}

static struct cell_reading perform(struct engine_peer *peer, const struct cell_update *update,
				   struct cell *cell, struct will *will)
{
	will_free(will_find(peer, update->withdraw));
	bool applied = cell_apply(cell, update->terms, update->count);
	uint64_t number = applied && will != NULL ? will->number : 0;
	if (!applied)
		will_free(will);
	uint32_t width = cell->options.width;
	work_spend_on_bytes(cell->engine, (size_t)update->read_count * width);
	return (struct cell_reading){
		.applied = applied,
		.version = cell->version,
		.will = number,
		.waiters = cell->waiter_count,
		.bytes = cell->bytes + (size_t)update->read_first * width,
		.size = (size_t)update->read_count * width,
	};
}

void cell_update(struct engine_peer *peer, const struct cell_update *update, nsec_t now,
		 struct waiter *waiter)
{
	struct engine *engine = peer->engine;
	struct cell *cell;
	struct will *will;
	struct error error;
	engine_at(engine, now);
	work_begin_call(engine);
	if (cell_update_prepare(peer, update, &cell, &will, &error) != RELEVO_OK) {
		waiter_refuse(waiter, &error);
		return;
	}
	/* The answer may delete it. */
	cell_hold(cell);
	struct cell_reading reading = perform(peer, update, cell, will);
	struct answer answer = { .status = RELEVO_OK, .text = "", .reading = &reading };
	waiter->answer(waiter, &answer);
	cell_drop(cell);
	engine_run(engine);
}

void cell_give_up(struct engine_peer *peer, uint64_t number, nsec_t now)
{
	struct engine *engine = peer->engine;
	struct will *will = will_find(peer, number);
	engine_at(engine, now);
	work_begin_call(engine);
	if (will != NULL)
		will_execute(will);
	engine_run(engine);
}
