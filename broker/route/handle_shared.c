/* What clients ask of shared memory: open, close, delete. */
#include "route/handlers.h"
#include "route/reply.h"

static int handle_shared_check_open(const struct session *session, const struct frame *frame,
				    struct error *error)
{
	if (!connection_peer(session->connection)->local)
		return error_set(error, RELEVO_NOT_LOCAL,
				 "shared memory is for processes on the broker's host that connect "
				 "over ipc://");
	if (frame->header->n_sizes > 1)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "opening shared memory: %zu bodies instead of one",
				 frame->header->n_sizes);
	return RELEVO_OK;
}

void handle_shared_open(struct session *session, const struct frame *frame)
{
	const Relevo__SharedOpen *open = frame->header->shared_open;
	const struct shared_request request = {
		.name = open->name,
		.mode = (enum queue_open_mode)open->mode,
		.options = {
			.lifetime = (enum queue_lifetime)open->lifetime,
			.size = open->size,
			.unlocked = open->unlocked,
			.initial = frame->bodies,
			.initial_size = frame->bodies_size,
		},
	};
	struct shared_opened opened;
	struct error error = { 0 };
	int status = handle_shared_check_open(session, frame, &error);
	if (status == RELEVO_OK)
		status = shared_open(session->peer, &request, &opened, &error);
	if (status == RELEVO_OK)
		reply_shared_opened(session, frame->header->call, &opened);
	else
		reply_error(session, frame->header->call, &error);
}

void handle_shared_close(struct session *session, const struct frame *frame)
{
	struct error error = { 0 };
	int status = shared_close(session->peer, frame->header->shared_close->shared, &error);
	if (status == RELEVO_OK)
		reply_done(session, frame->header->call, 0);
	else
		reply_error(session, frame->header->call, &error);
}

void handle_shared_delete(struct session *session, const struct frame *frame)
{
	struct error error = { 0 };
	int status =
		shared_delete(session->router->engine, frame->header->shared_delete->name, &error);
	if (status == RELEVO_OK)
		reply_done(session, frame->header->call, 0);
	else
		reply_error(session, frame->header->call, &error);
}
