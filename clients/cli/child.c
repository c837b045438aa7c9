/* Finding and starting a command as a child, waiting for its end, and passing signals on. */
#include "cli/child.h"

#include "cli/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void child_prepare(struct child *child)
{
	sigemptyset(&child->waited);
	sigaddset(&child->waited, SIGCHLD);
	sigaddset(&child->waited, SIGTERM);
	sigaddset(&child->waited, SIGINT);
	sigaddset(&child->waited, SIGHUP);
	sigaddset(&child->waited, SIGQUIT);
	/* Whoever started this one may have ignored it: then there are no ends to
	 * wait for. */
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, &child->waited, &child->before);
}

void child_forget(struct child *child)
{
	sigprocmask(SIG_SETMASK, &child->before, NULL);
}

/* In the child. execvp(3) has /bin/sh run what is a script and does not say so. */
static _Noreturn void child_become(const struct child *child, char *const *command, int report)
{
	/* Only this program wants errors instead of SIGPIPE. */
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &child->before, NULL);
	execvp(command[0], command);
	int trouble = errno;
	ssize_t written = write(report, &trouble, sizeof trouble);
	(void)written;
	_exit(EXIT_FAILURE);
}

int child_start(struct child *child, char *const *command)
{
	int ends[2], trouble = 0;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	fflush(NULL);
	child->pid = fork();
	if (child->pid == 0)
		child_become(child, command, ends[1]);
	int failure = child->pid < 0 ? errno : 0;
	close(ends[1]);
	/* Nothing comes from one that has become the command. */
	if (failure == 0 && streams_read(ends[0], &trouble, sizeof trouble) == sizeof trouble) {
		waitpid(child->pid, NULL, 0);
		failure = trouble;
	}
	close(ends[0]);
	return failure;
}

/* As execvp(3) looks for it: an errno. */
static int find_in(const char *path, const char *command)
{
	char place[PATH_MAX];
	bool denied = false;
	for (;; path++) {
		size_t length = strcspn(path, ":");
		snprintf(place, sizeof place, "%.*s%s%s", (int)length, path, length > 0 ? "/" : "",
			 command);
		if (faccessat(AT_FDCWD, place, X_OK, AT_EACCESS) == 0)
			return 0;
		denied = denied || errno == EACCES;
		path += length;
		if (*path == '\0')
			return denied ? EACCES : ENOENT;
	}
}

int child_find(const char *command)
{
	const char *path = secure_getenv("PATH");
	if (strchr(command, '/') != NULL)
		return faccessat(AT_FDCWD, command, X_OK, AT_EACCESS) == 0 ? 0 : errno;
	return find_in(path != NULL ? path : "/bin:/usr/bin", command);
}

/* What a terminal sends, it sends to the child as well. */
static bool child_was_sent_here(const siginfo_t *info)
{
	return info->si_code <= 0;
}

static bool child_has_ended(const struct child *child, int *status)
{
	int state;
	pid_t ended;
	/* Others are orphans that this process has adopted. */
	do
		ended = waitpid(-1, &state, WNOHANG);
	while (ended > 0 && ended != child->pid);
	/* Nobody will ever know how. */
	if (ended < 0 && errno == ECHILD) {
		*status = EXIT_FAILURE;
		return true;
	}
	if (ended != child->pid)
		return false;
	*status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
	return true;
}

bool child_wait(struct child *child, long msec, int *status)
{
	const struct timespec patience = { msec / 1000, msec % 1000 * 1000000 };
	while (!child_has_ended(child, status)) {
		siginfo_t info;
		int number = sigtimedwait(&child->waited, &info, &patience);
		if (number < 0 && errno == EAGAIN)
			return false;
		if (number > 0 && number != SIGCHLD && child_was_sent_here(&info))
			kill(child->pid, number);
	}
	return true;
}

bool child_wait_for_rest(struct child *child, long msec)
{
	const struct timespec patience = { msec / 1000, msec % 1000 * 1000000 };
	pid_t ended;
	int number;
	do {
		while ((ended = waitpid(-1, NULL, WNOHANG)) > 0)
			continue;
		if (ended < 0 && errno == ECHILD)
			return true;
		number = sigtimedwait(&child->waited, NULL, &patience);
	} while (number == SIGCHLD || (number < 0 && errno == EINTR));
	return false;
}
