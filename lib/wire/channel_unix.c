#include "wire/channel_impl.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A full backlog has no event to wait for, so it is tried again: after 1 ms,
 * and ever more slowly up to this. */
#define RETRY_MAX (16 * NSEC_PER_MSEC)

static int unix_receive(struct channel *channel, void *bytes, size_t size, size_t *received)
{
	ssize_t got;
	do {
		got = recv(channel->fd, bytes, size, MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	if (got > 0) {
		*received = (size_t)got;
		return RELEVO_OK;
	}
	if (got == 0)
		return RELEVO_END_OF_STREAM;
	return errno == EAGAIN ? RELEVO_TRY_AGAIN : RELEVO_DISCONNECTED;
}

static int unix_send(struct channel *channel, const struct iovec *pieces, int count, size_t *sent)
{
	const struct msghdr message = {
		/* sendmsg() only reads them, it just does not say so. */
		.msg_iov = (struct iovec *)(uintptr_t)pieces,
		.msg_iovlen = (size_t)(count < IOV_MAX ? count : IOV_MAX),
	};
	ssize_t done;
	do {
		done = sendmsg(channel->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (done < 0 && errno == EINTR);
	if (done >= 0) {
		*sent = (size_t)done;
		return RELEVO_OK;
	}
	return errno == EAGAIN ? RELEVO_TRY_AGAIN : RELEVO_DISCONNECTED;
}

/* close(2) leaves a copy of the connection in another process alone, so this is
 * for channel_abandon() as well. */
static void unix_close(struct channel *channel)
{
	close(channel->fd);
	free(channel);
}

static const struct channel_ops unix_ops = {
	.receive = unix_receive,
	.send = unix_send,
	.close = unix_close,
	.abandon = unix_close,
	.send_event = POLLOUT,
};

struct channel *channel_unix_new(int fd)
{
	struct channel *channel = malloc(sizeof *channel);
	if (channel == NULL)
		return NULL;
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

static int connect_failure(int why, const struct address *address, struct error *error)
{
	int status = RELEVO_SYSTEM;
	if (why == ECONNREFUSED || why == ENOENT || why == ENOTDIR)
		status = RELEVO_NO_BROKER;
	else if (why == EACCES || why == EPERM)
		status = RELEVO_DENIED;
	else if (why == EPROTOTYPE)
		status = RELEVO_BAD_ADDRESS;
	return error_set_errno(error, status, why, "cannot connect to %s", address->url);
}

/* Returns 0, or what errno said last: EAGAIN when the backlog stayed full. */
static int connect_until(int fd, const struct address *address, nsec_t deadline)
{
	struct sockaddr_un name;
	socklen_t length = address_to_unix(address, &name);
	nsec_t pause = NSEC_PER_MSEC;
	for (;;) {
		if (connect(fd, (const struct sockaddr *)&name, length) == 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return errno;
		nsec_t now = clock_now();
		if (now >= deadline)
			return EAGAIN;
		nsec_t left = deadline - now;
		poll(NULL, 0, clock_poll_timeout(now, now + (left < pause ? left : pause)));
		if (pause < RETRY_MAX)
			pause *= 2;
	}
}

int channel_unix_connect(const struct address *address, nsec_t deadline, struct channel **channel,
			 struct error *error)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "cannot make a socket");
	int status;
	int why = connect_until(fd, address, deadline);
	if (why == EAGAIN) {
		status = error_set(error, RELEVO_TIMED_OUT, "%s accepts no connection in time",
				   address->url);
		goto fail;
	}
	if (why != 0) {
		status = connect_failure(why, address, error);
		goto fail;
	}
	struct channel *made = channel_unix_new(fd);
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
