#include "examples/words/children.h"

#include "examples/words/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Descriptors under which the broker finds its ends of the pipes. */
enum { BROKER_READY = 3, BROKER_LIFELINE = 4 };

static bool failed(const char *what, int code)
{
	fprintf(stderr, "word_count: %s: %s\n", what, strerror(code));
	return false;
}

/* ---- starting the broker ---------------------------------------------- */

static bool make_folder(struct children *children)
{
	const char *parent = secure_getenv("TMPDIR");
	snprintf(children->folder, sizeof children->folder, "%s/word_count-XXXXXX",
		 parent != NULL && parent[0] != '\0' ? parent : "/tmp");
	if (mkdtemp(children->folder) != NULL)
		return true;
	int code = errno;
	children->folder[0] = '\0';
	return failed("a folder for the broker's socket", code);
}

/* Give the broker its ends of the two pipes under the numbers it is told; all
 * else that is open here closes by itself (O_CLOEXEC). */
static int spawn_broker(struct children *children, int ready, int lifeline)
{
	char socket[CHILDREN_URL_MAX];
	snprintf(socket, sizeof socket, "ipc://%s/broker.sock", children->folder);
	char *arguments[] = { (char *)"relevod",
			      (char *)"--listen",
			      socket,
			      (char *)"--listen",
			      (char *)"tcp://127.0.0.1:0",
			      (char *)"--ready-fd",
			      (char *)"3",
			      (char *)"--until-eof",
			      (char *)"4",
			      (char *)"--log-level",
			      (char *)"error",
			      NULL };
	posix_spawn_file_actions_t actions;
	int code = posix_spawn_file_actions_init(&actions);
	if (code != 0)
		return code;
	code = posix_spawn_file_actions_adddup2(&actions, ready, BROKER_READY);
	if (code == 0)
		code = posix_spawn_file_actions_adddup2(&actions, lifeline, BROKER_LIFELINE);
	if (code == 0)
		code = posix_spawn(&children->broker, RELEVOD, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

/* The broker writes its URLs, one a line, once it can be reached. */
static bool read_urls(struct children *children, int fd)
{
	FILE *lines = fdopen(fd, "r");
	if (lines == NULL) {
		close(fd);
		return failed("reading the broker's addresses", errno);
	}
	bool got = fgets(children->local_url, sizeof children->local_url, lines) != NULL &&
		   fgets(children->tcp_url, sizeof children->tcp_url, lines) != NULL;
	fclose(lines);
	if (!got) {
		fputs("word_count: the broker did not start\n", stderr);
		return false;
	}
	children->local_url[strcspn(children->local_url, "\n")] = '\0';
	children->tcp_url[strcspn(children->tcp_url, "\n")] = '\0';
	return true;
}

/* A pipe whose ends lie above the numbers that the broker finds them under: so
 * neither is overwritten by the other's dup2(). */
static bool make_pipe(int ends[2])
{
	int made[2];
	if (pipe2(made, O_CLOEXEC) < 0)
		return failed("a pipe to the broker", errno);
	for (int i = 0; i < 2; i++) {
		ends[i] = fcntl(made[i], F_DUPFD_CLOEXEC, BROKER_LIFELINE + 1);
		close(made[i]);
	}
	if (ends[0] >= 0 && ends[1] >= 0)
		return true;
	failed("a pipe to the broker", errno);
	for (int i = 0; i < 2; i++) {
		if (ends[i] >= 0)
			close(ends[i]);
	}
	return false;
}

bool children_start_broker(struct children *children)
{
	int ready[2], lifeline[2];
	if (!make_folder(children) || !make_pipe(ready))
		return false;
	if (!make_pipe(lifeline)) {
		close(ready[0]);
		close(ready[1]);
		return false;
	}
	int code = spawn_broker(children, ready[1], lifeline[0]);
	close(ready[1]);
	close(lifeline[0]);
	children->lifeline = lifeline[1];
	if (code != 0) {
		close(ready[0]);
		return failed("starting " RELEVOD, code);
	}
	interrupt_pass_to(children->broker);
	return read_urls(children, ready[0]);
}

/* ---- the other host's program ----------------------------------------- */

bool children_start_remote(struct children *children, const char *pool, int processes)
{
	char number[16];
	snprintf(number, sizeof number, "%d", processes);
	char *arguments[] = { (char *)"word_count",
			      (char *)"--serve",
			      children->tcp_url,
			      (char *)pool,
			      (char *)"-j",
			      number,
			      NULL };
	int code = posix_spawn(&children->remote, "/proc/self/exe", NULL, NULL, arguments, environ);
	return code == 0 || failed("starting this program once more", code);
}

bool children_remote_runs(const struct children *children)
{
	siginfo_t state = { 0 };
	/* WNOWAIT: children_end() collects it. */
	int options = WEXITED | WNOHANG | WNOWAIT;
	return waitid(P_PID, (id_t)children->remote, &state, options) == 0 && state.si_pid == 0;
}

/* ---- the end ---------------------------------------------------------- */

/* Whether the child ends within so many milliseconds. */
static bool ends(pid_t child, int patience)
{
	int fd = pidfd_open(child, 0);
	if (fd < 0)
		return false;
	struct pollfd death = { .fd = fd, .events = POLLIN };
	int ready;
	while ((ready = poll(&death, 1, patience)) < 0 && errno == EINTR)
		continue;
	close(fd);
	return ready > 0;
}

static void collect(pid_t child)
{
	enum { PATIENCE = 5000 };
	if (!ends(child, PATIENCE))
		kill(child, SIGTERM);
	if (!ends(child, PATIENCE))
		kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
}

static void end_broker(struct children *children)
{
	/* Before its pid can become somebody else's. */
	interrupt_pass_to(0);
	kill(children->broker, SIGTERM);
	collect(children->broker);
}

/* The broker removes its files; one that was killed could not. */
static void remove_folder(const struct children *children)
{
	static const char *const files[] = { "broker.sock", "broker.sock.lock" };
	char path[CHILDREN_URL_MAX];
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", children->folder, files[i]);
		unlink(path);
	}
	rmdir(children->folder);
}

void children_end(struct children *children)
{
	if (children->remote > 0)
		collect(children->remote);
	if (children->broker > 0)
		end_broker(children);
	if (children->lifeline > 0)
		close(children->lifeline);
	if (children->folder[0] != '\0')
		remove_folder(children);
	*children = (struct children){ 0 };
}
