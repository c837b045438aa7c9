/* The sessions of a poller: polling their connections, reading from them, and sending. */
#include "poller/poller_session.h"

#include "base/mutant.h"
#include "session/outbox.h"

#include <stdlib.h>

static uint64_t poller_session_name(struct poller_session *self)
{
	return (uint64_t)(uintptr_t)&self->source;
}

/* ---- what the connection says ------------------------------------------- */

static struct poller_session *poller_session_of(struct connection_watcher *watcher)
{
	return container_of(watcher, struct poller_session, watcher);
}

static void poller_session_left(struct connection_watcher *watcher)
{
	struct poller_session *self = poller_session_of(watcher);
	if (!self->muted || MUTANT(reader_leaves_nobody))
		return;
	self->muted = false;
	event_set_mute(&self->poller->events, self->fd, poller_session_name(self), false);
}

static void poller_session_closing(struct connection_watcher *watcher)
{
	struct poller_session *self = poller_session_of(watcher);
	if (self->fd >= 0)
		event_set_remove(&self->poller->events, self->fd);
	self->fd = -1;
	self->muted = false;
}

/* ---- reading ------------------------------------------------------------- */

/* Another thread that reads will tell what comes, but leaves the descriptor readable until it
 * does: without this one would come back at once, again and again. */
static void poller_session_mute(struct poller_session *self)
{
	if (MUTANT(reader_polled_beside))
		return;
	self->muted = true;
	event_set_mute(&self->poller->events, self->fd, poller_session_name(self), true);
}

static void poller_session_read(struct poller_session *self)
{
	struct connection *connection = &self->session->connection;
	if (connection->reading) {
		poller_session_mute(self);
		return;
	}
	connection_read_pending(self->session);
	if (connection->broken)
		poller_session_closing(&self->watcher);
	else if (outbox_pending(connection))
		outbox_push(self->session);
}

static void poller_session_heard(struct poller_source *source)
{
	struct poller_session *self = container_of(source, struct poller_session, source);
	pthread_mutex_lock(&self->session->lock);
	if (self->fd >= 0 && !self->muted)
		poller_session_read(self);
	pthread_mutex_unlock(&self->session->lock);
}

/* ---- entries ------------------------------------------------------------- */

int poller_session_poll(struct poller_session *self, struct error *error)
{
	struct relevo_session *session = self->session;
	if (!list_linked(&self->unsent))
		list_append(&self->poller->unsent, &self->unsent);
	if (self->fd >= 0 || !session_is_connected(session))
		return RELEVO_OK;
	int fd = channel_fd(session->connection.channel);
	int status = event_set_add(&self->poller->events, fd, poller_session_name(self), error);
	if (status == RELEVO_OK)
		self->fd = fd;
	return status;
}

static struct poller_session *poller_session_new(relevo_poller *poller,
						 struct relevo_session *session)
{
	struct poller_session *self = calloc(1, sizeof *self);
	if (self == NULL)
		return NULL;
	self->source.heard = poller_session_heard;
	self->watcher.left = poller_session_left;
	self->watcher.closing = poller_session_closing;
	self->poller = poller;
	self->session = session;
	self->fd = -1;
	if (!map_insert(&poller->sessions, &self->node, &self->session, sizeof self->session)) {
		free(self);
		return NULL;
	}
	pthread_mutex_lock(&session->lock);
	list_append(&session->connection.watchers, &self->watcher.link);
	pthread_mutex_unlock(&session->lock);
	return self;
}

struct poller_session *poller_session_join(relevo_poller *poller, struct relevo_session *session)
{
	struct map_node *node = map_find(&poller->sessions, &session, sizeof session);
	struct poller_session *self = node != NULL ? container_of(node, struct poller_session, node)
						   : poller_session_new(poller, session);
	if (self != NULL)
		self->entries++;
	return self;
}

void poller_session_leave(struct poller_session *self)
{
	if (--self->entries > 0)
		return;
	pthread_mutex_lock(&self->session->lock);
	poller_session_closing(&self->watcher);
	list_remove(&self->watcher.link);
	pthread_mutex_unlock(&self->session->lock);
	map_remove(&self->poller->sessions, &self->node);
	list_remove(&self->unsent);
	free(self);
}

/* ---- sending ------------------------------------------------------------- */

static void poller_session_send(struct poller_session *self)
{
	struct relevo_session *session = self->session;
	list_remove(&self->unsent);
	pthread_mutex_lock(&session->lock);
	if (session_is_connected(session)) {
		outbox_push(session);
		if (outbox_pending(&session->connection))
			flusher_notify(session);
	}
	pthread_mutex_unlock(&session->lock);
}

void poller_send(relevo_poller *poller)
{
	struct list *node;
	while ((node = list_first(&poller->unsent)) != NULL)
		poller_session_send(container_of(node, struct poller_session, unsent));
}

void poller_round_trip(relevo_poller *poller, nsec_t deadline)
{
	struct error ignored;
	for (struct map_node *node = map_next(&poller->sessions, NULL); node != NULL;
	     node = map_next(&poller->sessions, node))
		session_round_trip(container_of(node, struct poller_session, node)->session,
				   deadline, &ignored);
}
