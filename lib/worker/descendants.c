/* Ends whatever has been started below this process. */
#include "worker/descendants.h"

#include "base/clock.h"
#include "base/mutant.h"
#include "os/descriptor.h"
#include "os/readable.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEATH_TIME (2 * NSEC_PER_SEC)

void descendants_adopt(void)
{
	if (!MUTANT(orphans_escape))
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* ---- the children of this process ---------------------------------------------- */

struct visit {
	bool (*visit)(pid_t pid, void *user); /* whether there was something to do */
	void *user;
};

/* Those of one thread, as the kernel lists them. */
static bool visit_thread(int folder, const char *thread, const struct visit *visit)
{
	char path[64];
	bool any = false;
	int pid;
	snprintf(path, sizeof path, "%.32s/children", thread);
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
	FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (file == NULL) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (fscanf(file, "%d", &pid) == 1)
		any = visit->visit(pid, visit->user) || any;
	fclose(file);
	return any;
}

/* The ids there are those of this process's namespace, which another /proc would not have. */
static bool is_own_proc(void)
{
	char pid[16] = "";
	return readlink("/proc/self", pid, sizeof pid - 1) > 0 && atoi(pid) == getpid();
}

static bool visit_children(const struct visit *visit)
{
	DIR *folder = is_own_proc() ? opendir("/proc/self/task") : NULL;
	bool any = false;
	if (folder == NULL)
		return false;
	for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		if (entry->d_name[0] != '.')
			any = visit_thread(dirfd(folder), entry->d_name, visit) || any;
	}
	closedir(folder);
	return any;
}

/* ---- for who alone waits for them ----------------------------------------------- */

struct sparing {
	bool (*spared)(pid_t pid, void *user);
	void *user;
};

/* A child that nobody has waited for keeps its id, so this reaches no other process. */
static bool kill_child(pid_t pid, void *user)
{
	const struct sparing *sparing = user;
	if (sparing->spared != NULL && sparing->spared(pid, sparing->user))
		return false;
	kill(pid, SIGKILL);
	return true;
}

bool descendants_kill(bool (*spared)(pid_t pid, void *user), void *user)
{
	struct sparing sparing = { spared, user };
	return visit_children(&(struct visit){ kill_child, &sparing });
}

void descendants_reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

/* ---- for a process whose threads may wait for children, too ------------------------ */

/* Whether the id is still that of a child: the descriptor holds on to it. */
static bool is_child(int pidfd)
{
	siginfo_t info;
	return waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static bool end_child(pid_t pid, void *user)
{
	const nsec_t *deadline = user;
	int pidfd = descriptor_raise(pidfd_open(pid, 0));
	bool ended = false;
	if (pidfd >= 0 && is_child(pidfd) && pidfd_send_signal(pidfd, SIGKILL, NULL, 0) == 0) {
		siginfo_t ignored;
		readable_until(pidfd, *deadline);
		ended = waitid(P_PIDFD, (id_t)pidfd, &ignored, WEXITED | WNOHANG) == 0;
	}
	if (pidfd >= 0)
		close(pidfd);
	return ended;
}

void descendants_end(void)
{
	nsec_t deadline = clock_now() + DEATH_TIME;
	const struct visit visit = { end_child, &deadline };
	while (visit_children(&visit) && clock_now() < deadline)
		continue;
}
