/* What a command has to do besides as the first process of a container. */
#include "cli/first_process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Wait for all that have ended; with the one that counts, end like it. */
static void first_process_reap(pid_t child)
{
	int state;
	pid_t ended;
	while ((ended = waitpid(-1, &state, WNOHANG)) > 0) {
		if (ended == child)
			_exit(WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state));
	}
	/* Somebody else has waited for it. */
	if (ended < 0 && errno == ECHILD)
		_exit(1);
}

/* What a terminal sends, it sends to the child as well. */
static bool first_process_was_sent_here(const siginfo_t *info)
{
	return info->si_code <= 0;
}

static _Noreturn void first_process_look_after(pid_t child, const sigset_t *signals)
{
	siginfo_t info;
	for (;;) {
		int number = sigwaitinfo(signals, &info);
		if (number == SIGCHLD)
			first_process_reap(child);
		else if (number > 0 && first_process_was_sent_here(&info))
			kill(child, number);
	}
}

bool first_process_step_aside(void)
{
	sigset_t signals, before;
	if (getpid() != 1)
		return true;
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGQUIT);
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, &signals, &before);
	fflush(NULL);
	pid_t child = fork();
	if (child > 0)
		first_process_look_after(child, &signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return child == 0;
}
