#include "cli/child.h"

#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

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

int child_start(struct child *child, char *const *command)
{
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int failure = posix_spawnattr_init(&attributes);
	if (failure != 0)
		return failure;
	/* Only this program wants errors instead of SIGPIPE. */
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setsigmask(&attributes, &child->before);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	failure = posix_spawnp(&child->pid, command[0], NULL, &attributes, command, environ);
	posix_spawnattr_destroy(&attributes);
	return failure;
}

/* What a terminal sends, it sends to the child as well. */
static bool was_sent_here(const siginfo_t *info)
{
	return info->si_code <= 0;
}

static bool has_ended(const struct child *child, int *status)
{
	int state;
	if (waitpid(child->pid, &state, WNOHANG) != child->pid)
		return false;
	*status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
	return true;
}

bool child_wait(struct child *child, long msec, int *status)
{
	const struct timespec patience = { msec / 1000, msec % 1000 * 1000000 };
	while (!has_ended(child, status)) {
		siginfo_t info;
		int number = sigtimedwait(&child->waited, &info, &patience);
		if (number < 0 && errno == EAGAIN)
			return false;
		if (number > 0 && number != SIGCHLD && was_sent_here(&info))
			kill(child->pid, number);
	}
	return true;
}
