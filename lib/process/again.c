#include "process/again.h"

#include "base/descriptor.h"
#include "process/child.h"
#include "process/forkserver.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Where the program that runs anew finds its socket. */
enum { SOCKET_FD = 3, FIRST_FREE_FD = 4 };

static atomic_bool entered;

void relevo_process_enter(int argc, char **argv)
{
	atomic_store(&entered, true);
	if (argc != 2)
		return;
	bool child = strcmp(argv[1], AGAIN_CHILD) == 0;
	if (!child && strcmp(argv[1], AGAIN_FORKSERVER) != 0)
		return;
	fcntl(SOCKET_FD, F_SETFD, FD_CLOEXEC);
	if (child)
		child_by_handover(SOCKET_FD);
	forkserver_run(SOCKET_FD);
}

static int spawn(const char *role, int socket, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;
	posix_spawn_file_actions_init(&files);
	/* Also if it has that number already: it loses its flag then. */
	posix_spawn_file_actions_adddup2(&files, socket, SOCKET_FD);
	posix_spawn_file_actions_addclosefrom_np(&files, FIRST_FREE_FD);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attributes, &none);
	const char *arguments[] = { program_invocation_name, role, NULL };
	/* The file that this process runs, wherever it is, and if it has been replaced. */
	int failure = posix_spawn(pid, "/proc/self/exe", &files, &attributes,
				  (char *const *)(uintptr_t)arguments, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return failure;
}

int again_start(const char *role, int socket, pid_t *pid, int *pidfd, struct error *error)
{
	if (!atomic_load(&entered))
		return error_set(error, RELEVO_BAD_STATE,
				 "the program cannot be run anew for a process: "
				 "relevo_process_enter() was not called in main()");
	int failure = spawn(role, socket, pid);
	if (failure != 0)
		return error_set_errno(error, RELEVO_SYSTEM, failure,
				       "the program cannot be run anew for a process");
	*pidfd = descriptor_raise(pidfd_open(*pid, 0));
	if (*pidfd >= 0)
		return RELEVO_OK;
	int saved = errno;
	kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	return error_set_errno(error, RELEVO_SYSTEM, saved, "a new process cannot be watched");
}

void again_kill(pid_t pid, int pidfd)
{
	pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	close(pidfd);
}
