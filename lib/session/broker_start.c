/* Starting a relevod that stays in the background, and why one did not come to be. */
#include "session/broker_start.h"

#include "base/mutant.h"
#include "os/descriptor.h"
#include "os/readable.h"
#include "session/broker_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Above all that a broker inherits. */
enum { FIRST_FREE_FD = STDERR_FILENO + 1 + BROKER_START_INHERITED };

int broker_start_move_up(int fd)
{
	if (fd < 0)
		return fd;
	int moved = descriptor_copy(fd, FIRST_FREE_FD);
	int saved = errno;
	close(fd);
	errno = saved;
	return moved;
}

bool broker_start_pipe(int *read_end, int *write_end)
{
	int pair[2];
	if (pipe2(pair, O_CLOEXEC) != 0)
		return false;
	*read_end = broker_start_move_up(pair[0]);
	*write_end = broker_start_move_up(pair[1]);
	return *read_end >= 0 && *write_end >= 0;
}

/* The broker gets its descriptors and nothing else of this program: no files, no signal
 * mask, no terminal. What it says once it is there, nobody reads. */
static int broker_start_spawn(const char *program, const struct broker_start *start, int said,
			      pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t signals;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&files, said, STDERR_FILENO);
	int next = STDERR_FILENO + 1;
	for (size_t i = 0; i < start->inherited_count; i++)
		posix_spawn_file_actions_adddup2(&files, start->inherited[i], next++);
	posix_spawn_file_actions_addclosefrom_np(&files, next);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	sigemptyset(&signals);
	posix_spawnattr_setsigmask(&attributes, &signals);
	sigfillset(&signals);
	posix_spawnattr_setsigdefault(&attributes, &signals);

	const char *arguments[BROKER_START_ARGUMENTS + 3] = { program, "--private" };
	for (size_t i = 0; i < BROKER_START_ARGUMENTS; i++)
		arguments[i + 2] = start->arguments[i];
	int failure =
		posix_spawnp(pid, program, &files, &attributes, (char *const *)arguments, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return failure;
}

/* TIMED_OUT: it has not ended. A program that ignores SIGCHLD may have lost it already. */
static int broker_start_wait_for_end(pid_t pid, nsec_t deadline)
{
	if (MUTANT(private_broker_takes_its_time))
		deadline += 5 * NSEC_PER_SEC;
	int fd = pidfd_open(pid, 0);
	if (fd < 0)
		return errno == ESRCH ? RELEVO_OK : error_descriptor_status(errno);
	bool ended = readable_until(fd, deadline);
	close(fd);
	return ended ? RELEVO_OK : RELEVO_TIMED_OUT;
}

/* False: a program that ignores SIGCHLD has no states of its children. */
static bool broker_start_reap(pid_t pid, int *state)
{
	pid_t ended;
	do
		ended = waitpid(pid, state, 0);
	while (ended < 0 && errno == EINTR);
	return ended == pid;
}

/* Why it has ended, of all that it said: "reason" in the last line of relevod's log, else the
 * first line. "": it said nothing. */
static const char *find_reason(char *text)
{
	static const char key[] = "reason=\"";
	char *reason = text;
	for (char *next = text; (next = strstr(next, key)) != NULL; reason = next)
		next += strlen(key);
	reason[strcspn(reason, "\n")] = '\0';
	size_t length = strlen(reason);
	if (reason != text && length > 0 && reason[length - 1] == '"')
		reason[length - 1] = '\0';
	return reason;
}

/* The status in the last line of the log that has one; NO_BROKER: none has, or nobody's. */
static int find_status(const char *text)
{
	static const int told[] = {
		RELEVO_DENIED,  RELEVO_NOT_FOUND, RELEVO_ADDRESS_IN_USE, RELEVO_STORAGE,
		RELEVO_DAMAGED, RELEVO_NO_MEMORY, RELEVO_NO_DESCRIPTORS,
	};
	static const char key[] = "status=\"";
	const char *last = NULL;
	for (const char *next = text; (next = strstr(next, key)) != NULL; last = next)
		next += strlen(key);
	for (size_t i = 0; last != NULL && i < sizeof told / sizeof told[0]; i++) {
		const char *name = relevo_error_name(told[i]);
		size_t length = strlen(name);
		if (strncmp(last, name, length) == 0 && last[length] == '"')
			return told[i];
	}
	return RELEVO_NO_BROKER;
}

/* It has ended, so all is there; what it has left in the background must not hold this up. */
static const char *read_reason(int fd, char *text, size_t size, int *status)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	ssize_t got = read(fd, text, size - 1);
	text[got > 0 ? got : 0] = '\0';
	for (char *byte = text; *byte != '\0'; byte++) {
		if (*byte != '\n' && ((unsigned char)*byte < 0x20 || (unsigned char)*byte > 0x7e))
			*byte = '?';
	}
	*status = find_status(text);
	return find_reason(text);
}

/* What has been started, and leaves a broker behind. */
struct launch {
	const char *program;
	pid_t pid;
	int said; /* its standard error */
};

/* Whether it runs is told by how it ended; where nobody knows that, by the first call. */
static int broker_start_outcome(const struct broker_start *start, const struct launch *launch,
				int *told, struct error *error)
{
	int state;
	char text[1024];
	if (!broker_start_reap(launch->pid, &state) ||
	    (WIFEXITED(state) && WEXITSTATUS(state) == 0))
		return RELEVO_OK;
	const char *reason = MUTANT(broker_fails_silently)
				     ? ""
				     : read_reason(launch->said, text, sizeof text, told);
	return error_set(error, RELEVO_NO_BROKER, "%s; and %s, a private one, ended with %s %d%s%s",
			 start->why, launch->program, WIFEXITED(state) ? "status" : "signal",
			 WIFEXITED(state) ? WEXITSTATUS(state) : WTERMSIG(state),
			 reason[0] != '\0' ? ": " : "", reason);
}

/* relevod --private leaves a broker in the background and ends. One that does not, or that
 * cannot be waited for, goes; what it has left in the background ends with the pipe. */
static int wait_until_detached(const struct broker_start *start, const struct launch *launch,
			       int *told, struct error *error)
{
	int state;
	int status = broker_start_wait_for_end(launch->pid, start->deadline);
	if (status == RELEVO_OK)
		return broker_start_outcome(start, launch, told, error);
	kill(launch->pid, SIGKILL);
	broker_start_reap(launch->pid, &state);
	return error_set(
		error, status, "%s; and %s, a private one, %s", start->why, launch->program,
		status == RELEVO_TIMED_OUT ? "does not start in time" : "cannot be waited for");
}

int broker_start(const struct broker_start *start, int *told, struct error *error)
{
	char room[PATH_MAX];
	const char *program = broker_path(start->program, room, sizeof room);
	int said_read = -1, said_write = -1; /* its standard error, until it is there */
	int status;
	*told = RELEVO_NO_BROKER;
	if (!broker_start_pipe(&said_read, &said_write)) {
		status = error_set_errno(error, error_descriptor_status(errno), errno,
					 "no pipe for the private broker can be made");
	} else {
		struct launch launch = { .program = program, .said = said_read };
		int failure = broker_start_spawn(program, start, said_write, &launch.pid);
		if (failure != 0)
			status = error_set_errno(error, RELEVO_NO_BROKER, failure,
						 "%s; and %s, a private one, cannot be started",
						 start->why, program);
		else
			status = wait_until_detached(start, &launch, told, error);
	}
	if (said_read >= 0)
		close(said_read);
	if (said_write >= 0)
		close(said_write);
	return status;
}
