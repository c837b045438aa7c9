/* The processes that a test leaves behind: waited for, killed and reported. */
#include "support/runner.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct timespec deadline_in(long seconds)
{
	struct timespec deadline;
	clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += seconds;
	return deadline;
}

int wait_signal(const sigset_t *set, const struct timespec *deadline)
{
	for (;;) {
		struct timespec left;
		clock_gettime(CLOCK_MONOTONIC, &left);
		left.tv_sec = deadline->tv_sec - left.tv_sec;
		left.tv_nsec = deadline->tv_nsec - left.tv_nsec;
		if (left.tv_nsec < 0) {
			left.tv_sec--;
			left.tv_nsec += 1000000000;
		}
		if (left.tv_sec < 0)
			return 0;
		int signal = sigtimedwait(set, NULL, &left);
		if (signal > 0)
			return signal;
	}
}

/* Reap what has ended. False when there is no child left at all. */
static bool reap(void)
{
	pid_t pid;
	do {
		pid = waitpid(-1, NULL, WNOHANG);
	} while (pid > 0);
	return pid == 0;
}

/* The state letter and the parent of a process. False when it is gone. */
static bool read_stat(pid_t pid, char *state, pid_t *parent)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return false;
	/* pid (name) state parent ...; the name may hold anything. */
	char line[512];
	size_t size = fread(line, 1, sizeof line - 1, file);
	fclose(file);
	line[size] = '\0';
	const char *rest = strrchr(line, ')');
	return rest != NULL && sscanf(rest, ") %c %d", state, parent) == 2;
}

/* Whether it is a descendant of ours, and not merely waiting to be reaped. */
static bool is_live_descendant(pid_t pid)
{
	char state;
	pid_t parent;
	if (!read_stat(pid, &state, &parent) || state == 'Z')
		return false;
	while (parent > 1 && parent != getpid())
		if (!read_stat(parent, &state, &parent))
			return false;
	return parent == getpid();
}

static void describe(pid_t pid, char *text, size_t size)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	FILE *file = fopen(path, "re");
	size_t length = file != NULL ? fread(text, 1, size - 1, file) : 0;
	if (file != NULL)
		fclose(file);
	for (size_t i = 0; i < length; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	text[length] = '\0';
}

/* Kill every descendant, by pid: some may have left the process group. */
static void kill_descendants(bool report)
{
	DIR *proc = opendir("/proc");
	if (proc == NULL)
		return;
	const struct dirent *entry;
	while ((entry = readdir(proc)) != NULL) {
		pid_t pid = atoi(entry->d_name);
		if (pid <= 0 || !is_live_descendant(pid))
			continue;
		char command[256];
		describe(pid, command, sizeof command);
		if (report)
			complain("left a process running: %d %s", (int)pid, command);
		kill(pid, SIGKILL);
	}
	closedir(proc);
}

void processes_end(long grace, bool report)
{
	sigset_t child;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	struct timespec deadline = deadline_in(grace);
	while (reap())
		if (wait_signal(&child, &deadline) == 0)
			break;
	/* Killing takes rounds: the dead may leave children of their own. */
	while (reap()) {
		kill_descendants(report);
		if (waitpid(-1, NULL, 0) < 0)
			break;
	}
}
