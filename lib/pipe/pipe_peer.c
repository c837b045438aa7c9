/* Who is at the other end of a pipe, as text. */
#include "base/mutant.h"
#include "base/thread_error.h"
#include "pipe/pipe.h"
#include "pipe/pipe_remote.h"
#include "transport/address.h"
#include "transport/peer.h"

#include <stdio.h>
#include <string.h>

static int pipe_peer_local(int fd, char *text, size_t size, struct error *error)
{
	uid_t uid;
	pid_t pid;
	if (!peer_process(fd, &uid, &pid))
		return error_set(error, RELEVO_SYSTEM,
				 "the system does not say who is at the other end");
	if (MUTANT(peer_is_self))
		pid = 1;
	snprintf(text, size, "uid=%u pid=%d", (unsigned)uid, (int)pid);
	return RELEVO_OK;
}

static int pipe_peer_remote(const struct pipe_remote *remote, char *text, size_t size,
			    struct error *error)
{
	if (remote->ops->peer == NULL)
		return error_set(error, RELEVO_NOT_LOCAL,
				 "the broker relays the pipe, and does not say who is there");
	snprintf(text, size, "%s", remote->ops->peer(remote));
	return RELEVO_OK;
}

int relevo_pipe_peer(const relevo_pipe *pipe, char *text, size_t size)
{
	if (!given(pipe) || (size > 0 && !given(text)))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	char whole[ADDRESS_MAX];
	int status;
	if (size > 0)
		text[0] = '\0';
	if (pipe->closed)
		return error_set(error, RELEVO_CLOSED, "the pipe is closed");
	if (pipe->remote != NULL)
		status = pipe_peer_remote(pipe->remote, whole, sizeof whole, error);
	else
		status = pipe_peer_local(pipe->local.fd, whole, sizeof whole, error);
	if (status != RELEVO_OK)
		return status;
	if (strlen(whole) >= size)
		return error_set(error, RELEVO_TOO_SHORT, "\"%s\" takes more than %zu bytes", whole,
				 size);
	strcpy(text, whole);
	return RELEVO_OK;
}
