/* Channels over Unix sockets, which pass descriptors too. */
#include "os/descriptor.h"
#include "transport/channel.h"
#include "transport/channel_impl.h"
#include "transport/data_socket.h"
#include "transport/peer.h"
#include "transport/unix_socket.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Descriptors that have arrived and that nobody has asked for yet: as many as one
 * who opens things at top speed may have, and no more. */
enum { KEPT_MAX = 16 };

struct kept {
	int fd;            /* or CHANNEL_NO_DESCRIPTOR */
	uint64_t position; /* of the byte that it came with */
};

struct unix_channel {
	struct channel base;
	bool keeps_descriptors;
	uint64_t received; /* bytes, ever */
	struct kept kept[KEPT_MAX];
	int kept_count; /* in the order of their positions */
};

static struct unix_channel *as_unix(struct channel *channel)
{
	return (struct unix_channel *)channel;
}

/* ---- receiving -------------------------------------------------------- */

static void close_kept(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void channel_unix_keep(struct unix_channel *self, int fd, uint64_t position)
{
	if (fd >= 0) {
		fd = descriptor_raise(fd);
		fd = fd >= 0 ? fd : CHANNEL_NO_DESCRIPTOR;
	}
	if (self->kept_count == KEPT_MAX)
		close_kept(fd);
	else
		self->kept[self->kept_count++] = (struct kept){ fd, position };
}

/*
 * Descriptors are a barrier in the stream: what one call receives ends with the
 * bytes that they were sent with. The one that channel_send_descriptor() sends
 * has one byte to itself, so it came with the last of them.
 */
static ssize_t receive_with_descriptors(struct unix_channel *self, void *bytes, size_t size)
{
	struct iovec piece = { bytes, size };
	/* There is room for one in it, and for two in its padding: the length says
	 * one, and the kernel closes what is over. */
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_LEN(sizeof(int)),
	};
	ssize_t got = recvmsg(self->base.fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *head = got >= 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(int))) {
		int fd;
		memcpy(&fd, CMSG_DATA(head), sizeof fd);
		channel_unix_keep(self, fd, self->received + (uint64_t)got - 1);
	} else if (got > 0 && (message.msg_flags & MSG_CTRUNC) != 0) {
		channel_unix_keep(self, CHANNEL_NO_DESCRIPTOR, self->received + (uint64_t)got - 1);
	}
	return got;
}

