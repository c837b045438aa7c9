/* Running the program anew, and entering it as such. */
#include "process/reexec.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "os/clone.h"
#include "os/descriptor.h"
#include "os/readable.h"
#include "process/child.h"
#include "process/forkserver.h"
#include "process/reexec_trust.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Where the program that runs anew finds its socket. */
enum { SOCKET_FD = 3, FIRST_FREE_FD = 4 };

#define BETWEEN_STACK 65536

static atomic_bool entered;

void relevo_process_enter(int argc, char **argv)
{
	atomic_store(&entered, true);
	if (argc != 2 || !given(argv))
		return;
	bool child = strcmp(argv[1], REEXEC_CHILD) == 0;
	if (!child && strcmp(argv[1], REEXEC_FORKSERVER) != 0)
		return;
	if (!reexec_trusts(SOCKET_FD, getauxval(AT_SECURE) != 0))
		_exit(EXIT_NOT_BEGUN);
	fcntl(SOCKET_FD, F_SETFD, FD_CLOEXEC);
	if (child)
		child_by_handover(SOCKET_FD);
	forkserver_run(SOCKET_FD);
}

static int reexec_spawn(const char *role, int socket, pid_t *pid)
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

static int not_entered(struct error *error)
{
	return error_set(error, RELEVO_BAD_STATE,
			 "the program cannot be run anew for a process: "
			 "relevo_process_enter() was not called in main()");
}

static int not_spawned(int failure, struct error *error)
{
	return error_set_process(error, failure, "the program cannot be run anew for a process");
}

int reexec_start(const char *role, int socket, pid_t *pid, int *pidfd, struct error *error)
{
	if (!atomic_load(&entered))
		return not_entered(error);
	int failure = reexec_spawn(role, socket, pid);
	if (failure != 0)
		return not_spawned(failure, error);
	*pidfd = descriptor_raise(pidfd_open(*pid, 0));
	if (*pidfd >= 0)
		return RELEVO_OK;
	int saved = errno;
	kill(*pid, SIGKILL);
	waitpid(*pid, NULL, 0);
	return error_set_errno(error, RELEVO_SYSTEM, saved, "a new process cannot be watched");
}

void reexec_kill(pid_t pid, int pidfd)
{
	pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	close(pidfd);
}

/* ---- one that is not this process's child ------------------------------------------ */

struct aside {
	const char *role;
	int socket;
	pid_t pid;
	int pidfd;
	int failure; /* an errno */
};

/*
 * In a process between: it shares this one's memory and descriptors, whose thread stands still
 * meanwhile, and ends at once, so that what it has started becomes an orphan.
 */
UNSANITIZED static int start_orphan(void *argument)
{
	struct aside *aside = argument;
	aside->failure = reexec_spawn(aside->role, aside->socket, &aside->pid);
	if (aside->failure != 0)
		return 0;
	aside->pidfd = pidfd_open(aside->pid, 0);
	if (aside->pidfd < 0) {
		aside->failure = errno;
		kill(aside->pid, SIGKILL);
	}
	return 0;
}

/* The process between sends no signal when it ends, so only who asks for such sees it. */
static int run_between(struct aside *aside, char *stack)
{
	const int flags = CLONE_VM | CLONE_VFORK | CLONE_FILES;
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	pid_t between = CLONE(start_orphan, stack + BETWEEN_STACK, flags, aside);
	int failure = between < 0 ? errno : 0;
	while (between > 0 && waitpid(between, NULL, __WALL) < 0 && errno == EINTR)
		continue;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failure != 0 ? failure : aside->failure;
}

int reexec_start_aside(const char *role, int socket, pid_t *pid, int *pidfd, struct error *error)
{
	struct aside aside = { .role = role, .socket = socket, .pidfd = -1 };
	if (!atomic_load(&entered))
		return not_entered(error);
	if (MUTANT(server_is_a_child))
		return reexec_start(role, socket, pid, pidfd, error);
	char *stack = mmap(NULL, BETWEEN_STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return not_spawned(errno, error);
	int failure = run_between(&aside, stack);
	munmap(stack, BETWEEN_STACK);
	if (failure != 0)
		return not_spawned(failure, error);
	*pid = aside.pid;
	*pidfd = descriptor_raise(aside.pidfd);
	return *pidfd >= 0 ? RELEVO_OK : not_spawned(errno, error);
}

void reexec_kill_aside(int pidfd)
{
	pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	readable_until(pidfd, NSEC_NEVER);
	close(pidfd);
}
