/* Ends of pipes: making and closing them, sending and receiving messages. */
#include "pipe/pipe.h"

#include "base/deadline.h"
#include "base/mutant.h"
#include "base/thread_error.h"
#include "os/descriptor.h"
#include "os/go_on.h"
#include "pipe/pipe_remote.h"
#include "session/session.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- beginning ---------------------------------------------------------- */

int pipe_adopt(int fd, enum relevo_direction direction, relevo_pipe **out, struct error *error)
{
	relevo_pipe *pipe = calloc(1, sizeof *pipe);
	if (pipe == NULL) {
		if (fd >= 0)
			close(fd);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a pipe's handle");
	}
	pipe->receives = direction != RELEVO_DIRECTION_SEND;
	pipe->sends = direction != RELEVO_DIRECTION_RECEIVE;
	pipe->local.fd = fd;
	*out = pipe;
	return RELEVO_OK;
}

int pipe_adopt_remote(struct pipe_remote *remote, relevo_pipe **pipe, struct error *error)
{
	int status = pipe_adopt(-1, RELEVO_DIRECTION_BOTH, pipe, error);
	if (status == RELEVO_OK)
		(*pipe)->remote = remote;
	else
		remote->ops->free(remote);
	return status;
}

static enum relevo_direction opposite(enum relevo_direction direction)
{
	if (direction == RELEVO_DIRECTION_BOTH)
		return direction;
	return direction == RELEVO_DIRECTION_SEND ? RELEVO_DIRECTION_RECEIVE
						  : RELEVO_DIRECTION_SEND;
}

int relevo_pipe_pair(enum relevo_direction direction, relevo_pipe *ends[2])
{
	if (!given(ends))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	relevo_pipe *made[2] = { NULL, NULL };
	int fds[2];
	if (direction < RELEVO_DIRECTION_BOTH || direction > RELEVO_DIRECTION_SEND)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no direction", (int)direction);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0 ||
	    !descriptor_raise_pair(fds))
		return error_set_errno(error, RELEVO_SYSTEM, errno, "cannot make a pipe");
	int status = pipe_adopt(fds[0], direction, &made[0], error);
	if (status != RELEVO_OK) {
		close(fds[1]);
		return status;
	}
	status = pipe_adopt(fds[1], opposite(direction), &made[1], error);
	if (status != RELEVO_OK) {
		relevo_pipe_close(made[0]);
		return status;
	}
	memcpy(ends, made, sizeof made);
	return RELEVO_OK;
}

bool relevo_pipe_receives(const relevo_pipe *pipe)
{
	if (!given(pipe))
		return false;
	return pipe->receives;
}

bool relevo_pipe_sends(const relevo_pipe *pipe)
{
	if (!given(pipe))
		return false;
	return pipe->sends;
}

int relevo_pipe_fd(const relevo_pipe *pipe, int *fd)
{
	if (!given(pipe, fd))
		return RELEVO_BAD_ARGUMENT;
	if (pipe->closed)
		return error_set(thread_error(), RELEVO_CLOSED, "the pipe is closed");
	if (pipe->remote != NULL)
		return error_set(thread_error(), RELEVO_NOT_LOCAL,
				 "the pipe goes to another host: it has no descriptor of its own");
	*fd = pipe->local.fd;
	return RELEVO_OK;
}

int pipe_check_receives(const relevo_pipe *pipe, struct error *error)
{
	if (pipe->closed)
		return error_set(error, RELEVO_CLOSED, "the pipe is closed");
	if (!pipe->receives)
		return error_set(error, RELEVO_BAD_STATE, "this end of the pipe only sends");
	return RELEVO_OK;
}

int pipe_check_sends(const relevo_pipe *pipe, struct error *error)
{
	if (pipe->closed)
		return error_set(error, RELEVO_CLOSED, "the pipe is closed");
	if (!pipe->sends)
		return error_set(error, RELEVO_BAD_STATE, "this end of the pipe only receives");
	return RELEVO_OK;
}

/* ---- what was received and not taken ------------------------------------ */

static void free_kept(struct pipe_kept *kept)
{
	pipe_message_fini(&kept->message);
	free(kept);
}

