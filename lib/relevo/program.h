/*
 * Other programs: run one and wait for it, or start it and go on, reading its output
 * and writing its input.
 *
 *	const char *const command[] = { "sort", "-n", NULL };
 *	struct relevo_run_options options = {
 *		.program.output.kind = RELEVO_STREAM_PIPE,
 *		.input = { "2\n1\n", 4 },
 *		.check = true,
 *	};
 *	struct relevo_program_output output;
 *	if (relevo_program_run(command, &options, &output) == RELEVO_OK)
 *		fputs(output.output, stdout);
 *	relevo_program_output_free(&output);
 *
 * Needs no broker. A started program never disturbs the rest of this one: it is waited
 * for by itself, so the handler of SIGCHLD and other waits are left alone, and a
 * program that stops reading raises no SIGPIPE in the calls here.
 */
#ifndef RELEVO_PROGRAM_H
#define RELEVO_PROGRAM_H

#include <relevo/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_program relevo_program;

/* What becomes of one of the three standard streams. */
enum relevo_stream_kind {
	RELEVO_STREAM_INHERIT = 0,   /* the one that this program has */
	RELEVO_STREAM_PIPE = 1,      /* a pipe to this program */
	RELEVO_STREAM_NULL = 2,      /* /dev/null */
	RELEVO_STREAM_GIVEN = 3,     /* a descriptor, which stays the caller's */
	RELEVO_STREAM_TO_OUTPUT = 4, /* of the errors: where the output goes */
};

struct relevo_stream {
	enum relevo_stream_kind kind;
	int descriptor; /* of RELEVO_STREAM_GIVEN */
	uint64_t reserved[RELEVO_RESERVED_FEW];
};

enum relevo_program_group {
	RELEVO_PROGRAM_GROUP_SAME = 0,    /* the process group of this program */
	RELEVO_PROGRAM_GROUP_NEW = 1,     /* one of its own: Ctrl-C does not reach it */
	RELEVO_PROGRAM_GROUP_SESSION = 2, /* a session of its own, without a terminal */
};

/* Zero is the default of each. */
struct relevo_program_options {
	struct relevo_stream input, output, errors; /* its descriptors 0, 1 and 2 */
	const char *directory;                      /* where it starts; NULL: where this one is */
	const char *const *environment; /* "NAME=value" ..., NULL; NULL: that of this program */
	const int *keep;                /* descriptors that it gets too, under the same number */
	size_t keep_count;
	enum relevo_program_group group;
	/* Signals and the time limit reach its whole group, which has to be a new one: also what
	 * it has started itself, except processes that have made a group or session of their own,
	 * as under timeout(1) or setsid(1). In a function that a worker runs, that
	 * can be ended by relevo_worker_end_children(), and ends with the worker. */
	bool whole_group;
	/* It is killed when this process ends or replaces itself. What it has started goes on,
	 * and so does a program that the system runs with the rights of another user. */
	bool daemon;
	size_t max_output; /* bytes of the output and of the errors that are collected, each;
			      0: as many as memory holds */
	uint64_t reserved[RELEVO_RESERVED];
};

/* What a program wrote, and how it ended. Free it with relevo_program_output_free(). */
struct relevo_program_output {
	/* What came through the pipes, NULL where there is none. Followed by a byte 0 that
	 * does not count. */
	char *output;
	size_t output_size;
	char *errors;
	size_t errors_size;
	int exit_code; /* what it ended with, or minus the number of the signal that killed it */
	uint64_t reserved[RELEVO_RESERVED];
};

struct relevo_run_options {
	struct relevo_program_options program;
	struct relevo_bytes input; /* what it reads, through a pipe; `data` NULL: what
				      program.input says */
	int64_t timeout;           /* ms it may take; 0: RELEVO_FOREVER */
	bool check;                /* another exit code than 0 is an error, REMOTE */
	uint64_t reserved[RELEVO_RESERVED];
};

/*
 * Run a program and wait until it has ended and no process has its pipes open any more.
 * `arguments` begin with the program and end with NULL; a name without a slash is looked
 * for in the
 * PATH of the environment that the program gets. `options` may be NULL. *output is filled
 * in, as far as it is known, whatever is returned; it may be NULL.
 *
 * When the time is up the program is killed (with its group, if `whole_group` says so). The
 * same when it writes more than `max_output`.
 *
 * A file that may be executed, but that the kernel does not recognise, is taken for a script
 * without a first line that says so: /bin/sh runs it. The program starts with no signal blocked or
 * ignored, and with the three streams and those to `keep` as its only descriptors. Thread-safe;
 * blocks.
 *
 * Errors: NOT_FOUND (no such program or directory), DENIED (it may not be run), BAD_ARGUMENT,
 * LIMIT, TIMED_OUT, INTERRUPTED (see relevo_set_go_on(): the program was killed), TOO_LARGE (more
 * than max_output: the first so many bytes are in *output), REMOTE (with `check`: the detail has
 * the exit code or the signal), GONE (it has ended, and its exit code is not known: see
 * relevo_program_wait()), NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_program_run(const char *const *arguments,
				  const struct relevo_run_options *options,
				  struct relevo_program_output *output);

/*
 * Start a program and go on. `arguments` and `options` (may be NULL) as of
 * relevo_program_run(); they are needed only until this returns. A program that cannot be
 * executed is an error here, not an exit code later. *program belongs to the caller,
 * until relevo_program_close(). Thread-safe; blocks until the program is executed, which
 * is soon.
 *
 * Errors: NOT_FOUND, DENIED, BAD_ARGUMENT, LIMIT (of processes), NO_DESCRIPTORS, TOO_LARGE
 * (arguments and environment), NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_program_start(const char *const *arguments,
				    const struct relevo_program_options *options,
				    relevo_program **program);

/* Its process's id. Of no use any more once it has been waited for. Thread-safe. */
RELEVO_API pid_t relevo_program_pid(const relevo_program *program);

