/* Going on in the background: a process that outlives its parent and reports how it started. */
#include "background.h"

#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_kept(const struct kept_fds *kept, int fd)
{
	for (size_t i = 0; i < kept->count; i++) {
		if (kept->fds[i] == fd)
			return true;
	}
	return false;
}

/* Close all above standard error but the kept ones: what the program had open
 * shall end with the program. */
static void background_close_others(const struct kept_fds *kept)
{
	int highest = STDERR_FILENO;
	for (size_t i = 0; i < kept->count; i++)
		highest = kept->fds[i] > highest ? kept->fds[i] : highest;
	for (int fd = STDERR_FILENO + 1; fd < highest; fd++) {
		if (!is_kept(kept, fd))
			close(fd);
	}
	close_range((unsigned)highest + 1, UINT_MAX, 0);
}

/* Standard input and output may be pipes that somebody waits on. */
static void let_go(const struct kept_fds *kept)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		if (!is_kept(kept, STDIN_FILENO))
			dup2(null, STDIN_FILENO);
		if (!is_kept(kept, STDOUT_FILENO))
			dup2(null, STDOUT_FILENO);
	}
	background_close_others(kept);
	/* Nor shall a folder be kept busy; if it is, that harms little. */
	int failed = chdir("/");
	(void)failed;
}

static void wait_and_exit(int report)
{
	char byte;
	ssize_t got;
	do
		got = read(report, &byte, 1);
	while (got < 0 && errno == EINTR);
	_exit(got == 1 ? EXIT_ORDERLY : EXIT_FAILED);
}

int background_enter(struct kept_fds *kept, int *report, struct error *error)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "pipe2");
	pid_t child = fork();
	if (child < 0) {
		int status = error_set_errno(error, RELEVO_SYSTEM, errno, "fork");
		close(ends[0]);
		close(ends[1]);
		return status;
	}
	if (child > 0) {
		close(ends[1]);
		waitpid(child, NULL, 0);
		wait_and_exit(ends[0]);
	}
	close(ends[0]);
	/* The second fork leaves a process that leads no session, so that it can
	 * never get a terminal, and that is nobody's child to wait for. */
	setsid();
	child = fork();
	if (child > 0)
		_exit(EXIT_ORDERLY);
	/* Who waits for the report sees that none comes. */
	if (child < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "fork");

	kept->fds[kept->count++] = ends[1];
	let_go(kept);
	*report = ends[1];
	return RELEVO_OK;
}

void background_report(int report)
{
	ssize_t written = write(report, "", 1);
	(void)written; /* whoever waited has gone */
	close(report);
}
