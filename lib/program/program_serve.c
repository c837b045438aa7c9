/* Feeding a program's input and collecting its output, both at the same time. */
#include "os/go_on.h"
#include "os/quiet.h"
#include "program/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/* What is read or written at once: what a pipe holds. */
#define CHUNK 65536

static void program_serve_close_pipe(struct program_pipe *pipe)
{
	close(pipe->fd);
	pipe->fd = -1;
}

/* Nothing to write is the end; that nobody reads it, too. */
static int program_serve_feed(struct program_pipe *pipe, const char *name, struct error *error)
{
	struct buffer *bytes = &pipe->bytes;
	size_t size = buffer_size(bytes) < CHUNK ? buffer_size(bytes) : CHUNK;
	ssize_t written = size > 0 ? quiet_write(pipe->fd, buffer_data(bytes), size) : 0;
	if (written < 0 && (errno == EAGAIN || errno == EINTR))
		return RELEVO_OK;
	if (written < 0 && errno != EPIPE)
		return error_set_errno(error, RELEVO_SYSTEM, errno,
				       "the input of the program \"%s\"", name);
	if (written < 0)
		buffer_truncate(bytes, 0);
	else
		buffer_consume(bytes, (size_t)written);
	if (buffer_size(bytes) == 0)
		program_serve_close_pipe(pipe);
	return RELEVO_OK;
}

/* How much may be read: a byte beyond the limit, which tells that it was passed. */
static size_t room_of(const struct program_pipe *pipe, size_t limit)
{
	if (limit == 0 || limit - buffer_size(&pipe->bytes) >= CHUNK)
		return CHUNK;
	return limit - buffer_size(&pipe->bytes) + 1;
}

static int program_serve_collect(const relevo_program *program, struct program_pipe *pipe,
				 struct error *error)
{
	size_t room = room_of(pipe, program->max_output);
	uint8_t *place = buffer_reserve(&pipe->bytes, room);
	if (place == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for what \"%s\" writes",
				 program->name);
	ssize_t size = read(pipe->fd, place, room);
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return RELEVO_OK;
	if (size < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno,
				       "the output of the program \"%s\"", program->name);
	if (size == 0)
		program_serve_close_pipe(pipe);
	buffer_commit(&pipe->bytes, (size_t)size);
	if (program->max_output == 0 || buffer_size(&pipe->bytes) <= program->max_output)
		return RELEVO_OK;
	return error_set(error, RELEVO_TOO_LARGE, "the program \"%s\" writes more than %zu bytes",
			 program->name, program->max_output);
}

/* Which pipes are open, for poll(), which passes over -1. How many. */
static int list_open(const relevo_program *program, struct pollfd entries[PROGRAM_STREAMS])
{
	int count = 0;
	for (int i = 0; i < PROGRAM_STREAMS; i++) {
		entries[i].fd = program->pipes[i].fd;
		entries[i].events = i == PROGRAM_INPUT ? POLLOUT : POLLIN;
		entries[i].revents = 0;
		count += entries[i].fd >= 0;
	}
	return count;
}

static int program_serve_serve_ready(relevo_program *program,
				     const struct pollfd entries[PROGRAM_STREAMS],
				     struct error *error)
{
	int status = RELEVO_OK;
	for (int i = 0; i < PROGRAM_STREAMS && status == RELEVO_OK; i++) {
		if (entries[i].revents == 0)
			continue;
		status = i == PROGRAM_INPUT
				 ? program_serve_feed(&program->pipes[i], program->name, error)
				 : program_serve_collect(program, &program->pipes[i], error);
	}
	return status;
}

int program_serve(relevo_program *program, nsec_t deadline, struct error *error)
{
	struct pollfd entries[PROGRAM_STREAMS];
	bool late = false;
	for (int i = 0; i < PROGRAM_STREAMS; i++) {
		if (program->pipes[i].fd >= 0)
			fcntl(program->pipes[i].fd, F_SETFL, O_NONBLOCK);
	}
	while (list_open(program, entries) > 0) {
		nsec_t now = clock_now();
		if (late)
			return error_set(error, RELEVO_TIMED_OUT,
					 "the program \"%s\" has not closed its streams",
					 program->name);
		/* One that writes without end must not keep us beyond the time. */
		late = now >= deadline;
		const struct go_on *go_on = deadline != 0 ? go_on_of_process() : NULL;
		int status = go_on_poll(go_on, entries, PROGRAM_STREAMS, deadline);
		if (status == TRY_AGAIN || status == RELEVO_TIMED_OUT)
			continue;
		status = status == RELEVO_OK ? program_serve_serve_ready(program, entries, error)
					     : go_on_tell(status, error);
		if (status != RELEVO_OK)
			return status;
	}
	return RELEVO_OK;
}
