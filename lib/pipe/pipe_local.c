/* Messages between the ends of a pipe on one host, over a Unix socket. */
#include "pipe/pipe_local.h"

#include "base/mutant.h"
#include "os/descriptor.h"
#include "os/go_on.h"
#include "os/quiet.h"
#include "transport/descriptors.h"

#include <errno.h>
#include <poll.h>
#include <relevo/pipe.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* In front of each message: also tells an empty one from the end. Both ends are on one
 * host, so numbers are in its order. */
struct head {
	uint32_t magic;
	uint32_t fd_count; /* besides the memfd */
	uint64_t size;     /* of the whole message */
};

#define MAGIC UINT32_C(0x52765069)

/* Up to this, copying a message once more costs less than another piece in a system
 * call, or than memory of its own. */
enum { COPY_MAX = 8 * 1024, SEND_COPY_MAX = 1024 };

enum { FDS_MAX = RELEVO_PIPE_DESCRIPTORS + 1 };

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
};

void pipe_message_fini(struct pipe_message *message)
{
	for (size_t i = 0; i < message->fd_count; i++)
		close(message->fds[i]);
	free(message->fds);
	free(message->data);
	*message = (struct pipe_message){ 0 };
}

void pipe_local_fini(struct pipe_local *local)
{
	free(atomic_exchange(&local->scratch, NULL));
	if (local->fd >= 0)
		close(local->fd);
	local->fd = -1;
}

/* What a call that would have to wait does: it waits, or gives up. */
static int wait_or_not(int fd, short events, nsec_t deadline, struct error *error)
{
	if (deadline == 0)
		return error_set(error, RELEVO_TIMED_OUT, "the pipe is %s",
				 events == POLLIN ? "empty" : "full");
	int status = go_on_wait(fd, events, deadline);
	if (status == RELEVO_TIMED_OUT)
		return error_set(error, status, "the pipe stayed %s",
				 events == POLLIN ? "empty" : "full");
	return go_on_tell(status, error);
}

/* Waiting in the system call itself is one call less, but after a signal it would go on unasked. */
static int pipe_local_flags(nsec_t deadline)
{
	return deadline == NSEC_NEVER && go_on_of_process() == NULL ? 0 : MSG_DONTWAIT;
}

/* ---- sending ------------------------------------------------------------ */

static int pipe_local_send_failure(int why, struct error *error)
{
	if (why == EPIPE || why == ECONNRESET)
		return error_set(error, RELEVO_END_OF_STREAM, "the other end is closed");
	if (why == ETOOMANYREFS)
		return error_set(error, RELEVO_LIMIT,
				 "too many descriptors of this user are on their way");
	if (why == EBADF)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "a descriptor that is to be sent is not open");
	return error_set_errno(error, RELEVO_SYSTEM, why, "the message cannot be sent");
}

static int send_whole(int fd, const struct msghdr *message, nsec_t deadline, struct error *error)
{
	int flags = MSG_NOSIGNAL | pipe_local_flags(deadline);
	for (;;) {
		if (sendmsg(fd, message, flags) >= 0)
			return RELEVO_OK;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return pipe_local_send_failure(errno, error);
		int status = wait_or_not(fd, POLLOUT, deadline, error);
		if (status != RELEVO_OK)
			return status;
	}
}

static void put_descriptors(struct msghdr *message, union control *control, const int *fds,
			    size_t count)
{
	if (count == 0)
		return;
	memset(control, 0, CMSG_SPACE(sizeof(int) * count));
	message->msg_control = control->bytes;
	message->msg_controllen = CMSG_SPACE(sizeof(int) * count);
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(head), fds, sizeof(int) * count);
}

