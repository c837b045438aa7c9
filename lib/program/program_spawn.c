/* Making the process that a program is executed in. */
#include "program/program_spawn.h"

#include "base/mutant.h"
#include "os/clone.h"
#include "os/helper_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The child shares this process's memory until it executes the program, while the
 * thread that made it is stopped: so it costs the same however large this process is, no
 * lock can be held by a thread that the child does not have, and the child says in memory
 * what went wrong. It uses a stack of its own, and nothing that keeps records in memory:
 * hence no handler of a signal may run in it, and calls that sanitizers watch are made
 * without the C library. It is given a pidfd in the same step, before anybody could wait for it.
 */
#define CHILD_STACK 65536
#define CHILD_FLAGS (CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD)
#define EXIT_UNUSED 127
#define SHELL       "/bin/sh"
#define KERNEL_MASK (_NSIG / 8)
#define LAST_SIGNAL (_NSIG - 1)
#define FIRST_OTHER 3

/* What rt_sigaction() takes, all of it zero: SIG_DFL. Large enough for every machine. */
static const unsigned long default_action[8];

UNSANITIZED static int program_spawn_failed(struct spawn *spawn, const char *what)
{
	spawn->failed = what;
	spawn->failure = errno;
	return EXIT_UNUSED;
}

UNSANITIZED static bool enter_group(const struct spawn *spawn)
{
	if (spawn->group == RELEVO_PROGRAM_GROUP_SESSION)
		return syscall(SYS_setsid) >= 0;
	return spawn->group != RELEVO_PROGRAM_GROUP_NEW || syscall(SYS_setpgid, 0, 0) == 0;
}

/* A stream whose descriptor is in the way of another one has to make room first. */
UNSANITIZED static bool place_streams(struct spawn *spawn)
{
	int sources[FIRST_OTHER];
	for (int i = 0; i < FIRST_OTHER; i++) {
		sources[i] = spawn->streams[i];
		if (sources[i] < 0 || sources[i] >= FIRST_OTHER || sources[i] == i)
			continue;
		sources[i] = (int)syscall(SYS_fcntl, sources[i], F_DUPFD_CLOEXEC, FIRST_OTHER);
		if (sources[i] < 0)
			return false;
	}
	for (int i = 0; i < FIRST_OTHER; i++) {
		long placed = 0;
		if (sources[i] == i)
			placed = syscall(SYS_fcntl, i, F_SETFD, 0);
		else if (sources[i] >= 0)
			placed = syscall(SYS_dup3, sources[i], i, 0);
		else
			syscall(SYS_close, i);
		if (placed < 0)
			return false;
	}
	return true;
}

UNSANITIZED static bool program_spawn_close_others(const struct spawn *spawn)
{
	unsigned from = FIRST_OTHER;
	for (size_t i = 0; i < spawn->keep_count; i++) {
		unsigned kept = (unsigned)spawn->keep[i];
		if (syscall(SYS_fcntl, kept, F_SETFD, 0) < 0)
			return false;
		if (kept > from && syscall(SYS_close_range, from, kept - 1, 0) < 0)
			return false;
		from = kept + 1;
	}
	return MUTANT(descriptors_inherited) || syscall(SYS_close_range, from, UINT_MAX, 0) == 0;
}

UNSANITIZED static void reset_signals(void)
{
	static const unsigned long none[2];
	for (int number = 1; number <= LAST_SIGNAL; number++)
		syscall(SYS_rt_sigaction, number, default_action, NULL, KERNEL_MASK);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, none, NULL, KERNEL_MASK);
}

UNSANITIZED static int program_spawn_be_child(void *argument)
{
	struct spawn *spawn = argument;
	if (spawn->daemon) {
		if (syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
			return program_spawn_failed(spawn, "cannot be bound to its parent");
		if (syscall(SYS_getppid) != spawn->parent)
			return EXIT_UNUSED;
	}
	if (!enter_group(spawn))
		return program_spawn_failed(spawn, "cannot have a process group");
	if (spawn->directory >= 0 && syscall(SYS_fchdir, spawn->directory) < 0)
		return program_spawn_failed(spawn, "cannot start in its directory");
	if (!place_streams(spawn))
		return program_spawn_failed(spawn, "cannot have its streams");
	if (!program_spawn_close_others(spawn))
		return program_spawn_failed(spawn,
					    "cannot have the descriptors that it shall keep");
	reset_signals();
	syscall(SYS_execve, spawn->path, spawn->arguments, spawn->environment);
	if (errno == ENOEXEC && !MUTANT(scripts_not_executed))
		syscall(SYS_execve, SHELL, spawn->shell_arguments, spawn->environment);
	return program_spawn_failed(spawn, "cannot be executed");
}

static int program_spawn_status_of(int number)
{
	switch (number) {
	case ENOENT:
	case ENOTDIR:
		return RELEVO_NOT_FOUND;
	case EACCES:
	case EPERM:
		return RELEVO_DENIED;
	case EAGAIN:
		return RELEVO_LIMIT;
	case E2BIG:
		return RELEVO_TOO_LARGE;
	case EBADF:
		return RELEVO_BAD_ARGUMENT;
	default:
		return RELEVO_SYSTEM;
	}
}

static int reap_failed(struct spawn *spawn, struct error *error)
{
	siginfo_t ignored;
	while (waitid(P_PIDFD, (id_t)spawn->pidfd, &ignored, WEXITED) < 0 && errno == EINTR)
		continue;
	close(spawn->pidfd);
	spawn->pidfd = -1;
	return error_set_errno(error, program_spawn_status_of(spawn->failure), spawn->failure,
			       "the program \"%s\" %s", spawn->path, spawn->failed);
}

static int clone_child(struct spawn *spawn, char *stack, struct error *error)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	spawn->pidfd = -1;
	spawn->pid = CLONE(program_spawn_be_child, stack + CHILD_STACK, CHILD_FLAGS, spawn,
			   &spawn->pidfd);
	int saved = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (spawn->pid < 0)
		return error_set_errno(error, program_spawn_status_of(saved), saved,
				       "no process for the program \"%s\"", spawn->path);
	return spawn->failed == NULL ? RELEVO_OK : reap_failed(spawn, error);
}

struct request {
	struct spawn *spawn;
	struct error *error;
	int status;
};

static void program_spawn_run(void *argument)
{
	struct request *request = argument;
	struct spawn *spawn = request->spawn;
	char *stack = mmap(NULL, CHILD_STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED) {
		request->status = error_set(request->error, RELEVO_NO_MEMORY,
					    "no memory to start \"%s\"", spawn->path);
		return;
	}
	request->status = clone_child(spawn, stack, request->error);
	munmap(stack, CHILD_STACK);
}

int spawn_run(struct spawn *spawn, struct error *error)
{
	struct request request = { .spawn = spawn, .error = error };
	spawn->parent = getpid();
	spawn->failed = NULL;
	if (!spawn->daemon) {
		program_spawn_run(&request);
		return request.status;
	}
	/* The kernel kills it when the thread that made it ends: so it has to be one that
	 * lasts as long as the process. */
	int status = helper_thread_run(program_spawn_run, &request, error);
	return status != RELEVO_OK ? status : request.status;
}
