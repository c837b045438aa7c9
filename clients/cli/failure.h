#ifndef CLI_FAILURE_H
#define CLI_FAILURE_H

/*
 * Everything that goes wrong is said here, in one form, and becomes an exit
 * status:
 *
 *   relevo: queue put: there is no queue "jobs" (NOT_FOUND)
 */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NO_BROKER = 3, /* or it went away */
	EXIT_EMPTY = 4,     /* or time ran out */
	EXIT_FULL = 5,
	EXIT_NOT_FOUND = 6,
	EXIT_PIPE = 128 + 13, /* nobody reads the output: as if by SIGPIPE */
};

/* The words after "relevo: ". Kept by reference. */
void failure_set_command(const char *command);

/* The last relevo call failed with this status. Prints its sentence. */
int failure_of(int status);

/* The same with a sentence of the caller's: one line, see visible.h. */
int failure_say(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with a text that may have several lines. */
int failure_say_lines(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Something that does not end the command, nor makes its status. */
void failure_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A call of the system's failed; errno says why, and makes the status. Of writing to a pipe that
 * nobody reads nothing is said. */
int failure_system(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The command line is wrong. */
int failure_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What the exit statuses mean, for --help. */
extern const char failure_help[];

#endif
