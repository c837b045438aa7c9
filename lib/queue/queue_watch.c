/* Waiting for an item of a queue beside other things: see session/watch.h. */
#include "base/mutant.h"
#include "queue/item_block.h"
#include "queue/queue.h"
#include "queue/stash.h"
#include "wire/protocol.h"

#include <stdlib.h>

/*
 * One get lies at the broker, as long as the stash is empty; what it brings goes there, and is the
 * queue's next item for whoever gets one here. What came ahead with it may be recalled, itself it
 * may not: it goes back when nobody has come for it for a while, or with the watch.
 */
struct queue_watch {
	struct watch watch;
	relevo_queue *queue;
	uint32_t ahead;
};

static int queue_watch_take(struct call *call, const struct frame *frame)
{
	struct watch *watch = container_of(call, struct watch, call);
	struct queue_watch *self = container_of(watch, struct queue_watch, watch);
	relevo_queue *queue = self->queue;
	struct item_source source;
	if (!item_source_read(&source, frame, 1 + self->ahead))
		return RELEVO_BAD_FRAME;
	source.epoch = queue->handle.epoch;
	if (!stash_fill(queue, &source, NULL))
		return RELEVO_NO_MEMORY;
	/* Who gives back what nobody comes for. */
	flusher_notify(queue->handle.session);
	return RELEVO_OK;
}

static uint32_t queue_watch_ahead(relevo_queue *queue)
{
	if (queue->joinable || queue->strict_order || queue->timed)
		return 0;
	return stash_ask(&queue->stash);
}

static int queue_watch_ask(struct queue_watch *self)
{
	relevo_queue *queue = self->queue;
	if (!stash_reserve(&queue->stash))
		return RELEVO_NO_MEMORY;
	self->ahead = queue_watch_ahead(queue);
	Relevo__QueueGet operation = RELEVO__QUEUE_GET__INIT;
	operation.queue = queue->handle.number;
	operation.max_items = 1;
	operation.max_bytes = 4 * FRAME_GOOD_SIZE;
	operation.ahead = self->ahead;
	operation.timeout_ms = session_timeout(NSEC_NEVER);
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_GET;
	header.queue_get = &operation;
	int status = watch_park(&self->watch, &header);
	if (status != RELEVO_OK && self->ahead > 0)
		queue->stash.asked = false;
	return status;
}

static int queue_watch_begin(struct watch *watch, struct error *error)
{
	struct queue_watch *self = container_of(watch, struct queue_watch, watch);
	if (stash_has_some(self->queue)) {
		watch_due(watch);
		return RELEVO_OK;
	}
	int status = queue_watch_ask(self);
	if (status != RELEVO_OK)
		error_set(error, status, "the queue \"%s\" cannot be waited for",
			  self->queue->handle.name);
	return status;
}

/* What came for it is in the stash. */
static void queue_watch_conclude(struct queue_watch *self)
{
	if (watch_answered(&self->watch) && self->ahead > 0)
		self->queue->stash.asked = false;
}

static enum watch_state queue_watch_look(struct watch *watch)
{
	struct queue_watch *self = container_of(watch, struct queue_watch, watch);
	queue_watch_conclude(self);
	if (watch->status != RELEVO_OK)
		return WATCH_OVER;
	if (stash_has_some(self->queue))
		return WATCH_STAYS;
	if (watch->parked)
		return WATCH_WAITS;
	watch->status = queue_watch_ask(self);
	return watch->status == RELEVO_OK ? WATCH_WAITS : WATCH_OVER;
}

static bool queue_watch_end(struct watch *watch)
{
	struct queue_watch *self = container_of(watch, struct queue_watch, watch);
	queue_watch_conclude(self);
	if (watch->parked && self->ahead > 0)
		self->queue->stash.asked = false;
	watch_unpark(watch);
	if (!watch->keeps && !MUTANT(unwatched_is_kept))
		stash_give_back(self->queue);
	return false;
}

static const struct watch_kind queue_watch_kind = {
	.begin = queue_watch_begin,
	.look = queue_watch_look,
	.end = queue_watch_end,
};

struct watch *queue_watch(relevo_queue *queue)
{
	struct queue_watch *self = calloc(1, sizeof *self);
	if (self == NULL)
		return NULL;
	watch_init(&self->watch, &queue_watch_kind, queue, &queue->watched);
	self->watch.handle = &queue->handle;
	self->watch.call.take = queue_watch_take;
	self->queue = queue;
	return &self->watch;
}
