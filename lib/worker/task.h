#ifndef WORKER_TASK_H
#define WORKER_TASK_H

#include "base/buffer.h"
#include "base/error.h"
#include "task.pb-c.h"
#include "wire/arena.h"

#include <relevo/queue.h>
#include <stdalign.h>
#include <stddef.h>

/*
 * Tasks and results as items: `u32 header length | header | bodies`. Several
 * arguments of one map, a chunk, make one task.
 */

/* Append a task to `out` (which is empty); the header's sizes are made here. */
bool task_encode(struct buffer *out, Relevo__TaskHeader *header,
		 const struct relevo_bytes *arguments, size_t count);

/* How many bytes task_encode() makes of them, at most. */
size_t task_size(const struct relevo_bytes *arguments, size_t count, size_t names);

/* Where headers are unpacked to, on the stack of whoever needs one: most fit without any
 * allocation. Must not move. */
struct task_room {
	struct arena arena;
	alignas(max_align_t) char block[1024];
};

void task_room_init(struct task_room *room);
void task_room_fini(struct task_room *room);

/* Unpack; what is returned lasts as long as the room. NULL, with `error` filled in, when it is
 * no task. *bodies is inside `item`. */
Relevo__TaskHeader *task_decode(const relevo_item *item, struct task_room *room,
				const uint8_t **bodies, struct error *error);

bool result_encode(struct buffer *out, const Relevo__ResultHeader *header,
		   const struct buffer *bodies);
Relevo__ResultHeader *result_decode(const relevo_item *item, struct task_room *room,
				    const uint8_t **bodies, struct error *error);

#endif
