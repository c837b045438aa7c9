/*
 * Runs one test program and fails it for what it leaves behind.
 *
 * usage: runner PROGRAM [ARGUMENT...]
 *
 * The program gets a TMPDIR and an XDG_RUNTIME_DIR of its own, no RELEVO_URL,
 * and a process group. After its end, processes that it started may take two
 * more seconds to end by themselves (a private broker does); what then remains
 * is killed. Every finding is a line "runner: ..." and makes the exit status 1,
 * unless the program's own status is worse already.
 *
 * RELEVO_TEST_TIMEOUT: seconds that the program may take, 120 when unset.
 * RELEVO_TEST_SHM: the folder to watch for shared memory, /dev/shm when unset.
 */
#include "support/runner.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT 120
#define GRACE_SECONDS   2

static int findings;

void complain(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fputs("runner: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	findings++;
}

static long read_timeout(void)
{
	const char *text = getenv("RELEVO_TEST_TIMEOUT");
	long seconds = text != NULL ? strtol(text, NULL, 10) : 0;
	return seconds > 0 ? seconds : DEFAULT_TIMEOUT;
}

/* The signals that the runner waits for instead of being interrupted by. */
static sigset_t waited_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	return set;
}

static pid_t start(char **command, const struct folders *folders)
{
	sigset_t set = waited_signals();
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid_t pid = fork();
	if (pid != 0) {
		if (pid > 0)
			setpgid(pid, pid);
		return pid;
	}
	setpgid(0, 0);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* A shell's background job ignores these; the tests count on what they do. */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	setenv("TMPDIR", folders->temporary, 1);
	setenv("XDG_RUNTIME_DIR", folders->runtime, 1);
	unsetenv("RELEVO_URL");
	execvp(command[0], command);
	fprintf(stderr, "runner: cannot run %s: %s\n", command[0], strerror(errno));
	_exit(127);
}

static int exit_status(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	complain("killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	return 128 + WTERMSIG(status);
}

/* Wait for the program and store its exit status. False when it did not end by
 * itself. */
static bool wait_for_program(pid_t pid, long seconds, int *result)
{
	struct timespec deadline = deadline_in(seconds);
	sigset_t set = waited_signals();
	for (;;) {
		int status;
		if (waitpid(pid, &status, WNOHANG) == pid) {
			*result = exit_status(status);
			return true;
		}
		int signal = wait_signal(&set, &deadline);
		if (signal == SIGCHLD)
			continue;
		if (signal == 0)
			complain("time-out: killed after %ld s", seconds);
		else
			complain("interrupted by signal %d", signal);
		kill(-pid, SIGKILL);
		*result = signal == 0 ? 124 : 128 + signal;
		return false;
	}
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fputs("usage: runner PROGRAM [ARGUMENT...]\n", stderr);
		return 2;
	}
	const char *shm = getenv("RELEVO_TEST_SHM");
	struct folders folders;
	if (!folders_make(&folders, shm != NULL ? shm : "/dev/shm"))
		return 2;
	/* Orphans of the program become children of the runner. And it ends, with
	 * all it started, if whoever runs it is killed. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	pid_t pid = start(argv + 1, &folders);
	if (pid < 0) {
		fprintf(stderr, "runner: cannot fork: %s\n", strerror(errno));
		folders_remove(&folders);
		return 2;
	}
	int status;
	if (wait_for_program(pid, read_timeout(), &status)) {
		processes_end(GRACE_SECONDS, true);
		folders_check(&folders);
	} else {
		/* What it had no chance to clean up is not worth a word. */
		processes_end(0, false);
	}
	folders_remove(&folders);
	return status == 0 && findings > 0 ? 1 : status;
}