/* A memfd with these bytes. */
static int spill(const char *data, size_t size, int *out, struct error *error)
{
	int fd = descriptor_raise(memfd_create("relevo message", MFD_CLOEXEC));
	if (fd < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno,
				       "no memory file for a large message");
	for (size_t done = 0; done < size;) {
		ssize_t written = quiet_write(fd, data + done, size - done);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			int why = errno;
			close(fd);
			return error_set_errno(
				error, why == ENOSPC ? RELEVO_NO_MEMORY : RELEVO_SYSTEM, why,
				"no memory file for a message of %zu bytes", size);
		}
		done += (size_t)written;
	}
	*out = fd;
	return RELEVO_OK;
}

/* The usual message in the cheapest way. */
static int send_small(int fd, const struct head *head, const void *data, nsec_t deadline,
		      struct error *error)
{
	char bytes[sizeof *head + SEND_COPY_MAX];
	size_t size = sizeof *head + (size_t)head->size;
	memcpy(bytes, head, sizeof *head);
	if (head->size > 0)
		memcpy(bytes + sizeof *head, data, (size_t)head->size);
	if (send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
		return RELEVO_OK;
	struct iovec piece = { bytes, size };
	const struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };
	return send_whole(fd, &message, deadline, error);
}

int pipe_local_send(struct pipe_local *local, const struct pipe_sending *sending, nsec_t deadline,
		    struct error *error)
{
	struct head head = { MAGIC, (uint32_t)sending->fd_count, sending->size };
	if (sending->fd_count == 0 && sending->size <= SEND_COPY_MAX)
		return send_small(local->fd, &head, sending->data, deadline, error);
	size_t here = sending->size < PIPE_INLINE ? sending->size : PIPE_INLINE;
	struct iovec pieces[] = { { &head, sizeof head }, { (void *)sending->data, here } };
	struct msghdr message = { .msg_iov = pieces, .msg_iovlen = here > 0 ? 2 : 1 };
	union control control;
	int fds[FDS_MAX] = { -1 };
	bool large = sending->size > PIPE_INLINE;
	if (large) {
		int status = spill((const char *)sending->data + here, sending->size - here,
				   &fds[0], error);
		if (status != RELEVO_OK)
			return status;
	}
	if (sending->fd_count > 0)
		memcpy(fds + large, sending->fds, sending->fd_count * sizeof *fds);
	put_descriptors(&message, &control, fds, sending->fd_count + large);
	int status = send_whole(local->fd, &message, deadline, error);
	if (large)
		close(fds[0]);
	return status;
}

/* ---- receiving ---------------------------------------------------------- */

/* What one recvmsg() brought. */
struct arrival {
	struct head head;
	size_t size; /* bytes behind the head */
	int fds[FDS_MAX];
	size_t fd_count;
};

static void pipe_local_refuse(struct arrival *arrival)
{
	for (size_t i = 0; i < arrival->fd_count; i++)
		close(arrival->fds[i]);
	arrival->fd_count = 0;
}

static void take_descriptors(struct msghdr *message, struct arrival *arrival)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	if (head == NULL || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
		return;
	arrival->fd_count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(arrival->fds, CMSG_DATA(head), arrival->fd_count * sizeof(int));
	/* As if the kernel had found no room for them. */
	if (!descriptors_raise(arrival->fds, &arrival->fd_count))
		message->msg_flags |= MSG_CTRUNC;
}

/* Whether it is a message, as our own side sends them. */
static int pipe_local_check(const struct msghdr *message, size_t got, const struct arrival *arrival,
			    struct error *error)
{
	const struct head *head = &arrival->head;
	size_t here = head->size < PIPE_INLINE ? (size_t)head->size : PIPE_INLINE;
	if (got < sizeof *head || head->magic != MAGIC || head->size > RELEVO_PIPE_MAX ||
	    arrival->size != here || (message->msg_flags & MSG_TRUNC) != 0)
		return error_set(error, RELEVO_BAD_FRAME, "what came is no message of a pipe");
	size_t announced = (size_t)head->fd_count + (head->size > PIPE_INLINE);
	if (arrival->fd_count == announced || MUTANT(missing_descriptor_unnoticed))
		return RELEVO_OK;
	if ((message->msg_flags & MSG_CTRUNC) != 0)
		return error_set(error, RELEVO_NO_DESCRIPTORS,
				 "a message is lost: this process has no descriptor left for it");
	return error_set(error, RELEVO_BAD_FRAME,
			 "a message came with %zu descriptors and announces %zu", arrival->fd_count,
			 announced);
}

