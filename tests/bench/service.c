/* Starting a server with all that belongs to it, and ending all of it. */
#include "bench/service.h"

#include "bench/actors.h"
#include "bench/die.h"
#include "bench/folder.h"
#include "bench/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAUSE_MSEC = 5, STOP_MSEC = 20000, START_MSEC = 60000 };

/* What the keeper is told, besides the end of the bench. */
static const char ask_to_end = 'T';

/* ---- the server ----------------------------------------------------------- */

static _Noreturn void become_server(pid_t keeper, const char *const *words)
{
	int output = open("output", O_WRONLY | O_CREAT | O_APPEND, 0600);
	int nothing = open("/dev/null", O_RDONLY);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	end_with_parent(keeper);
	dup2(nothing, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	execvp(words[0], (char *const *)words);
	perror(words[0]);
	_exit(1);
}

/* ---- its keeper ----------------------------------------------------------- */

static void kill_children(void)
{
	int pid;
	FILE *children = fopen("/proc/thread-self/children", "re");
	if (children == NULL)
		return;
	while (fscanf(children, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	fclose(children);
}

/* Whatever has lost its parent is a child of the keeper. */
static void end_all(pid_t server)
{
	kill(server, SIGKILL);
	do {
		kill_children();
	} while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
}

/* Whether it was still there when it was to end. */
static bool wait_for_end(int server_fd, int lifeline)
{
	struct pollfd entries[] = { { server_fd, POLLIN, 0 }, { lifeline, POLLIN, 0 } };
	char byte = '\0';
	while (poll(entries, 2, -1) < 0 && errno == EINTR)
		continue;
	if (entries[0].revents != 0)
		return false;
	if (read(lifeline, &byte, 1) == 1 && byte == ask_to_end) {
		/* Its number is not another's: it has not been waited for. */
		pidfd_send_signal(server_fd, SIGTERM, NULL, 0);
		while (poll(entries, 1, STOP_MSEC) < 0 && errno == EINTR)
			continue;
	}
	return true;
}

struct plan {
	const char *folder;
	const char *const *words;
	int report;   /* where the number of the server goes */
	int lifeline; /* when to end */
};

/* It keeps the folder, too. */
static _Noreturn void keep(const struct plan *plan)
{
	int fds[] = { plan->report, plan->lifeline, folder_lifeline() };
	guard_begin(fds, sizeof fds / sizeof *fds);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (chdir(plan->folder) < 0)
		die_errno(plan->folder);
	pid_t keeper = getpid(), server = fork();
	if (server < 0)
		die_errno("fork");
	if (server == 0)
		become_server(keeper, plan->words);
	int server_fd = pidfd_open(server, 0);
	if (server_fd < 0 || write(fds[0], &server, sizeof server) != sizeof server)
		die_errno("the keeper of a server");
	bool was_there = wait_for_end(server_fd, fds[1]);
	end_all(server);
	_exit(was_there ? 0 : 1);
}

/* ---- in the bench --------------------------------------------------------- */

void service_start(struct service *service, const char *folder, const char *const *words)
{
	int report[2], lifeline[2];
	if (pipe2(report, O_CLOEXEC) < 0 || pipe2(lifeline, O_CLOEXEC) < 0)
		die_errno("pipe");
	fflush(NULL);
	service->program = words[0];
	service->folder = folder;
	service->keeper = fork();
	if (service->keeper < 0)
		die_errno("fork");
	if (service->keeper == 0)
		keep(&(struct plan){ folder, words, report[1], lifeline[0] });
	close(report[1]);
	close(lifeline[0]);
	if (read(report[0], &service->pid, sizeof service->pid) != sizeof service->pid)
		die("%s cannot be started", service->program);
	close(report[0]);
	service->lifeline = lifeline[1];
}

void service_kill(struct service *service)
{
	close(service->lifeline);
	expect_success(service->keeper, service->program);
}

void service_stop(struct service *service)
{
	/* One that has ended already is seen by its keeper. */
	(void)!write(service->lifeline, &ask_to_end, 1);
	service_kill(service);
}

static _Noreturn void tell_of_end(const struct service *service)
{
	char path[FOLDER_PATH + 16], line[512];
	snprintf(path, sizeof path, "%s/output", service->folder);
	FILE *output = fopen(path, "re");
	while (output != NULL && fgets(line, sizeof line, output) != NULL)
		fputs(line, stderr);
	die("%s has ended", service->program);
}

/* None of them tells when it is ready. */
static void await(const struct service *service, const struct sockaddr *address, socklen_t size)
{
	for (int msec = 0; msec < START_MSEC; msec += PAUSE_MSEC) {
		int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int connected = connect(fd, address, size);
		close(fd);
		if (connected == 0)
			return;
		if (waitpid(service->keeper, NULL, WNOHANG) != 0)
			tell_of_end(service);
		poll(NULL, 0, PAUSE_MSEC);
	}
	die("%s does not listen", service->program);
}

void service_await_port(const struct service *service, in_port_t port)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons(port),
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	await(service, (const struct sockaddr *)&address, sizeof address);
}

void service_await_socket(const struct service *service, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (snprintf(address.sun_path, sizeof address.sun_path, "%s", path) >=
	    (int)sizeof address.sun_path)
		die("the path %s is too long for a socket: choose a shorter RELEVO_BENCH_DIR",
		    path);
	await(service, (const struct sockaddr *)&address, sizeof address);
}

in_port_t service_free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		die_errno("a free port");
	close(fd);
	return ntohs(address.sin_port);
}
