#ifndef PROCESS_FORKSERVER_H
#define PROCESS_FORKSERVER_H

#include <sys/types.h>

/*
 * The fork server: the program, run anew, that has one thread and nothing in it, and
 * forks when it is asked. Its children are not those of the process that asks, so it
 * tells how they ended.
 *
 * On its socket: one byte with the socket of a child (see handover.h), and back a
 * `struct forkserver_answer` with two descriptors.
 */
struct forkserver_answer {
	pid_t pid; /* -1: `error` is why not, and there are no descriptors */
	int error; /* of errno */
};

enum { ANSWER_PIDFD, ANSWER_STATUS, ANSWER_FDS };

/* Be it, until the process that started it has ended. */
_Noreturn void forkserver_run(int socket);

#endif