/* Where the next message is to go; its head comes first. */
struct target {
	struct iovec pieces[3];
	size_t count;
};

static int receive_whole(int fd, struct target *target, struct arrival *arrival, nsec_t deadline,
			 struct error *error)
{
	int flags = MSG_CMSG_CLOEXEC | pipe_local_flags(deadline);
	const void *head = target->pieces[0].iov_base;
	union control control;
	for (;;) {
		struct msghdr message = {
			.msg_iov = target->pieces,
			.msg_iovlen = target->count,
			.msg_control = control.bytes,
			.msg_controllen = sizeof control.bytes,
		};
		ssize_t got = recvmsg(fd, &message, flags);
		if (got > 0) {
			arrival->size = (size_t)got > sizeof arrival->head
						? (size_t)got - sizeof arrival->head
						: 0;
			take_descriptors(&message, arrival);
			if (head != &arrival->head)
				memcpy(&arrival->head, head, sizeof arrival->head);
			return pipe_local_check(&message, (size_t)got, arrival, error);
		}
		if (got == 0)
			return error_set(error, RELEVO_END_OF_STREAM, "the other end is closed");
		/* The other end was closed with something unread: told once, before what
		 * it sent itself. */
		if (errno == EINTR || errno == ECONNRESET)
			continue;
		if (errno != EAGAIN)
			return error_set_errno(error, RELEVO_SYSTEM, errno,
					       "nothing can be received");
		int status = wait_or_not(fd, POLLIN, deadline, error);
		if (status != RELEVO_OK)
			return status;
	}
}

/* What stands in the memfd. */
static int read_spilled(int fd, char *data, size_t size, struct error *error)
{
	struct stat about;
	size_t done = 0;
	if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && (size_t)about.st_size == size) {
		while (done < size) {
			ssize_t got = pread(fd, data + done, size - done, (off_t)done);
			if (got < 0 && errno == EINTR)
				continue;
			if (got <= 0)
				break;
			done += (size_t)got;
		}
	}
	if (done == size)
		return RELEVO_OK;
	return error_set(error, RELEVO_BAD_FRAME,
			 "a message of more bytes is announced than came with it");
}

