#ifndef WORKER_TASK_H
#define WORKER_TASK_H

#include "base/buffer.h"
#include "base/error.h"
#include "task.pb-c.h"

#include <relevo/queue.h>

/*
 * Tasks and results as items: `u32 header length | header | bodies`. Several
 * arguments of one map, a chunk, make one task.
 */

/* Append a task to `out` (which is empty); the header's sizes are made here. */
bool task_encode(struct buffer *out, Relevo__TaskHeader *header,
		 const struct relevo_bytes *arguments, size_t count);

/* How many bytes task_encode() makes of them, at most. */
size_t task_size(const struct relevo_bytes *arguments, size_t count, size_t names);

/* Unpack; free with task_free(). NULL, with `error` filled in, when it is no
 * task. *bodies is inside `item`. */
Relevo__TaskHeader *task_decode(const relevo_item *item, const uint8_t **bodies,
				struct error *error);
void task_free(Relevo__TaskHeader *header);

bool result_encode(struct buffer *out, const Relevo__ResultHeader *header,
		   const struct buffer *bodies);
Relevo__ResultHeader *result_decode(const relevo_item *item, const uint8_t **bodies,
				    struct error *error);
void result_free(Relevo__ResultHeader *header);

#endif