static int unix_receive(struct channel *channel, void *bytes, size_t size, size_t *received)
{
	struct unix_channel *self = as_unix(channel);
	ssize_t got;
	do {
		/* recv() cannot take descriptors: the kernel closes them. */
		got = self->keeps_descriptors ? receive_with_descriptors(self, bytes, size)
					      : recv(channel->fd, bytes, size, MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (got > 0) {
		self->received += (uint64_t)got;
		*received = (size_t)got;
		return RELEVO_OK;
	}
	if (got == 0)
		return RELEVO_END_OF_STREAM;
	return errno == EAGAIN ? TRY_AGAIN : RELEVO_DISCONNECTED;
}

static int unix_take_descriptor(struct channel *channel, uint64_t position)
{
	struct unix_channel *self = as_unix(channel);
	int taken = -1;
	int past = 0;
	while (past < self->kept_count && self->kept[past].position <= position) {
		const struct kept *kept = &self->kept[past++];
		if (kept->position == position)
			taken = kept->fd;
		else
			close_kept(kept->fd);
	}
	self->kept_count -= past;
	memmove(self->kept, self->kept + past, (size_t)self->kept_count * sizeof *self->kept);
	return taken;
}

/* ---- sending ---------------------------------------------------------- */

static int send_message(struct channel *channel, const struct msghdr *message, size_t *sent)
{
	ssize_t done;
	do {
		done = sendmsg(channel->fd, message, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (done < 0 && errno == EINTR);
	if (done >= 0) {
		*sent = (size_t)done;
		return RELEVO_OK;
	}
	if (errno == ETOOMANYREFS)
		return RELEVO_LIMIT;
	return errno == EAGAIN ? TRY_AGAIN : RELEVO_DISCONNECTED;
}

static int unix_send(struct channel *channel, const struct iovec *pieces, int count, size_t *sent)
{
	const struct msghdr message = {
		/* sendmsg() only reads them, it just does not say so. */
		.msg_iov = (struct iovec *)(uintptr_t)pieces,
		.msg_iovlen = (size_t)(count < IOV_MAX ? count : IOV_MAX),
	};
	return send_message(channel, &message, sent);
}

static int unix_send_descriptor(struct channel *channel, uint8_t byte, int descriptor)
{
	struct iovec piece = { &byte, 1 };
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof descriptor)] = { 0 };
	const struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof control,
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof descriptor);
	memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
	size_t sent;
	return send_message(channel, &message, &sent);
}

/* ---- beginning and end ------------------------------------------------ */

/* close(2) leaves a copy of the connection in another process alone, so this is
 * for channel_abandon() as well. */
static void unix_close(struct channel *channel)
{
	unix_take_descriptor(channel, UINT64_MAX);
	close(channel->fd);
	free(channel);
}

static size_t unix_memory(const struct channel *channel)
{
	(void)channel;
	return sizeof(struct unix_channel);
}

static const struct channel_ops unix_ops = {
	.memory = unix_memory,
	.receive = unix_receive,
	.send = unix_send,
	.close = unix_close,
	.abandon = unix_close,
	.send_descriptor = unix_send_descriptor,
	.take_descriptor = unix_take_descriptor,
	.send_event = POLLOUT,
};

struct channel *channel_unix_new(int fd, bool keep_descriptors)
{
	struct unix_channel *self = malloc(sizeof *self);
	if (self == NULL)
		return NULL;
	*self = (struct unix_channel){ .keeps_descriptors = keep_descriptors };
	struct channel *channel = &self->base;
	*channel = (struct channel){ .ops = &unix_ops, .fd = fd };
	snprintf(channel->peer.address, sizeof channel->peer.address, "unix");
	struct ucred credentials;
	socklen_t size = sizeof credentials;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
		channel->peer.local = true;
		channel->peer.uid = credentials.uid;
		channel->peer.pid = credentials.pid;
	}
	return channel;
}

static int channel_unix_connect_failure(int why, const struct address *address, struct error *error)
{
	int status = RELEVO_SYSTEM;
	if (why == ECONNREFUSED || why == ENOENT || why == ENOTDIR)
		status = RELEVO_NO_BROKER;
	else if (why == EACCES || why == EPERM)
		status = RELEVO_DENIED;
	else if (why == EPROTOTYPE || why == ELOOP || why == ENAMETOOLONG)
		status = RELEVO_BAD_ADDRESS;
	return error_set_errno(error, status, why, "cannot connect to %s", address->url);
}

static int connect_to_data(int fd, const struct address *address, nsec_t deadline)
{
	struct data_socket place;
	int why = data_socket_find(address, &place);
	if (why == 0)
		why = unix_socket_connect_to(fd, &place.name, place.length, NULL, deadline);
	data_socket_close(&place);
	return why;
}

int channel_unix_connect(const struct address *address, nsec_t deadline, struct channel **channel,
			 struct error *error)
{
	int fd = descriptor_raise(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "cannot connect to %s",
				       address->url);
	int status;
	int why = address->kind == ADDRESS_DATA ? connect_to_data(fd, address, deadline)
						: unix_socket_connect(fd, address, NULL, deadline);
	if (why == EAGAIN) {
		status = error_set(error, RELEVO_TIMED_OUT, "%s accepts no connection in time",
				   address->url);
		goto fail;
	}
	if (why != 0) {
		status = channel_unix_connect_failure(why, address, error);
		goto fail;
	}
	status = peer_check(fd, address->url, error);
	if (status != RELEVO_OK)
		goto fail;
	struct channel *made = channel_unix_new(fd, true);
	if (made == NULL) {
		status = error_set(error, RELEVO_NO_MEMORY, "no memory for a connection");
		goto fail;
	}
	*channel = made;
	return RELEVO_OK;
fail:
	close(fd);
	return status;
}