static void push_kept(relevo_pipe *pipe, struct pipe_kept *kept)
{
	kept->next = atomic_load(&pipe->kept);
	while (!atomic_compare_exchange_weak(&pipe->kept, &kept->next, kept))
		;
}

/* The next one, or NULL. The parent's are not a child's. */
static struct pipe_kept *take_kept(relevo_pipe *pipe)
{
	if (atomic_load_explicit(&pipe->kept, memory_order_relaxed) == NULL)
		return NULL;
	struct pipe_kept *taken = NULL;
	struct pipe_kept *next = atomic_exchange(&pipe->kept, NULL);
	while (next != NULL) {
		struct pipe_kept *kept = next;
		next = kept->next;
		if (kept->process != getpid())
			free_kept(kept);
		else if (taken == NULL)
			taken = kept;
		else
			push_kept(pipe, kept);
	}
	return taken;
}

bool pipe_has_kept(relevo_pipe *pipe)
{
	struct pipe_kept *kept = take_kept(pipe);
	if (kept != NULL)
		push_kept(pipe, kept);
	return kept != NULL;
}

/* For the next call. The message is lost only if there is no memory. */
static int pipe_keep(relevo_pipe *pipe, struct pipe_message *message, struct error *error)
{
	struct pipe_kept *kept = MUTANT(short_buffer_loses_all) ? NULL : malloc(sizeof *kept);
	if (kept == NULL) {
		pipe_message_fini(message);
		return error_set(error, RELEVO_NO_MEMORY, "no memory to keep a message");
	}
	*kept = (struct pipe_kept){ .process = getpid(), .message = *message };
	push_kept(pipe, kept);
	watch_stir(&pipe->watched, pipe);
	return RELEVO_OK;
}

/* ---- end ---------------------------------------------------------------- */

void relevo_pipe_hang_up(relevo_pipe *pipe)
{
	if (!given(pipe))
		return;
	struct pipe_kept *kept;
	watch_forget(&pipe->watched, pipe);
	while ((kept = take_kept(pipe)) != NULL)
		free_kept(kept);
	pipe_local_fini(&pipe->local);
	if (pipe->remote != NULL)
		pipe->remote->ops->free(pipe->remote);
	pipe->remote = NULL;
	pipe->closed = true;
}

void relevo_pipe_close(relevo_pipe *pipe)
{
	if (pipe == NULL)
		return;
	relevo_pipe_hang_up(pipe);
	free(pipe);
}

/* ---- sending ------------------------------------------------------------ */

int pipe_send(relevo_pipe *pipe, const struct pipe_sending *sending, nsec_t deadline,
	      struct error *error)
{
	if (pipe->remote != NULL)
		return pipe->remote->ops->send(pipe->remote, sending, deadline, error);
	return pipe_local_send(&pipe->local, sending, deadline, error);
}

int relevo_pipe_send(relevo_pipe *pipe, const void *data, size_t size, int64_t timeout)
{
	if (!given(pipe) || (size > 0 && !given(data)))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	const struct pipe_sending sending = { .data = data, .size = size };
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = pipe_check_sends(pipe, error);
	if (status == RELEVO_OK && size > RELEVO_PIPE_MAX)
		status = error_set(error, RELEVO_TOO_LARGE,
				   "a message of %zu bytes: %zu are the most", size,
				   RELEVO_PIPE_MAX);
	return status == RELEVO_OK ? pipe_send(pipe, &sending, deadline, error) : status;
}

int relevo_pipe_send_part(relevo_pipe *pipe, const void *data, size_t whole, int64_t offset,
			  int64_t size, int64_t timeout)
{
	if (!given(pipe) || (whole > 0 && !given(data)))
		return RELEVO_BAD_ARGUMENT;
	if (offset < 0 || (uint64_t)offset > whole || size < -1 ||
	    (size > 0 && (uint64_t)size > whole - (uint64_t)offset))
		return error_set(thread_error(), RELEVO_BAD_ARGUMENT,
				 "%lld bytes from %lld on are no part of %zu", (long long)size,
				 (long long)offset, whole);
	size_t count = size >= 0 ? (size_t)size : whole - (size_t)offset;
	return relevo_pipe_send(pipe, count > 0 ? (const char *)data + offset : NULL, count,
				timeout);
}