/* All but the memfd. */
static int keep_descriptors(struct arrival *arrival, struct pipe_message *message,
			    struct error *error)
{
	size_t count = arrival->head.fd_count;
	size_t others = arrival->fd_count - count;
	if (count == 0)
		return RELEVO_OK;
	message->fds = malloc(count * sizeof *message->fds);
	if (message->fds == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for descriptors");
	memcpy(message->fds, arrival->fds + others, count * sizeof *message->fds);
	message->fd_count = count;
	arrival->fd_count = others;
	return RELEVO_OK;
}

/* Room for a head and the most that can follow it; the byte behind is for a 0. */
static char *take_scratch(struct pipe_local *local)
{
	char *scratch = atomic_exchange(&local->scratch, NULL);
	return scratch != NULL ? scratch : malloc(sizeof(struct head) + PIPE_INLINE + 1);
}

static void give_scratch(struct pipe_local *local, char *scratch)
{
	free(atomic_exchange(&local->scratch, scratch));
}

/*
 * Where the first bytes of a message have been received: some in the caller's room, the
 * rest in the scratch memory. All in the latter, behind the head, costs one copy more
 * and a piece less, which is better for what is small.
 */
struct landing {
	char *room;
	size_t room_size; /* as far as it is received into */
	char *scratch;    /* NULL: not needed */
	char *rest;       /* within that: where it begins */
};

static bool landing_init(struct landing *landing, struct pipe_local *local,
			 const struct pipe_room *room)
{
	*landing = (struct landing){ 0 };
	if (room != NULL)
		landing->room = room->buffer;
	if (room != NULL && room->size > COPY_MAX)
		landing->room_size = room->size < PIPE_INLINE ? room->size : PIPE_INLINE;
	if (landing->room_size < PIPE_INLINE)
		landing->rest = landing->scratch = take_scratch(local);
	if (room != NULL && room->size <= COPY_MAX && landing->scratch != NULL)
		landing->rest += sizeof(struct head);
	return landing->scratch != NULL || landing->room_size == PIPE_INLINE;
}

static int land(int fd, const struct landing *landing, struct arrival *arrival, nsec_t deadline,
		struct error *error)
{
	size_t rest = PIPE_INLINE - landing->room_size;
	struct target target;
	struct iovec *next = target.pieces;
	if (landing->rest != landing->scratch) {
		*next++ = (struct iovec){ landing->scratch, sizeof(struct head) + rest };
	} else {
		*next++ = (struct iovec){ &arrival->head, sizeof arrival->head };
		if (landing->room_size > 0)
			*next++ = (struct iovec){ landing->room, landing->room_size };
		*next++ = (struct iovec){ landing->rest, rest };
	}
	target.count = (size_t)(next - target.pieces);
	return receive_whole(fd, &target, arrival, deadline, error);
}

/* Memory of its own for a message. */
static char *pipe_local_gather(const struct arrival *arrival, struct landing *landing)
{
	size_t size = (size_t)arrival->head.size;
	size_t first = arrival->size < landing->room_size ? arrival->size : landing->room_size;
	char *data;
	if (landing->room == NULL && size > COPY_MAX && size <= PIPE_INLINE) {
		data = realloc(landing->scratch, size + 1);
		landing->scratch = data != NULL ? NULL : landing->scratch;
		return data;
	}
	data = malloc(size + 1);
	if (data == NULL)
		return NULL;
	if (first > 0)
		memcpy(data, landing->room, first);
	if (arrival->size > first)
		memcpy(data + first, landing->rest, arrival->size - first);
	return data;
}

static int pipe_local_finish(struct arrival *arrival, struct landing *landing,
			     const struct pipe_room *room, struct pipe_message *message,
			     struct error *error)
{
	size_t size = (size_t)arrival->head.size;
	bool large = size > PIPE_INLINE;
	bool fits = room != NULL && size <= room->size && arrival->head.fd_count == 0;
	char *data = fits ? landing->room : pipe_local_gather(arrival, landing);
	if (data == NULL && !fits)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a message of %zu bytes",
				 size);
	message->size = size;
	if (fits && landing->room_size == 0 && size > 0)
		memcpy(data, landing->rest, size);
	if (!fits) {
		message->data = data;
		data[size] = '\0';
	}
	if (large)
		return read_spilled(arrival->fds[0], data + PIPE_INLINE, size - PIPE_INLINE, error);
	return RELEVO_OK;
}

int pipe_local_receive(struct pipe_local *local, const struct pipe_room *room,
		       struct pipe_message *message, nsec_t deadline, struct error *error)
{
	struct arrival arrival;
	struct landing landing;
	arrival.fd_count = 0;
	*message = (struct pipe_message){ 0 };
	if (!landing_init(&landing, local, room))
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a message");
	int status = land(local->fd, &landing, &arrival, deadline, error);
	if (status == RELEVO_OK)
		status = pipe_local_finish(&arrival, &landing, room, message, error);
	if (status == RELEVO_OK)
		status = keep_descriptors(&arrival, message, error);
	if (status != RELEVO_OK)
		pipe_message_fini(message);
	pipe_local_refuse(&arrival);
	if (landing.scratch != NULL)
		give_scratch(local, landing.scratch);
	return status;
}
