/* Telling the recorder what changes. Without one nothing is recorded, and all is committed. */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include "core/core.h"
#include "core/recorder.h"

#include <relevo/status.h>

/* The recorder, which is told something now that has to be committed; NULL: there is none. */
static inline struct recorder *record_begin(struct engine *engine)
{
	engine->recorded = engine->recorder != NULL;
	return engine->recorder;
}

static inline int record_queue_created(struct engine *engine, uint64_t queue, const char *name)
{
	struct recorder *recorder = record_begin(engine);
	return recorder != NULL ? recorder->operations->queue_created(recorder, queue, name)
				: RELEVO_OK;
}

static inline int record_queue_deleted(struct engine *engine, uint64_t queue)
{
	struct recorder *recorder = record_begin(engine);
	return recorder != NULL ? recorder->operations->queue_deleted(recorder, queue) : RELEVO_OK;
}

static inline int record_item_added(struct engine *engine, uint64_t queue, uint64_t sequence,
				    const struct item *item)
{
	struct recorder *recorder = record_begin(engine);
	return recorder != NULL ? recorder->operations->item_added(recorder, queue, sequence, item)
				: RELEVO_OK;
}

static inline int record_item_removed(struct engine *engine, uint64_t queue, uint64_t sequence)
{
	struct recorder *recorder = record_begin(engine);
	return recorder != NULL ? recorder->operations->item_removed(recorder, queue, sequence)
				: RELEVO_OK;
}

static inline int record_item_changed(struct engine *engine, uint64_t queue, uint64_t sequence,
				      const struct item *item)
{
	struct recorder *recorder = record_begin(engine);
	return recorder != NULL
		       ? recorder->operations->item_changed(recorder, queue, sequence, item)
		       : RELEVO_OK;
}

#endif
