/* Channels and listeners of every kind: hands each call to the kind that it is for. */
#include "transport/channel.h"

#include "base/mutant.h"
#include "os/own_ids.h"
#include "transport/channel_impl.h"
#include "transport/peer.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

int channel_connect(const struct address *address, nsec_t deadline, struct channel **channel,
		    struct error *error)
{
	switch (address->kind) {
	case ADDRESS_IPC:
	case ADDRESS_ABSTRACT:
	case ADDRESS_DATA:
		return channel_unix_connect(address, deadline, channel, error);
	case ADDRESS_TCP:
		return channel_nng_connect(address, deadline, channel, error);
	case ADDRESS_FD:
		break;
	}
	return error_set(error, RELEVO_BAD_ADDRESS, "%s can be listened on, not connected to",
			 address->url);
}

void channel_close(struct channel *channel)
{
	if (channel != NULL)
		channel->ops->close(channel);
}

void channel_abandon(struct channel *channel)
{
	if (channel != NULL)
		channel->ops->abandon(channel);
}

int channel_fd(const struct channel *channel)
{
	return channel->fd;
}

short channel_events(struct channel *channel, bool want_send)
{
	short send_event = channel->ops->send_event;
	short events = channel->paused && send_event != 0 ? 0 : POLLIN;
	if (channel->ops->want_send != NULL)
		channel->ops->want_send(channel, want_send);
	return want_send ? (short)(events | send_event) : events;
}

void channel_pause(struct channel *channel, bool paused)
{
	if (channel->paused == paused)
		return;
	channel->paused = paused;
	if (channel->ops->pause != NULL)
		channel->ops->pause(channel);
}

int channel_receive(struct channel *channel, void *bytes, size_t size, size_t *received)
{
	assert(size > 0);
	return channel->ops->receive(channel, bytes, size, received);
}

int channel_send(struct channel *channel, const struct iovec *pieces, int count, size_t *sent)
{
	return channel->ops->send(channel, pieces, count, sent);
}

int channel_drain(struct channel *channel, nsec_t deadline)
{
	return channel->ops->drain != NULL ? channel->ops->drain(channel, deadline) : RELEVO_OK;
}

int channel_send_descriptor(struct channel *channel, uint8_t byte, int descriptor)
{
	if (channel->ops->send_descriptor == NULL)
		return RELEVO_NOT_LOCAL;
	return channel->ops->send_descriptor(channel, byte, descriptor);
}

int channel_take_descriptor(struct channel *channel, uint64_t position)
{
	if (channel->ops->take_descriptor == NULL)
		return -1;
	return channel->ops->take_descriptor(channel, position);
}

int channel_check_owner(const struct channel *channel, struct error *error)
{
	uid_t uid = channel->peer.uid;
	int failure = channel->ops->owner != NULL ? channel->ops->owner(channel, &uid) : 0;
	if (failure != 0)
		return error_set_errno(error, failure == ENOENT ? RELEVO_GONE : RELEVO_DENIED,
				       failure,
				       "%s is not admitted, as nobody knows whose process it is; "
				       "with a key it would be",
				       channel->peer.address);
	if (peer_is_trusted(uid))
		return RELEVO_OK;
	char who[USER_TEXT_ROOM];
	return error_set(error, RELEVO_DENIED,
			 "%s is not admitted without a key: only uid %u and root are",
			 user_text(uid, who), (unsigned)geteuid());
}

int channel_check_listener(const struct channel *channel, const char *url, struct error *error)
{
	uid_t uid;
	if (channel->ops->listening == NULL || channel->ops->listening(channel, &uid) != 0 ||
	    MUTANT(listener_unasked))
		return RELEVO_OK;
	return peer_check_uid(uid, url, error);
}

size_t channel_memory(const struct channel *channel)
{
	return channel->ops->memory(channel);
}

void channel_get_peer(const struct channel *channel, struct channel_peer *peer)
{
	*peer = channel->peer;
}

int listener_open(const struct address *address, struct listener **listener, struct error *error)
{
	if (address->kind == ADDRESS_DATA)
		return error_set(error, RELEVO_BAD_ADDRESS,
				 "%s is where relevod --data %s listens by itself", address->url,
				 address->place);
	if (address->kind == ADDRESS_TCP)
		return listener_nng_open(address, listener, error);
	return listener_unix_open(address, listener, error);
}

void listener_close(struct listener *listener)
{
	if (listener != NULL)
		listener->ops->close(listener);
}

bool listener_keep_alive(struct listener *listener, uint32_t seconds)
{
	return listener->ops->keep_alive == NULL || listener->ops->keep_alive(listener, seconds);
}

int listener_fd(const struct listener *listener)
{
	return listener->fd;
}

const char *listener_url(const struct listener *listener)
{
	return listener->url;
}

int listener_accept(struct listener *listener, struct channel **channel)
{
	return listener->ops->accept(listener, channel);
}
