/* Sending and receiving tuples over pipes, and ends of pipes in tuples. */
#include "base/deadline.h"
#include "base/thread_error.h"
#include "pipe/pipe.h"
#include "session/session.h"
#include "tuple/tuple.h"

#include <stdlib.h>

static int pipe_tuple_send_encoded(relevo_pipe *pipe, const relevo_tuple *tuple, nsec_t deadline,
				   struct error *error)
{
	int fds[RELEVO_PIPE_DESCRIPTORS];
	struct buffer bytes = { 0 };
	struct pipe_sending sending = { .fds = fds };
	int status =
		tuple_encode(tuple, &bytes, fds, RELEVO_PIPE_DESCRIPTORS, &sending.fd_count, error);
	sending.data = buffer_data(&bytes);
	sending.size = buffer_size(&bytes);
	if (status == RELEVO_OK && sending.size > RELEVO_PIPE_MAX)
		status =
			error_set(error, RELEVO_TOO_LARGE, "a tuple of %zu bytes: %zu are the most",
				  sending.size, RELEVO_PIPE_MAX);
	if (status == RELEVO_OK)
		status = pipe_send(pipe, &sending, deadline, error);
	buffer_fini(&bytes);
	return status;
}

int relevo_pipe_send_tuple(relevo_pipe *pipe, const relevo_tuple *tuple, int64_t timeout)
{
	if (!given(pipe, tuple))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = pipe_check_sends(pipe, error);
	return status == RELEVO_OK ? pipe_tuple_send_encoded(pipe, tuple, deadline, error) : status;
}

int relevo_pipe_recv_tuple(relevo_pipe *pipe, int64_t timeout, relevo_tuple **tuple)
{
	if (!given(pipe, tuple))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct pipe_message message;
	int status = pipe_receive(pipe, &message, timeout, error);
	if (status != RELEVO_OK)
		return status;
	status = tuple_decode(message.data, message.size, message.fds, message.fd_count, tuple,
			      error);
	if (status == RELEVO_OK)
		message.fd_count = 0;
	pipe_message_fini(&message);
	return status;
}

/* ---- ends in tuples ----------------------------------------------------- */

int relevo_tuple_add_pipe(relevo_tuple *tuple, const char *name, const relevo_pipe *pipe)
{
	if (!given(tuple, pipe))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct element *element = NULL;
	if (pipe->closed)
		return error_set(error, RELEVO_CLOSED, "the pipe is closed");
	if (pipe->remote != NULL)
		return error_set(error, RELEVO_NOT_LOCAL,
				 "an end of a pipe to another host is this process's alone");
	int status = tuple_begin(tuple, name, RELEVO_TUPLE_PIPE, &element, error);
	if (status != RELEVO_OK)
		return status;
	element->number = pipe->receives | pipe->sends << 1;
	element->descriptor = pipe->local.fd;
	tuple_commit(tuple);
	return RELEVO_OK;
}

int relevo_tuple_take_pipe(relevo_tuple *tuple, size_t index, relevo_pipe **pipe)
{
	if (!given(tuple, pipe))
		return RELEVO_BAD_ARGUMENT;
	static const enum relevo_direction directions[] = { RELEVO_DIRECTION_BOTH,
							    RELEVO_DIRECTION_RECEIVE,
							    RELEVO_DIRECTION_SEND,
							    RELEVO_DIRECTION_BOTH };
	struct error *error = thread_error();
	struct element *element = NULL;
	int fd;
	int status = tuple_element(tuple, index, RELEVO_TUPLE_PIPE, &element, error);
	if (status == RELEVO_OK)
		status = tuple_take(element, &fd, error);
	if (status != RELEVO_OK)
		return status;
	return pipe_adopt(fd, directions[element->number & 3], pipe, error);
}
