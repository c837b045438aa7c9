/* Making the two ends of a local pipe: a pair of sockets, passed as descriptors. */
#include "route/sockets.h"

#include "base/mutant.h"
#include "net/descriptor.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* What an end may cost while it is on its way. */
enum { END_COST = 4096 };

static int sockets_take_over(int fd, struct account *account, void **end, struct error *error)
{
	if (!account_charge(account, END_COST)) {
		close(fd);
		return error_set(error, RELEVO_QUOTA,
				 "user %u has no share of the broker's memory left for a pipe",
				 account->uid);
	}
	*end = descriptor_new(fd, account, END_COST);
	if (*end == NULL) {
		account_release(account, END_COST);
		close(fd);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a pipe");
	}
	return RELEVO_OK;
}

static void sockets_release(void *end)
{
	descriptor_drop(end);
}

static int sockets_make(struct account *account, void *ends[2], struct error *error)
{
	int fds[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno,
				       "the broker cannot make a pipe");
	int status = descriptor_check_room(fds[1], "a pipe", error);
	if (status != RELEVO_OK) {
		close(fds[0]);
		close(fds[1]);
		return status;
	}
	status = sockets_take_over(fds[0], account, &ends[0], error);
	if (status != RELEVO_OK) {
		close(fds[1]);
		return status;
	}
	status = sockets_take_over(fds[1], account, &ends[1], error);
	if (status != RELEVO_OK && !MUTANT(half_made_pipe_kept))
		sockets_release(ends[0]);
	return status;
}

const struct pipe_source socket_source = { sockets_make, sockets_release };
