/* Waiting for a message of a pipe beside other things: see session/watch.h. */
#include "pipe/pipe.h"

#include "os/readable.h"
#include "pipe/pipe_remote.h"

#include <poll.h>
#include <stdlib.h>

struct pipe_watch {
	struct watch watch;
	relevo_pipe *pipe;
	bool asked; /* a remote one, and nobody may receive from it */
};

static struct pipe_watch *pipe_watch_of(struct watch *watch)
{
	return container_of(watch, struct pipe_watch, watch);
}

static int pipe_watch_ask(struct pipe_watch *self, struct error *error)
{
	struct pollfd entries[PIPE_REMOTE_ENTRIES];
	struct pipe_remote *remote = self->pipe->remote;
	int status = remote->ops->ask(remote, entries, error);
	if (status != RELEVO_OK)
		return status;
	self->asked = true;
	for (int i = 0; i < PIPE_REMOTE_ENTRIES; i++)
		self->watch.fds[i] = entries[i].fd;
	return RELEVO_OK;
}

static int pipe_watch_begin(struct watch *watch, struct error *error)
{
	struct pipe_watch *self = pipe_watch_of(watch);
	int status = RELEVO_OK;
	if (self->pipe->remote != NULL)
		status = pipe_watch_ask(self, error);
	if (status == RELEVO_OK)
		watch_due(watch);
	return status;
}

static enum watch_state look_at_local(const struct pipe_watch *self)
{
	if (pipe_has_kept(self->pipe))
		return WATCH_STAYS;
	return readable_until(self->pipe->local.fd, 0) ? WATCH_READY : WATCH_WAITS;
}

/* The end of one that is lost is something to be received. */
static enum watch_state look_at_remote(struct pipe_watch *self)
{
	struct pipe_remote *remote = self->pipe->remote;
	struct error ignored = { 0 };
	if (pipe_has_kept(self->pipe))
		return WATCH_STAYS;
	int status = self->asked ? RELEVO_OK : pipe_watch_ask(self, &ignored);
	if (status == RELEVO_DISCONNECTED)
		return WATCH_READY;
	if (status != RELEVO_OK) {
		self->watch.status = status;
		return WATCH_OVER;
	}
	if (!remote->ops->look(remote))
		return WATCH_WAITS;
	self->asked = false;
	remote->ops->withdraw(remote);
	return WATCH_STAYS;
}

static enum watch_state pipe_watch_look(struct watch *watch)
{
	struct pipe_watch *self = pipe_watch_of(watch);
	return self->pipe->remote != NULL ? look_at_remote(self) : look_at_local(self);
}

static bool pipe_watch_end(struct watch *watch)
{
	struct pipe_watch *self = pipe_watch_of(watch);
	struct pipe_remote *remote = self->pipe->remote;
	bool asked = self->asked;
	self->asked = false;
	return asked && remote->ops->withdraw(remote);
}

static const struct watch_kind pipe_watch_kind = {
	.begin = pipe_watch_begin,
	.look = pipe_watch_look,
	.end = pipe_watch_end,
};

struct watch *pipe_watch(relevo_pipe *pipe)
{
	struct pipe_watch *self = calloc(1, sizeof *self);
	if (self == NULL)
		return NULL;
	watch_init(&self->watch, &pipe_watch_kind, pipe, &pipe->watched);
	self->pipe = pipe;
	if (pipe->remote == NULL)
		self->watch.fds[0] = pipe->local.fd;
	return &self->watch;
}
