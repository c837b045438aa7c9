/* Telling the recorder what changes of durable objects, which there are only if there is one. */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include "core/core.h"
#include "core/recorder.h"

#include <relevo/status.h>

/* The recorder, which is told something now that has to be committed. */
static inline struct recorder *record_begin(struct engine *engine)
{
	engine->recorded = true;
	return engine->recorder;
}

/* The same for a change that whoever causes it may want to be sure of. */
static inline struct recorder *record_change(struct engine *engine)
{
	engine->changes++;
	return record_begin(engine);
}

/* Whoever is told of something waits until all that led to it is durable: another may have
 * caused it. */
static inline void record_await(struct engine *engine)
{
	if (engine->recorded || engine->committed + 1 < engine->batch)
		engine->changes++;
}

/* Why nothing new can be recorded now; OK: it can. */
static inline int record_trouble(struct engine *engine, struct error *error)
{
	struct recorder *recorder = engine->recorder;
	return recorder->operations->trouble(recorder, error);
}

#endif
