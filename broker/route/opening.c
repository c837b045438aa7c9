/* Opening a queue for any operation that does, once its numbers have been checked. */
#include "route/opening.h"

#include "route/reply.h"

static int opening_check(const struct opening *opening, struct error *error)
{
	int lifetime = (int)opening->options->lifetime;
	int order = (int)opening->options->order;
	int full = (int)opening->options->full;
	if (opening->mode < QUEUE_OPEN_OR_CREATE || opening->mode > QUEUE_CREATE_NEW)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "opening a queue: mode %d is not known", opening->mode);
	if (lifetime < QUEUE_KEPT || lifetime > QUEUE_SESSION)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "opening a queue: lifetime %d is not known", lifetime);
	if (order < QUEUE_FIFO || order > QUEUE_SHORTEST)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "opening a queue: order %d is not known", order);
	if (full < QUEUE_BLOCK || full > QUEUE_DROP_OLDEST)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "opening a queue: full policy %d is not known", full);
	return RELEVO_OK;
}

void open_queue(struct session *session, uint64_t call, const struct opening *opening)
{
	struct queue_opened opened;
	struct error error = { 0 };
	int status = opening_check(opening, &error);
	if (status == RELEVO_OK)
		status = queue_open(session->peer, opening->name,
				    (enum queue_open_mode)opening->mode, opening->options, &opened,
				    &error);
	if (status == RELEVO_OK && opening->strict_order)
		queue_get_in_order(session->peer, opened.handle);
	if (status == RELEVO_OK)
		reply_opened(session, call, &opened);
	else
		reply_error(session, call, &error);
}
