#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* A command that runs under this one, and the signals that concern it. */
struct child {
	pid_t pid;
	sigset_t waited; /* blocked while it runs */
	sigset_t before;
};

/* From here on SIGTERM and the like are for the child; child_forget() ends that. */
void child_prepare(struct child *child);
void child_forget(struct child *child);

/* Start it, found as a shell finds it. An errno. */
int child_start(struct child *child, char *const *command);

/* Whether it could be found and executed now. An errno. */
int child_find(const char *command);

/*
 * Wait for its end, for `msec` at most, passing on the signals that it has not
 * got itself. True: it has ended, and *status is its exit status, or 128 and the
 * signal.
 */
bool child_wait(struct child *child, long msec, int *status);

/* Behind that: wait for the ends of all other children, those that were adopted. False: some are
 * left when for `msec` none has ended, or when this process is told to end. */
bool child_wait_for_rest(struct child *child, long msec);

#endif
