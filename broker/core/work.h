/* Work that may be long is counted, and done in pieces: no turn of the loop is long. */
#ifndef CORE_WORK_H
#define CORE_WORK_H

#include "core/core.h"

/*
 * The unit is one of what is worked on: an item, a waiter, a lease or a name that was
 * touched. Nothing here looks at a clock, so what happens when depends on the calls
 * alone. What is long has a struct work (wait.h).
 *
 * A call that begins something long does a piece of it, as long as work_over() is
 * false, and leaves the rest with work_later(). engine_tick() goes on with what was
 * left, by turns, a piece each, until the turn's units are used up. So whoever asks
 * for little is served in between. What can be seen meanwhile must be right: see
 * docs/architecture.md.
 */
/* How much an engine works, see engine_config. */
static inline void work_spend(struct engine *engine, uint64_t units)
{
	engine->work.done += units;
}

/* Large things cost by their bytes: to copy, clear or free a page takes about as long as a unit. */
enum { WORK_BYTES_PER_UNIT = 4096 };

void work_spend_on_large(struct engine *engine, size_t size);

static inline void work_spend_on_bytes(struct engine *engine, size_t size)
{
	if (size >= WORK_BYTES_PER_UNIT)
		work_spend_on_large(engine, size);
}

/* The piece is used up: leave the rest. Never, where turns have no bound. */
static inline bool work_over(const struct engine *engine)
{
	return engine->work.done >= engine->work.end;
}

/* Have it gone on with, once, behind all that is left already. */
void work_later(struct engine *engine, struct work *work);

/* Do the first piece of it at once, or, from inside of another, a part of that. */
void work_start(struct engine *engine, struct work *work);

/* Do a piece. What is started from inside is part of it. */
void work_do_piece(struct engine *engine, struct work *work);

/* Nothing is left of it any more. */
void work_forget(struct work *work);

/* Whether some of it is left. */
static inline bool work_is_left(const struct work *work)
{
	return list_linked(&work->link);
}

/* A call begins: it may do one piece. */
void work_begin(struct engine *engine);

/* The same for one that does something long itself, before engine_run(); from inside an
 * answer it is part of that piece. */
void work_begin_call(struct engine *engine);

/* The count at which a turn that begins now ends, if it may use one part in `parts`. */
uint64_t work_turn_end(const struct engine *engine, uint32_t parts);

#endif
