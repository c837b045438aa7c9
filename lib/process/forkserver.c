/* The fork server's own side: it forks children and tells how they ended. */
#include "process/forkserver.h"

#include "base/mutant.h"
#include "os/descriptor.h"
#include "os/event_set.h"
#include "process/child.h"
#include "process/inherited.h"
#include "transport/descriptors.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct served {
	pid_t pid;
	int pidfd;
	int status_fd; /* of the pipe to the one that asked */
};

static struct served *children;
static struct event_set events; /* named by the children's ids; the socket by 0 */
static size_t count, capacity;

/* Room for one more, before it exists. */
static bool forkserver_make_room(void)
{
	if (count < capacity)
		return true;
	size_t more = capacity > 0 ? 2 * capacity : 16;
	struct served *grown = realloc(children, more * sizeof *grown);
	if (grown != NULL)
		children = grown;
	if (grown == NULL)
		return false;
	capacity = more;
	return true;
}

/* ---- asking and answering ------------------------------------------------------ */

/* The socket of a child: 1; -1: it did not come, see errno; 0: nobody will ask any more. */
static int take_request(int socket, int *fd)
{
	char byte;
	size_t fds = 1;
	const struct iovec piece = { &byte, 1 };
	ssize_t got = descriptors_receive(socket, &piece, fd, &fds, 0);
	if (got < 0)
		return -1;
	return got == 1 && fds == 1;
}

/* One that is gone is seen when it is read from. */
static void send_answer(int socket, const struct forkserver_answer *answer, const int *fds,
			size_t fd_count)
{
	const struct iovec piece = { (void *)(uintptr_t)answer, sizeof *answer };
	descriptors_send(socket, &piece, fds, fd_count, 0);
}

/* ---- children ---------------------------------------------------------------------- */

/* In the child: nothing of the server's is left, descriptors least of all. */
static _Noreturn void forkserver_be_child(int socket)
{
	enum { SOCKET_FD = 3 };
	if (socket != SOCKET_FD)
		dup3(socket, SOCKET_FD, O_CLOEXEC);
	if (!MUTANT(server_leaks_descriptors))
		close_range(SOCKET_FD + 1, ~0U, 0);
	free(children);
	children = NULL;
	events.fd = -1;
	signal(SIGINT, SIG_DFL);
	child_by_handover(SOCKET_FD);
}

/* A pidfd whose end will be told; -1, with errno set: there is none. */
static int watch_child(pid_t pid)
{
	struct error error;
	int pidfd = descriptor_raise(pidfd_open(pid, 0));
	if (pidfd < 0 || event_set_add(&events, pidfd, (uint64_t)pid, &error) == RELEVO_OK)
		return pidfd;
	close(pidfd);
	errno = ENOMEM;
	return -1;
}

/* Fork it; the errno of a failure. */
static int fork_child(int socket, struct served *child, int *status_read)
{
	int ends[2];
	if (!forkserver_make_room())
		return ENOMEM;
	if (pipe2(ends, O_CLOEXEC) < 0 || !descriptor_raise_pair(ends))
		return errno;
	pid_t pid = fork();
	if (pid == 0)
		forkserver_be_child(socket);
	int failure = pid < 0 ? errno : 0;
	int pidfd = pid > 0 ? watch_child(pid) : -1;
	if (pid > 0 && pidfd < 0) {
		failure = errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	if (failure != 0) {
		close(ends[0]);
		close(ends[1]);
		return failure;
	}
	*child = (struct served){ .pid = pid, .pidfd = pidfd, .status_fd = ends[1] };
	*status_read = ends[0];
	return 0;
}

static void forkserver_serve(int socket, int child_socket)
{
	struct served child;
	int fds[ANSWER_FDS] = { -1, -1 };
	int failure = fork_child(child_socket, &child, &fds[ANSWER_STATUS]);
	close(child_socket);
	if (failure != 0) {
		send_answer(socket, &(struct forkserver_answer){ -1, failure }, NULL, 0);
		return;
	}
	children[count++] = child;
	fds[ANSWER_PIDFD] = child.pidfd;
	send_answer(socket, &(struct forkserver_answer){ child.pid, 0 }, fds, ANSWER_FDS);
	close(fds[ANSWER_STATUS]);
}

static struct served *find_child(uint64_t pid)
{
	for (size_t i = 0; i < count; i++) {
		if ((uint64_t)children[i].pid == pid)
			return &children[i];
	}
	return NULL;
}

static void forkserver_reap(struct served *child)
{
	siginfo_t info = { 0 };
	if (child == NULL)
		return;
	/* Who asked for the child has the same file, so closing this does not take it out. */
	event_set_remove(&events, child->pidfd);
	if (waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED) == 0) {
		int code = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
		/* Nobody may want to know. */
		ssize_t written = write(child->status_fd, &code, sizeof code);
		(void)written;
	}
	close(child->status_fd);
	close(child->pidfd);
	*child = children[--count];
}

/* Somebody asks for a child, or will not any more. */
static void on_request(int socket)
{
	int child_socket;
	int asked = take_request(socket, &child_socket);
	if (asked == 0 || (asked < 0 && errno != EMFILE))
		_exit(EXIT_SUCCESS);
	if (asked > 0)
		forkserver_serve(socket, child_socket);
	else
		send_answer(socket, &(struct forkserver_answer){ -1, EMFILE }, NULL, 0);
}

/* What is inherited of signals is not what a server needs: what the terminal says is for the
 * program and its children, whose ends have to be told. */
static void set_signals(void)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
}

void forkserver_run(int socket)
{
	uint64_t names[EVENT_SET_MOST];
	struct error error;
	int found;
	set_signals();
	inherited_prepare();
	if (event_set_open(&events, &error) != RELEVO_OK ||
	    event_set_add(&events, socket, 0, &error) != RELEVO_OK)
		_exit(EXIT_FAILURE);
	while (event_set_wait(&events, NSEC_NEVER, names, &found, &error) == RELEVO_OK) {
		for (int i = 0; i < found; i++) {
			if (names[i] == 0)
				on_request(socket);
			else
				forkserver_reap(find_child(names[i]));
		}
	}
	_exit(EXIT_FAILURE);
}
