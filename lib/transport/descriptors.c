/* Passing descriptors over a Unix socket. */
#include "transport/descriptors.h"

#include "base/mutant.h"
#include "os/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
};

ssize_t descriptors_send(int socket, const struct iovec *piece, const int *fds, size_t count,
			 int flags)
{
	union control control;
	struct msghdr message = {
		/* sendmsg() only reads it, it just does not say so. */
		.msg_iov = (struct iovec *)(uintptr_t)piece,
		.msg_iovlen = 1,
	};
	if (count > 0) {
		size_t size = count * sizeof *fds;
		memset(&control, 0, CMSG_SPACE(size));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(&control.head), fds, size);
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(size);
	}
	ssize_t sent;
	do
		sent = sendmsg(socket, &message, flags | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent;
}

static size_t descriptors_take_here(struct msghdr *message, int *fds)
{
	const struct cmsghdr *head = CMSG_FIRSTHDR(message);
	if (head == NULL || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
		return 0;
	size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof *fds;
	memcpy(fds, CMSG_DATA(head), count * sizeof *fds);
	return count;
}

static void descriptors_close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count && !MUTANT(cut_descriptors_leak); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

bool descriptors_raise(int *fds, size_t *count)
{
	bool complete = true;
	for (size_t i = 0; i < *count; i++) {
		fds[i] = descriptor_raise(fds[i]);
		complete = complete && fds[i] >= 0;
	}
	if (complete)
		return true;
	descriptors_close_all(fds, *count);
	*count = 0;
	return false;
}

ssize_t descriptors_receive(int socket, const struct iovec *piece, int *fds, size_t *count,
			    int flags)
{
	union control control;
	struct msghdr message = {
		.msg_iov = (struct iovec *)(uintptr_t)piece,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		/* Not CMSG_SPACE(): the kernel would use the padding for one more. */
		.msg_controllen = CMSG_LEN(*count * sizeof *fds),
	};
	ssize_t got;
	*count = 0;
	do
		got = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return got;
	*count = descriptors_take_here(&message, fds);
	if ((message.msg_flags & MSG_CTRUNC) == 0 && descriptors_raise(fds, count))
		return got;
	descriptors_close_all(fds, *count);
	*count = 0;
	errno = EMFILE;
	return -1;
}

int descriptors_left(int count)
{
	int fds[DESCRIPTORS_MAX];
	int opened = 0, failure = 0;
	while (opened < count && failure == 0) {
		int fd = descriptor_raise(open("/", O_PATH | O_CLOEXEC));
		if (fd >= 0)
			fds[opened++] = fd;
		else if (errno != EINTR)
			failure = errno;
	}
	descriptors_close_all(fds, (size_t)opened);
	return failure;
}
