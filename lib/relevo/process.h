/*
 * Processes: functions that run in processes of their own.
 *
 * There are three ways to start one. `fork` clones the program as it is: cheap, and the
 * child has everything that its parent had, threads excepted. `spawn` runs the program
 * anew, and enters the function there: slow, and the child has only what it was given.
 * `forkserver`, the default, keeps a clean copy of the program, made by
 * spawn when it is first needed, which forks the children: nearly as cheap as the first,
 * as clean as the second, and safe in programs with threads.
 *
 *	static int work(relevo_tuple *arguments) { ... }
 *
 *	int main(int argc, char **argv)
 *	{
 *		relevo_process_enter(argc, argv);
 *		...
 *		relevo_process_new(work, NULL, &process);
 *		relevo_process_start(process);
 *		relevo_process_join(process, RELEVO_FOREVER);
 *
 * By every method a process ends as a program does, when its function returns or calls exit(3):
 * what it has given to atexit(3) is called, and what stands in its streams is written. What it has
 * inherited (by fork, and from what ran in the server before main()) is left out: functions for the
 * end, destructors of static objects of C++ among them, and output that its parent had not written
 * yet, which comes from the parent alone (of streams with a descriptor). Exceptions: _exit(2) does
 * nothing of this; quick_exit(3) calls what was inherited for it, too; objects of C++ that are each
 * thread's own end with the first thread, also inherited ones; std::cout without sync_with_stdio
 * has to be flushed by hand. pthread_exit(3) ends a thread only, and a thread that a session has
 * for itself keeps the process running: end the last of yours by exit(3).
 *
 * A program that waits for any child, as by wait(2), sees the children by fork and spawn that it
 * has not joined, and its own. Other processes of relevo's it sees only while they are being
 * started: the fork server and what that has forked, the workers of a pool and their keeper, a
 * private broker. (A process that is the reaper of orphans, as process 1 is, sees those too: it
 * cannot know what they are.) The exit code of a child that was waited for in such a way, even
 * before its start has returned, is not known here.
 *
 * Children that are no daemons are waited for when the program ends by exit(3) or by
 * returning from main(); daemons are ended then.
 */
#ifndef RELEVO_PROCESS_H
#define RELEVO_PROCESS_H

#include <relevo/types.h>

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_process relevo_process;

/* Of <relevo/session.h> and <relevo/tuple.h>. */
typedef struct relevo_session relevo_session;
typedef struct relevo_tuple relevo_tuple;

/* What a process runs. What it returns is the exit code, cut to 0..255; it may call
 * exit(3) as well. The arguments belong to the library, and are valid until then; NULL:
 * none were given. */
typedef int relevo_target(relevo_tuple *arguments);

enum relevo_start_method {
	RELEVO_START_DEFAULT = 0, /* what relevo_process_set_default_method() says */
	RELEVO_START_FORKSERVER = 1,
	RELEVO_START_FORK = 2,
	RELEVO_START_SPAWN = 3,
};

enum relevo_daemon {
	RELEVO_DAEMON_AS_CREATOR = 0, /* if the process that creates it is one */
	RELEVO_DAEMON_YES = 1,        /* ends with its parent; may not have children */
	RELEVO_DAEMON_NO = 2,
};

struct relevo_process_options {
	const char *name; /* NULL: Process-1, Process-2 ...; of a child's: Process-1:1 ... */
	/* Copied, with its descriptors. NULL: none. The objects that it has handles of are held
	 * for the child from relevo_process_new() on, until it and all that it has forked have
	 * ended; or until relevo_process_free(), if it is never started. So handles may be
	 * closed at once, and the creator may end. Exceptions are objects behind tcp://, and a
	 * broker that takes more than a second to answer. */
	const relevo_tuple *arguments;
	enum relevo_daemon daemon;
	enum relevo_start_method method;
	/* The broker that relevo_process_session() of the child leads to; NULL: that of the
	 * first handle in the arguments, or the one of the creator's. Need not be kept. */
	const relevo_session *session;
	uint64_t reserved[RELEVO_RESERVED];
};

