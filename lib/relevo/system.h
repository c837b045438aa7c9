/*
 * The processes of the system that this program runs on, also those that it did not start:
 * look at them, suspend them, end them. Needs no broker.
 *
 *	static int show(const struct relevo_system_info *process, void *user)
 *	{
 *		return printf("%d %s\n", process->pid, process->name) < 0;
 *	}
 *	...
 *	relevo_system_list(show, NULL);
 *
 * An id (pid) is given to another process when its owner has ended and been waited for. A
 * handle is safe from that: it always means the process that it was opened for. When that
 * is gone, every call returns GONE and touches no other process.
 */
#ifndef RELEVO_SYSTEM_H
#define RELEVO_SYSTEM_H

#include <relevo/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_system_process relevo_system_process;

/* A process, as it was when it was looked at. */
struct relevo_system_info {
	pid_t pid;
	pid_t parent;    /* its parent's; 0: none that can be seen from here */
	uint64_t stamp;  /* when it was started, as the kernel counts: with `pid` it names this
			    process and no later one, until the system is started again */
	int64_t started; /* the same in ms since 1970; follows the clock when that is set */
	/* As ps(1) says: R running, S sleeping, D waiting for a device, T suspended, t traced, Z
	 * ended and not waited for, I idle, X ending. */
	char state;
	const char *name;       /* of its program, without folders */
	const char *executable; /* the program's file; NULL: it has none, or we may not know */
	const char *const
		*arguments; /* ended by NULL; none, if it belongs to the kernel or has ended */
	size_t argument_count;
	unsigned user_id; /* the user with whose rights it runs */
	const char *user; /* that user's name; NULL: has none */
	int nice;
	int threads;
	uint64_t user_time;     /* ms of a processor that it has used for itself */
	uint64_t system_time;   /* and in the kernel */
	uint64_t memory;        /* bytes of it that are in memory */
	uint64_t address_space; /* bytes it could use, in memory or not */
};

/* A descriptor that a process has open. */
struct relevo_system_file {
	int descriptor;
	const char *path; /* or what it is: "pipe:[4711]", "socket:[4712]"; "(deleted)" at its end
		       when the file has no name any more */
};

/*
 * Call `visit` for each process, as it was at some moment during the call, until it returns
 * something other than 0: that is returned. What it is given is valid until it returns; it may
 * call relevo. Thread-safe; does not block for long.
 *
 * Returns RELEVO_OK behind the last. Errors: NO_MEMORY, LIMIT (of threads), NO_DESCRIPTORS,
 * SYSTEM.
 */
RELEVO_API int
relevo_system_list(int (*visit)(const struct relevo_system_info *process, void *user), void *user);

/*
 * Open the process with that id; with a `stamp` other than 0, only if it is the one that
 * was started then. *process belongs to the caller, until relevo_system_close(). It takes a
 * descriptor, and works in a child that was forked, too. Thread-safe; does not block.
 *
 * Errors: NOT_FOUND (there is none, or one with another stamp), BAD_ARGUMENT,
 * NO_DESCRIPTORS, LIMIT (of threads), NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_system_open(pid_t pid, uint64_t stamp, relevo_system_process **process);

/* relevo_system_open() of its parent. Errors as there; NOT_FOUND: it has none that can be
 * seen from here; GONE. */
RELEVO_API int relevo_system_open_parent(const relevo_system_process *process,
					 relevo_system_process **parent);

/* Free the handle. The process does not notice. NULL is allowed. */
RELEVO_API void relevo_system_close(relevo_system_process *process);

/* Its id. Once it is GONE, that of no process, or of another one. Thread-safe. */
RELEVO_API pid_t relevo_system_pid(const relevo_system_process *process);

/* A descriptor that is readable once it has ended, for poll() and its like. Belongs to the
 * handle. Thread-safe. */
RELEVO_API int relevo_system_sentinel(const relevo_system_process *process);

/* How it is now. One that is just being started may still have the name of the program
 * that started it, and no arguments yet. *info is the caller's, until relevo_system_info_free().
 * Thread-safe; does not block. Errors: GONE, DENIED (it cannot be seen), NO_MEMORY,
 * NO_DESCRIPTORS, LIMIT (of threads), SYSTEM. */
RELEVO_API int relevo_system_inspect(const relevo_system_process *process,
				     struct relevo_system_info **info);

/* Free what relevo_system_inspect() gave. NULL is allowed. */
RELEVO_API void relevo_system_info_free(struct relevo_system_info *info);

/*
 * Call `visit` for what it has open, by ascending descriptor, as relevo_system_list() does.
 * Thread-safe; does not block. Errors: GONE (also: it has ended), DENIED (it is another
 * user's), NO_DESCRIPTORS, NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_system_files(const relevo_system_process *process,
				   int (*visit)(const struct relevo_system_file *file, void *user),
				   void *user);

/* Whether it is still alive: so is one that is suspended, but not one that has ended and still has
 * to be waited for. Thread-safe; never blocks. */
RELEVO_API bool relevo_system_is_alive(const relevo_system_process *process);

/* Set the niceness of all its threads: from -20, served first, to 19. Thread-safe; does not
 * block. Errors: GONE, DENIED, BAD_ARGUMENT, NO_DESCRIPTORS, SYSTEM. */
RELEVO_API int relevo_system_set_nice(const relevo_system_process *process, int nice);

/* Send it a signal. Thread-safe; does not block. Errors: GONE (also: it has ended), DENIED,
 * BAD_ARGUMENT. */
RELEVO_API int relevo_system_signal(const relevo_system_process *process, int number);

/* relevo_system_signal() of SIGTERM, which asks it to end. */
RELEVO_API int relevo_system_terminate(const relevo_system_process *process);

/* Of SIGKILL, which ends it. */
RELEVO_API int relevo_system_kill(const relevo_system_process *process);

/* Of SIGSTOP: it is suspended until relevo_system_resume(). */
RELEVO_API int relevo_system_suspend(const relevo_system_process *process);

/* Of SIGCONT: it goes on. Any process of its session (setsid(2)) may do that, also another
 * user's. */
RELEVO_API int relevo_system_resume(const relevo_system_process *process);

/* Wait up to `timeout` ms until it has ended. It need not be a child of ours; if it is, it
 * still has to be waited for as usual. Thread-safe; blocks. Errors: TIMED_OUT,
 * INTERRUPTED (relevo_set_go_on()), BAD_ARGUMENT. */
RELEVO_API int relevo_system_wait(const relevo_system_process *process, int64_t timeout);

/* Processors that this process may use: those of its affinity (sched_getaffinity(2)), but no more
 * than the time that control groups leave it is worth, rounded up: cpu.max, or cpu.cfs_quota_us of
 * version 1, of its own group and those above it, as far as they can be seen. At least 1.
 * Thread-safe; reads some files. */
RELEVO_API int relevo_system_cpu_count(void);

#ifdef __cplusplus
}
#endif

#endif
