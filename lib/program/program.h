#ifndef PROGRAM_PROGRAM_H
#define PROGRAM_PROGRAM_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"

#include <pthread.h>
#include <relevo/program.h>
#include <stdbool.h>
#include <sys/types.h>

/* A pipe to the program, as this side sees it. */
struct program_pipe {
	int fd; /* this end; -1: none, or closed */
	bool piped;
	struct buffer bytes; /* to be written, or read so far */
};

enum { PROGRAM_INPUT, PROGRAM_OUTPUT, PROGRAM_ERRORS, PROGRAM_STREAMS };

struct relevo_program {
	char *name; /* as it was started, for sentences about it */
	pid_t pid;
	pid_t owner; /* whose child it is */
	int pidfd;
	bool whole_group;
	size_t max_output;
	struct program_pipe pipes[PROGRAM_STREAMS];

	pthread_mutex_t lock; /* of what follows */
	bool reaped;
	bool unknown; /* how it ended */
	int exit_code;
	bool communicating;
	bool input_given; /* of a communication, which may go on after a time-out */
};

/* Whether this library knows all that options, which may be NULL, and their streams ask for. If
 * not, BAD_ARGUMENT is noted. */
bool program_options_known(const struct relevo_program_options *options);

/* Start it; the words of relevo_program_start(). */
int program_start(const char *const *arguments, const struct relevo_program_options *options,
		  relevo_program **program, struct error *error);

/* Wait for its end until the deadline: relevo_program_wait(). */
int program_wait(relevo_program *program, nsec_t deadline, int *exit_code, struct error *error);

/* The same of one that has ended, or was sent SIGKILL: signals do not count. */
int program_wait_killed(relevo_program *program, int *exit_code, struct error *error);

/* Whether it has ended, also if it was not waited for. */
bool program_has_ended(const relevo_program *program);

/* relevo_program_signal(). */
int program_signal(relevo_program *program, int number, struct error *error);

/* Serve the pipes until all are closed: OK, TIMED_OUT, TOO_LARGE, INTERRUPTED, NO_MEMORY, SYSTEM.
 * What was read stays in the buffers. */
int program_serve(relevo_program *program, nsec_t deadline, struct error *error);

/* Hand over what was read, max_output bytes of each at most. False when memory ran out. */
bool program_take_output(relevo_program *program, struct relevo_program_output *output);

#endif