/*
 * The first thing in main(), in every program that starts processes by spawn or
 * forkserver. In such a process it runs the function and does not return; otherwise it
 * returns at once, having remembered that it was called. Once, from the main thread.
 *
 * A program that runs with more rights than its user (set-user-id, set-group-id) does so only for
 * a process that has these rights too. A program that has them in another way, as by the
 * capabilities of its file, does so for no process: of the methods, it can use RELEVO_START_FORK
 * only.
 */
RELEVO_API void relevo_process_enter(int argc, char **argv);

/*
 * Make a process object; nothing runs yet. The target has to be a function of the
 * program, or of a library that it has loaded. `options` may be NULL. *process belongs to
 * the caller, until relevo_process_free(). Only the process that made it may use it: in
 * others its calls give BAD_STATE. All calls are thread-safe but relevo_process_free().
 * Does not block.
 *
 * Errors: BAD_ARGUMENT, BAD_NAME, LIMIT (more than 244 descriptors), NO_DESCRIPTORS, NO_MEMORY,
 * SYSTEM.
 */
RELEVO_API int relevo_process_new(relevo_target *target,
				  const struct relevo_process_options *options,
				  relevo_process **process);

/*
 * Start it, once. The child gets the arguments, the creator's standard input, output and
 * error, its working directory and environment (with forkserver: that of when the server
 * was started), and by spawn and forkserver no descriptor else. What was put into queues
 * before is sent first, so that it comes before what the child puts. Blocks until the child
 * has its arguments, or for fork: until it exists; for a second more if a broker does not
 * read.
 *
 * Errors: BAD_STATE (started before; or by a daemon; or the method needs
 * relevo_process_enter(), which was not called), NOT_FOUND (the target is not in the program
 * that was run anew: its file has changed), NO_DESCRIPTORS (this process, the fork server or
 * the child has none left), NO_MEMORY, LIMIT (the system allows no more processes), SYSTEM (it
 * cannot be made, or ended before it had its arguments).
 */
RELEVO_API int relevo_process_start(relevo_process *process);

/* Wait until it has ended. Errors: TIMED_OUT, INTERRUPTED (relevo_set_go_on()), BAD_STATE (not
 * started; disposed of), BAD_ARGUMENT. */
RELEVO_API int relevo_process_join(relevo_process *process, int64_t timeout);

/* Whether it has been started and not ended. Does not block. Errors: BAD_STATE (disposed of). */
RELEVO_API int relevo_process_is_alive(relevo_process *process, bool *alive);

/* The exit code 0..255, or minus the signal that ended it; 255, too, when it cannot be known:
 * the program ignores SIGCHLD or waited for it, or the fork server was killed. Does not
 * block. Errors: BAD_STATE (not started, not ended, or disposed of). */
RELEVO_API int relevo_process_exit_code(relevo_process *process, int *code);

/* A descriptor that poll(2) finds readable once the process has ended; it belongs to the
 * object. Does not block. Errors: BAD_STATE (not started, or disposed of). */
RELEVO_API int relevo_process_sentinel(relevo_process *process, int *fd);

/* Ask it to end: SIGTERM. To one that has ended, this and the next three do nothing.
 * Does not block. Errors: BAD_STATE (not started, or disposed of), DENIED. */
RELEVO_API int relevo_process_terminate(relevo_process *process);

/* End it: SIGKILL. Otherwise as relevo_process_terminate(). */
RELEVO_API int relevo_process_kill(relevo_process *process);

/* Suspend it: SIGSTOP. Otherwise as relevo_process_terminate(). */
RELEVO_API int relevo_process_suspend(relevo_process *process);

/* Let it go on: SIGCONT. Otherwise as relevo_process_terminate(). */
RELEVO_API int relevo_process_resume(relevo_process *process);

