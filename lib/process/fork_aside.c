/* Forking a process that is not a child of this one: see fork_aside.h. */
#include "process/fork_aside.h"

#include "os/descriptor.h"
#include "transport/descriptors.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What comes back, with the pidfd of a process that was made. */
struct aside_answer {
	pid_t pid;
	int error; /* of errno; 0: there is such a process */
};

static bool aside_tell(int socket, const struct aside_answer *answer, const int *fds, size_t count)
{
	const struct iovec piece = { (void *)(uintptr_t)answer, sizeof *answer };
	return descriptors_send(socket, &piece, fds, count, 0) == sizeof *answer;
}

/* In the new process. By its own hand: its number cannot be another's yet. */
static bool aside_introduce(int socket)
{
	struct aside_answer answer = { .pid = getpid() };
	int self = descriptor_raise(pidfd_open(answer.pid, 0));
	if (self < 0) {
		answer.error = errno;
		aside_tell(socket, &answer, NULL, 0);
		return false;
	}
	bool told = aside_tell(socket, &answer, &self, 1);
	close(self);
	return told;
}

/* In the process between. Returns in the new one only. */
static void aside_be_between(int socket)
{
	pid_t pid = fork();
	if (pid < 0)
		aside_tell(socket, &(struct aside_answer){ .error = errno }, NULL, 0);
	if (pid != 0)
		_exit(EXIT_SUCCESS);
	if (!aside_introduce(socket))
		_exit(EXIT_FAILURE);
}

static pid_t aside_take_answer(int socket, int *pidfd)
{
	struct aside_answer answer;
	const struct iovec piece = { &answer, sizeof answer };
	size_t count = 1;
	ssize_t got = descriptors_receive(socket, &piece, pidfd, &count, 0);
	if (got < 0)
		return -1;
	if (got == sizeof answer && answer.error == 0 && count == 1)
		return answer.pid;
	/* Somebody has killed it before it could say a word. */
	errno = got == sizeof answer && answer.error != 0 ? answer.error : ESRCH;
	return -1;
}

/* The program may have waited for it already. */
static void aside_reap(pid_t between)
{
	while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
		continue;
}

static pid_t aside_fork_over(const int ends[2], int *pidfd)
{
	pid_t between = fork();
	if (between == 0) {
		close(ends[0]);
		aside_be_between(ends[1]);
		close(ends[1]);
		return 0;
	}
	int failure = errno;
	close(ends[1]);
	pid_t pid = -1;
	if (between > 0) {
		pid = aside_take_answer(ends[0], pidfd);
		failure = errno;
		aside_reap(between);
	}
	close(ends[0]);
	errno = failure;
	return pid;
}

/* No signal ends the process between on its way. */
pid_t fork_aside(int *pidfd)
{
	int ends[2];
	sigset_t all, before;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0 ||
	    !descriptor_raise_pair(ends))
		return -1;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	pid_t pid = aside_fork_over(ends, pidfd);
	int failure = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = failure;
	return pid;
}
