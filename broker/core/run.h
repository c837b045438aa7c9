#ifndef CORE_RUN_H
#define CORE_RUN_H

#include "core/core.h"

/*
 * Operations only change the state: they put calls in line, move items, and mark
 * the queues where something may be served now. engine_run() does the rest, and
 * it alone calls answers: between two of its steps the state is whole, so that
 * an answer may call any operation. Such a nested operation leaves its own work
 * to the run that is under way.
 *
 * What is long is done in pieces, which are steps like any other: see work.h.
 */

/* Serve, commit and answer until nothing is left to do. */
void engine_run(struct engine *engine);

/* Go on with what is left, until so many units have been done in all. */
void engine_go_on(struct engine *engine, uint64_t end);

#endif