/* Its niceness, -20 (first served) to 19. Does not block. Errors: BAD_STATE (not started,
 * ended, or disposed of), SYSTEM. */
RELEVO_API int relevo_process_nice(relevo_process *process, int *nice);

/* Set it. Does not block. Errors: BAD_STATE as above, DENIED (only root may lower it),
 * BAD_ARGUMENT. */
RELEVO_API int relevo_process_set_nice(relevo_process *process, int nice);

/* Let go of what it holds: descriptors and arguments. Later calls give BAD_STATE, but disposing of
 * it again does nothing. The object itself, with its name and its id, stays until
 * relevo_process_free(), which needs no dispose before. Does not block. Errors: BAD_STATE (it
 * runs). */
RELEVO_API int relevo_process_dispose(relevo_process *process);

/* Free the object. A process that runs goes on, and is waited for at exit or ended as it
 * would have been. No other thread may be in a call with it. NULL is allowed. Does not
 * block. */
RELEVO_API void relevo_process_free(relevo_process *process);

/* Its name. Belongs to the object, until it is changed. */
RELEVO_API const char *relevo_process_name(const relevo_process *process);

/* Its process id; 0 before the start. */
RELEVO_API pid_t relevo_process_pid(const relevo_process *process);

/* Whether it is, or will be, a daemon. */
RELEVO_API bool relevo_process_is_daemon(const relevo_process *process);

/* By which method it is started, or was. RELEVO_START_DEFAULT: by none of relevo's, as the
 * program itself. */
RELEVO_API enum relevo_start_method relevo_process_method(const relevo_process *process);

/* Give it another name, copied. Errors: BAD_NAME (as for a queue), BAD_STATE (another
 * process made it). */
RELEVO_API int relevo_process_set_name(relevo_process *process, const char *name);

/* Say whether it will be a daemon. Errors: BAD_STATE (started). */
RELEVO_API int relevo_process_set_daemon(relevo_process *process, bool daemon);

/* The process that calls: "MainProcess", or what its creator named it. It is alive, and
 * cannot be joined. Belongs to the library. */
RELEVO_API relevo_process *relevo_process_current(void);

/* Its creator, whose name, process id, is_alive, join and sentinel can be asked for, NULL
 * in a program that was not started by relevo. Belongs to the library. */
RELEVO_API relevo_process *relevo_process_parent(void);

/* The children that were started, have not ended and are not freed. At most `count` are
 * stored; returns how many there are. Thread-safe; does not block. */
RELEVO_API size_t relevo_process_children(relevo_process **children, size_t count);

/* A secret that a program and its children share, random, 32 bytes; other programs do not know
 * it. Empty where the system gives no random numbers. Belongs to the library. Thread-safe;
 * does not block. */
RELEVO_API struct relevo_bytes relevo_process_key(void);

/*
 * A session of this process, opened when it is first asked for and closed when the
 * process ends, with what was put through it. In a child: with the broker that its creator
 * named. In the program itself: as relevo_session_open(NULL). Belongs to the library: do not
 * close it. Thread-safe; blocks and fails as relevo_session_open() does.
 */
RELEVO_API int relevo_process_session(relevo_session **session);

/*
 * The method for processes whose options name none, here and in children started from now on.
 * It is set once; with `force` again. Errors: BAD_STATE (it was set before), BAD_ARGUMENT.
 */
RELEVO_API int relevo_process_set_default_method(enum relevo_start_method method, bool force);

/* What was set, or the default. */
RELEVO_API enum relevo_start_method relevo_process_default_method(void);

/* "fork", "forkserver", "spawn"; NULL: no such method. */
RELEVO_API const char *relevo_process_method_name(enum relevo_start_method method);

/* Every method of this system, the default first, ended by 0. */
RELEVO_API const enum relevo_start_method *relevo_process_methods(void);

#ifdef __cplusplus
}
#endif

#endif
