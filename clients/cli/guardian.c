#include "cli/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* To the guardian of the process `owner`; a child by fork has to have its own. */
static int guardian = -1;
static pid_t owner;

/* Reads the groups; what ends that is the end of the process that writes them. */
static _Noreturn void guard(int fd)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	pid_t group = 0, told;
	ssize_t got;
	/* They mean those that work. */
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		signal(signals[i], SIG_IGN);
	/* Nothing else stays open because of this process. */
	if (dup2(fd, STDIN_FILENO) < 0 || close_range(STDIN_FILENO + 1, UINT_MAX, 0) != 0)
		_exit(EXIT_FAILURE);
	do {
		got = read(STDIN_FILENO, &told, sizeof told);
		if (got == sizeof told)
			group = told;
	} while (got > 0 || (got < 0 && errno == EINTR));
	if (group > 0)
		kill(-group, SIGKILL);
	_exit(EXIT_SUCCESS);
}

bool guardian_start(void)
{
	int ends[2];
	if (guardian >= 0 && owner == getpid())
		return true;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	pid_t pid = fork();
	if (pid == 0)
		guard(ends[0]);
	int trouble = errno;
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		errno = trouble;
		return false;
	}
	guardian = ends[1];
	owner = getpid();
	return true;
}

void guardian_watch(pid_t group)
{
	ssize_t written = write(guardian, &group, sizeof group);
	/* Somebody has killed it: the next task gets another. */
	if (written < 0) {
		close(guardian);
		guardian = -1;
	}
}