/* ---- receiving ---------------------------------------------------------- */

/* From the other end; into the room if it is given, and suits. */
static int receive_next(relevo_pipe *pipe, const struct pipe_room *room,
			struct pipe_message *message, nsec_t deadline, struct error *error)
{
	if (pipe->remote != NULL)
		return pipe->remote->ops->receive(pipe->remote, message, deadline, error);
	return pipe_local_receive(&pipe->local, room, message, deadline, error);
}

/* What was kept before, or what comes next. */
static int pipe_receive_here(relevo_pipe *pipe, const struct pipe_room *room, int64_t timeout,
			     struct pipe_message *message, struct error *error)
{
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = pipe_check_receives(pipe, error);
	if (status != RELEVO_OK)
		return status;
	struct pipe_kept *kept = take_kept(pipe);
	if (kept == NULL)
		return receive_next(pipe, room, message, deadline, error);
	*message = kept->message;
	free(kept);
	return RELEVO_OK;
}

int pipe_receive(relevo_pipe *pipe, struct pipe_message *message, int64_t timeout,
		 struct error *error)
{
	return pipe_receive_here(pipe, NULL, timeout, message, error);
}

/* Bytes alone are asked for, and it has more. */
static int keep_tuple(relevo_pipe *pipe, struct pipe_message *message, struct error *error)
{
	int status = pipe_keep(pipe, message, error);
	if (status != RELEVO_OK)
		return status;
	return error_set(error, RELEVO_BAD_STATE,
			 "the next message is a tuple with descriptors: receive it as a tuple");
}

int relevo_pipe_recv(relevo_pipe *pipe, int64_t timeout, void **data, size_t *size)
{
	if (!given(pipe, data, size))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct pipe_message message;
	int status = pipe_receive(pipe, &message, timeout, error);
	if (status != RELEVO_OK)
		return status;
	if (message.fd_count > 0)
		return keep_tuple(pipe, &message, error);
	*data = message.data;
	*size = message.size;
	return RELEVO_OK;
}

/* A message in memory of its own goes into the caller's room, or stays. */
static int pour(relevo_pipe *pipe, struct pipe_message *message, const struct pipe_room *room,
		struct error *error)
{
	if (message->fd_count > 0)
		return keep_tuple(pipe, message, error);
	size_t size = message->size;
	if (size > room->size) {
		int status = pipe_keep(pipe, message, error);
		if (status != RELEVO_OK)
			return status;
		return error_set(error, RELEVO_TOO_SHORT,
				 "a message of %zu bytes, and room for %zu", size, room->size);
	}
	if (size > 0)
		memcpy(room->buffer, message->data, size);
	pipe_message_fini(message);
	return RELEVO_OK;
}

int relevo_pipe_recv_into(relevo_pipe *pipe, int64_t timeout, void *buffer, size_t size,
			  size_t *got)
{
	if (!given(pipe, got) || (size > 0 && !given(buffer)))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	const struct pipe_room room = { buffer, size };
	struct pipe_message message;
	int status = pipe_receive_here(pipe, &room, timeout, &message, error);
	if (status != RELEVO_OK)
		return status;
	*got = message.size;
	return message.data != NULL ? pour(pipe, &message, &room, error) : RELEVO_OK;
}

int relevo_pipe_poll(relevo_pipe *pipe, int64_t timeout, bool *ready)
{
	if (!given(pipe, ready))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	nsec_t deadline;
	int status = deadline_after(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = pipe_check_receives(pipe, error);
	if (status != RELEVO_OK)
		return status;
	*ready = pipe_has_kept(pipe);
	if (*ready)
		return RELEVO_OK;
	status = pipe->remote != NULL
			 ? pipe->remote->ops->poll(pipe->remote, deadline, error)
			 : go_on_tell(go_on_wait(pipe->local.fd, POLLIN, deadline), error);
	*ready = status == RELEVO_OK;
	return status == RELEVO_TIMED_OUT ? RELEVO_OK : status;
}
