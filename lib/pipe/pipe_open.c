/* Opening a pipe by name: the broker introduces its two ends. */
#include "base/deadline.h"
#include "base/name.h"
#include "base/thread_error.h"
#include "pipe/pipe.h"
#include "pipe/pipe_relay.h"
#include "session/call.h"
#include "session/interrupt.h"

#include <stdlib.h>
#include <unistd.h>

/* What came of it. */
struct meeting {
	struct call call;
	struct relevo_session *session;
	bool relayed;
	int fd;
	uint32_t out, in;
};

static int take_met(struct call *call, const struct frame *frame)
{
	struct meeting *meeting = container_of(call, struct meeting, call);
	if (frame->header->op_case != RELEVO__HEADER__OP_PIPE_MET)
		return RELEVO_BAD_FRAME;
	const Relevo__PipeMet *met = frame->header->pipe_met;
	meeting->relayed = met->relayed;
	meeting->out = met->out;
	meeting->in = met->in;
	if (met->relayed)
		return RELEVO_OK;
	return connection_take_descriptor(&meeting->session->connection, &meeting->fd,
					  &call->error);
}

static int pipe_open_meet(struct meeting *meeting, const char *name,
			  enum relevo_direction direction, nsec_t deadline, struct error *error)
{
	Relevo__PipeMeet operation = RELEVO__PIPE_MEET__INIT;
	operation.name = (char *)name;
	operation.direction = (Relevo__PipeDirection)direction;
	operation.timeout_ms = session_timeout(deadline);
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_PIPE_MEET;
	header.pipe_meet = &operation;
	meeting->call.take = take_met;
	meeting->call.interruptible = true;
	int status = session_enter(meeting->session, deadline, error);
	if (status != RELEVO_OK)
		return status;
	status = call_run(meeting->session, &meeting->call, &header, session_patience(deadline),
			  error);
	session_leave(meeting->session);
	return status;
}

static int make_relayed(const struct meeting *meeting, enum relevo_direction direction,
			relevo_pipe **out, struct error *error)
{
	relevo_pipe *pipe;
	int status = pipe_adopt(-1, direction, &pipe, error);
	if (status != RELEVO_OK)
		return status;
	status = pipe_relay_new(meeting->session, meeting->out, meeting->in, &pipe->remote, error);
	if (status == RELEVO_OK)
		*out = pipe;
	else
		free(pipe);
	return status;
}

static int pipe_open_check(const char *name, enum relevo_direction direction, struct error *error)
{
	if (name == NULL)
		return error_set(error, RELEVO_BAD_NAME,
				 "a pipe without a name is made by relevo_pipe_pair()");
	if (direction < RELEVO_DIRECTION_BOTH || direction > RELEVO_DIRECTION_SEND)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no direction", (int)direction);
	return name_check(name, "pipe", error);
}

static int pipe_open_begin(const relevo_session *session, nsec_t deadline,
			   struct relevo_session **own, struct error *error)
{
	nsec_t patience = session_patience(deadline), limit = session_limit(session);
	return session_like(session, patience < limit ? patience : limit, own, error);
}

/* A relayed end goes by a session of its own, so that its end is the session's; before
 * they have met, nobody knows whether it will be one. */
int relevo_pipe_open(relevo_session *session, const char *name, enum relevo_direction direction,
		     int64_t timeout, relevo_pipe **pipe)
{
	if (!given(session, name, pipe))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct meeting meeting = { .fd = -1 };
	nsec_t deadline;
	int status = pipe_open_check(name, direction, error);
	if (status == RELEVO_OK)
		status = deadline_after(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = pipe_open_begin(session, deadline, &meeting.session, error);
	if (status != RELEVO_OK)
		return status;
	interrupt_lend(session, meeting.session);
	status = pipe_open_meet(&meeting, name, direction, deadline, error);
	interrupt_return(session, meeting.session);
	if (status == RELEVO_OK && meeting.relayed)
		status = make_relayed(&meeting, direction, pipe, error);
	else if (status == RELEVO_OK)
		status = pipe_adopt(meeting.fd, direction, pipe, error);
	if (status != RELEVO_OK || !meeting.relayed) {
		session_close(meeting.session, session_patience(deadline), NULL);
	}
	return status;
}