/* A descriptor that is readable once the program has ended, for poll() and its like. Belongs
 * to the handle. Thread-safe. */
RELEVO_API int relevo_program_sentinel(const relevo_program *program);

/* This program's end of the pipe to its input; -1: there is none, or it has been closed.
 * Belongs to the handle. For callers that write to it themselves; a write may raise SIGPIPE
 * then. Not while relevo_program_communicate() is under way. */
RELEVO_API int relevo_program_input_fd(const relevo_program *program);

/* The same of the pipe from its output. */
RELEVO_API int relevo_program_output_fd(const relevo_program *program);

/* The same of the pipe from its errors. */
RELEVO_API int relevo_program_errors_fd(const relevo_program *program);

/* Close the pipe to its input, so that the program reads its end. Does nothing when there
 * is none. Not while another thread uses it. Never blocks. */
RELEVO_API void relevo_program_close_input(relevo_program *program);

/*
 * Send `input` (NULL: nothing) to the program, close its input, collect all it writes until
 * its pipes are closed, and wait until it has ended. All pipes are served at once, so neither
 * side can wait for the other. Pipes that the program closes early are no error.
 *
 * The input is copied. After TIMED_OUT, INTERRUPTED and TOO_LARGE nothing is lost: the program goes
 * on, and another call, with `input` NULL, carries on. *output gets what was written only once all
 * of it has come, or with TOO_LARGE the first `max_output` bytes, and the next call what follows;
 * else it is empty. One thread at a time; blocks.
 *
 * Errors: TIMED_OUT, INTERRUPTED, TOO_LARGE, BAD_STATE (another thread is doing so, or an input is
 * given to a program without a pipe for it, or again), BAD_ARGUMENT, FORKED, GONE (as
 * relevo_program_wait(), but *output is complete), NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_program_communicate(relevo_program *program, const struct relevo_bytes *input,
					  int64_t timeout, struct relevo_program_output *output);

/*
 * Wait up to `timeout` ms until the program has ended. *exit_code (may be NULL) gets what it
 * ended with, or minus the number of the signal that killed it. Can be repeated. Reads nothing: a
 * program whose pipe is full does not end, so read it, or use relevo_program_communicate().
 * Thread-safe; blocks.
 *
 * Errors: TIMED_OUT, INTERRUPTED, GONE (it has ended, but this program ignores SIGCHLD, or has
 * itself waited for any child, so its exit code cannot be known), FORKED (it is the child of
 * another process), BAD_ARGUMENT, SYSTEM.
 */
RELEVO_API int relevo_program_wait(relevo_program *program, int64_t timeout, int *exit_code);

/* Whether it still runs. Thread-safe; never blocks. */
RELEVO_API bool relevo_program_is_alive(relevo_program *program);

/* relevo_program_wait() that does not wait. Errors as there, but BAD_STATE while it runs. */
RELEVO_API int relevo_program_exit_code(relevo_program *program, int *exit_code);

/*
 * Send the program a signal; with `whole_group`, its group too, and that also after its own
 * end, until it is waited for. Never reaches another process. Thread-safe; does not block.
 *
 * Errors: GONE (it has ended), FORKED (it is the child of another process), DENIED,
 * BAD_ARGUMENT.
 */
RELEVO_API int relevo_program_signal(relevo_program *program, int number);

/* relevo_program_signal() of SIGTERM, which asks it to end. */
RELEVO_API int relevo_program_terminate(relevo_program *program);

/* Of SIGKILL, which ends it. */
RELEVO_API int relevo_program_kill(relevo_program *program);

/* Of SIGSTOP: it is suspended until relevo_program_resume(). */
RELEVO_API int relevo_program_suspend(relevo_program *program);

/* Of SIGCONT: it goes on. */
RELEVO_API int relevo_program_resume(relevo_program *program);

/* Close the pipes and free the handle. A program that still runs goes on, and leaves no
 * zombie when it ends. No other thread may use the handle. NULL is allowed. Never blocks. */
RELEVO_API void relevo_program_close(relevo_program *program);

/* Free what was collected. Calling it twice, or with zeroes, does nothing. */
RELEVO_API void relevo_program_output_free(struct relevo_program_output *output);

#ifdef __cplusplus
}
#endif

#endif
