/* Starting a child by the fork server, and starting that server. */
#include "os/descriptor.h"
#include "process/forkserver.h"
#include "process/handover.h"
#include "process/process.h"
#include "process/reexec.h"
#include "transport/descriptors.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* The server of this process; a forked one has none. */
struct server {
	pid_t owner; /* 0: there is none */
	int pidfd;
	int socket;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct server server;
static pthread_once_t handlers_installed = PTHREAD_ONCE_INIT;

static void start_forkserver_before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void start_forkserver_in_parent(void)
{
	pthread_mutex_unlock(&lock);
}

/* The server ends when its socket is closed: a copy must not keep it. */
static void start_forkserver_in_child(void)
{
	if (server.owner != 0) {
		close(server.socket);
		close(server.pidfd);
	}
	server = (struct server){ 0 };
	pthread_mutex_unlock(&lock);
}

static void start_forkserver_install_handlers(void)
{
	pthread_atfork(start_forkserver_before_fork, start_forkserver_in_parent,
		       start_forkserver_in_child);
}

static void stop_server(void)
{
	if (server.owner == 0)
		return;
	close(server.socket);
	reexec_kill_aside(server.pidfd);
	server = (struct server){ 0 };
}

void start_forkserver_stop(void)
{
	pthread_mutex_lock(&lock);
	stop_server();
	pthread_mutex_unlock(&lock);
}

static int start_server(struct error *error)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0 ||
	    !descriptor_raise_pair(ends))
		return error_set_errno(error, RELEVO_SYSTEM, errno, "no socket for a fork server");
	pid_t pid;
	int status = reexec_start_aside(REEXEC_FORKSERVER, ends[1], &pid, &server.pidfd, error);
	close(ends[1]);
	if (status != RELEVO_OK) {
		close(ends[0]);
		return status;
	}
	server.socket = ends[0];
	server.owner = getpid();
	return RELEVO_OK;
}

/* ---- asking ------------------------------------------------------------------------ */

static bool send_request(int child_socket)
{
	char byte = 0;
	const struct iovec piece = { &byte, 1 };
	return descriptors_send(server.socket, &piece, &child_socket, 1, 0) == 1;
}

/* False when the server is gone. */
static bool receive_answer(struct forkserver_answer *answer, int fds[ANSWER_FDS])
{
	const struct iovec piece = { answer, sizeof *answer };
	size_t count = ANSWER_FDS;
	ssize_t got = descriptors_receive(server.socket, &piece, fds, &count, 0);
	/* The child ends by itself, since nobody tells it what to do. */
	if (got < 0 && errno == EMFILE)
		*answer = (struct forkserver_answer){ -1, EMFILE };
	else if (got != sizeof *answer || (answer->pid > 0 && count != ANSWER_FDS))
		return false;
	return true;
}

/* Ask the server, a new one if there is none or it has been killed. */
static int start_forkserver_ask(int child_socket, struct forkserver_answer *answer,
				int fds[ANSWER_FDS], struct error *error)
{
	for (int attempt = 0; attempt < 2; attempt++) {
		int status = server.owner == 0 ? start_server(error) : RELEVO_OK;
		if (status != RELEVO_OK)
			return status;
		if (send_request(child_socket) && receive_answer(answer, fds))
			return RELEVO_OK;
		stop_server();
	}
	return error_set(error, RELEVO_SYSTEM, "the fork server ends as soon as it is started");
}

static int fork_there(struct relevo_process *process, int child_socket, struct error *error)
{
	struct forkserver_answer answer;
	int fds[ANSWER_FDS];
	pthread_once(&handlers_installed, start_forkserver_install_handlers);
	pthread_mutex_lock(&lock);
	int status = start_forkserver_ask(child_socket, &answer, fds, error);
	pthread_mutex_unlock(&lock);
	if (status != RELEVO_OK)
		return status;
	if (answer.pid < 0)
		return error_set_process(error, answer.error, "the process \"%s\" cannot be forked",
					 process->name);
	process->pid = answer.pid;
	process->pidfd = fds[ANSWER_PIDFD];
	process->status_fd = fds[ANSWER_STATUS];
	return RELEVO_OK;
}

static void start_forkserver_forget(struct relevo_process *process)
{
	close(process->pidfd);
	close(process->status_fd);
	process->pid = 0;
	process->pidfd = process->status_fd = -1;
}

int start_forkserver(struct relevo_process *process, struct error *error)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ||
	    !descriptor_raise_pair(ends))
		return error_set_errno(error, RELEVO_SYSTEM, errno,
				       "no socket for the process \"%s\"", process->name);
	int status = fork_there(process, ends[1], error);
	close(ends[1]);
	if (status == RELEVO_OK) {
		/* A child that does not take it has ended, or ends by itself. */
		status = handover_give(ends[0], process, error);
		if (status != RELEVO_OK)
			start_forkserver_forget(process);
	}
	close(ends[0]);
	return status;
}
