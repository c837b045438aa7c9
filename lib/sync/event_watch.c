/* Waiting for an event beside other things: see session/watch.h. */
#include "sync/event.h"
#include "sync/sync_watch.h"

#include <stdlib.h>

/* A wait lies at the broker until the event is set. Once that has been told, the next look
 * asks again: the event may have been cleared meanwhile. */
struct event_watch {
	struct watch watch;
	relevo_event *event;
};

static int event_watch_take(struct call *call, const struct frame *frame)
{
	(void)call;
	return frame->header->op_case == RELEVO__HEADER__OP_CELL_STATE ? RELEVO_OK
								       : RELEVO_BAD_FRAME;
}

static int event_watch_ask(struct event_watch *self)
{
	static const uint8_t clear = 0;
	const struct cell_wait wait = {
		.term = { 0, ELEMENT_NOT_EQUAL, &clear, sizeof clear },
		.deadline = NSEC_NEVER,
	};
	struct cell_asking asking;
	cell_describe_wait(&self->event->cell, &wait, &asking);
	self->watch.call.bodies = &asking.body;
	self->watch.call.body_count = 1;
	int status = watch_park(&self->watch, &asking.header);
	/* The frame has a copy. */
	self->watch.call.bodies = NULL;
	return status;
}

static int event_watch_begin(struct watch *watch, struct error *error)
{
	int status = event_watch_ask(container_of(watch, struct event_watch, watch));
	if (status != RELEVO_OK)
		error_set(error, status, "the event \"%s\" cannot be waited for",
			  watch->handle->name);
	return status;
}

static enum watch_state event_watch_look(struct watch *watch)
{
	struct event_watch *self = container_of(watch, struct event_watch, watch);
	if (watch_answered(watch))
		return watch->status == RELEVO_OK ? WATCH_STAYS : WATCH_OVER;
	if (watch->parked)
		return WATCH_WAITS;
	watch->status = event_watch_ask(self);
	return watch->status == RELEVO_OK ? WATCH_WAITS : WATCH_OVER;
}

static bool event_watch_end(struct watch *watch)
{
	(void)watch_answered(watch);
	watch_unpark(watch);
	return false;
}

static const struct watch_kind event_watch_kind = {
	.begin = event_watch_begin,
	.look = event_watch_look,
	.end = event_watch_end,
};

struct watch *event_watch(relevo_event *event)
{
	struct event_watch *self = calloc(1, sizeof *self);
	if (self == NULL)
		return NULL;
	watch_init(&self->watch, &event_watch_kind, event, &event->cell.watched);
	self->watch.handle = &event->cell.handle;
	self->watch.call.take = event_watch_take;
	self->event = event;
	return &self->watch;
}
