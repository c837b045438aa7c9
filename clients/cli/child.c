/* Finding and starting a command as a child, waiting for its end, and passing signals on. */
#include "cli/child.h"

#include "cli/signals.h"
#include "cli/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int child_prepare(struct child *child)
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
	child->signals = signalfd(-1, &child->waited, SFD_CLOEXEC | SFD_NONBLOCK);
	return child->signals >= 0 ? 0 : errno;
}

void child_forget(struct child *child)
{
	if (child->signals >= 0)
		close(child->signals);
	sigprocmask(SIG_SETMASK, &child->before, NULL);
}

/* In the child. execvp(3) has /bin/sh run what is a script and does not say so. */
static _Noreturn void child_become(const struct child *child, char *const *command, int report)
{
	signals_give_back();
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

/* What a terminal sends, it sends to the child as well. */
static void child_pass_on(const struct child *child, int number, int code)
{
	if (number != SIGCHLD && code <= 0)
		kill(child->pid, number);
}

static void child_pass_all_on(const struct child *child)
{
	struct signalfd_siginfo info;
	while (read(child->signals, &info, sizeof info) == sizeof info)
		child_pass_on(child, (int)info.ssi_signo, info.ssi_code);
}

/* Where poll(2) itself fails, the signals are what can still be waited for. */
static void child_wait_for_signal(const struct child *child)
{
	siginfo_t info;
	int number = sigwaitinfo(&child->waited, &info);
	if (number > 0)
		child_pass_on(child, number, info.si_code);
}

enum child_news child_wait(struct child *child, int event, int msec, int *status)
{
	struct pollfd entries[] = {
		{ .fd = child->signals, .events = POLLIN },
		{ .fd = event, .events = POLLIN },
	};
	while (!child_has_ended(child, status)) {
		int ready = poll(entries, 2, msec);
		if (ready == 0)
			return CHILD_TIME_OUT;
		if (ready < 0 && errno != EINTR)
			child_wait_for_signal(child);
		else if (ready > 0 && entries[0].revents != 0)
			child_pass_all_on(child);
		else if (ready > 0)
			return CHILD_EVENT;
	}
	return CHILD_ENDED;
}

bool child_wait_for_rest(struct child *child, int msec)
{
	const struct timespec patience = { msec / 1000, msec % 1000 * 1000000L };
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
