/* An end of a pipe made of a descriptor, and a descriptor taken out of an end. */
#include "base/mutant.h"
#include "base/thread_error.h"
#include "pipe/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

static int pipe_fd_option(int fd, int name)
{
	int value = -1;
	socklen_t size = sizeof value;
	return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

/* What stands in the way of speaking over it, in words; NULL: nothing. */
static const char *pipe_fd_flaw(int fd)
{
	struct stat facts;
	struct sockaddr_storage name;
	socklen_t size = sizeof name;
	if (fstat(fd, &facts) < 0)
		return "is not open";
	if (!S_ISSOCK(facts.st_mode))
		return "is no socket";
	if (pipe_fd_option(fd, SO_DOMAIN) != AF_UNIX)
		return "is no Unix socket";
	if (pipe_fd_option(fd, SO_TYPE) != SOCK_SEQPACKET && !MUTANT(any_socket_is_a_pipe))
		return "is a socket of another type than SOCK_SEQPACKET";
	if (pipe_fd_option(fd, SO_ACCEPTCONN) != 0)
		return "is a socket that listens";
	if (getpeername(fd, (struct sockaddr *)&name, &size) != 0)
		return "is a socket that is not connected";
	return NULL;
}

static int pipe_fd_check(int fd, enum relevo_direction direction, struct error *error)
{
	if (direction < RELEVO_DIRECTION_BOTH || direction > RELEVO_DIRECTION_SEND)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no direction", (int)direction);
	const char *flaw = pipe_fd_flaw(fd);
	if (flaw != NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "descriptor %d %s: it is no end of a pipe", fd, flaw);
	return RELEVO_OK;
}

static int pipe_fd_close_on_exec(int fd, struct error *error)
{
	int flags = fcntl(fd, F_GETFD);
	if (flags >= 0 && fcntl(fd, F_SETFD, flags | FD_CLOEXEC) == 0)
		return RELEVO_OK;
	return error_set_errno(error, RELEVO_SYSTEM, errno, "descriptor %d", fd);
}

int relevo_pipe_from_fd(int fd, enum relevo_direction direction, relevo_pipe **pipe)
{
	if (!given(pipe))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	relevo_pipe *made = NULL;
	int status = pipe_fd_check(fd, direction, error);
	/* The descriptor is the caller's still if there is no memory. */
	if (status == RELEVO_OK)
		status = pipe_adopt(-1, direction, &made, error);
	if (status == RELEVO_OK)
		status = pipe_fd_close_on_exec(fd, error);
	if (status != RELEVO_OK) {
		relevo_pipe_close(made);
		return status;
	}
	made->local.fd = fd;
	*pipe = made;
	return RELEVO_OK;
}

int relevo_pipe_take_fd(relevo_pipe *pipe, int *fd)
{
	if (!given(pipe, fd))
		return RELEVO_BAD_ARGUMENT;
	int taken;
	int status = relevo_pipe_fd(pipe, &taken);
	if (status != RELEVO_OK)
		return status;
	if (pipe_has_kept(pipe) && !MUTANT(kept_lost_with_fd))
		return error_set(thread_error(), RELEVO_BAD_STATE,
				 "a message has been received from the pipe, and nobody has "
				 "taken it yet");
	pipe->local.fd = -1;
	relevo_pipe_hang_up(pipe);
	*fd = taken;
	return RELEVO_OK;
}
