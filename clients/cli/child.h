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
	int signals; /* a signalfd of those */
};

/* From here on SIGTERM and the like are for the child; child_forget() ends that, also behind an
 * errno. */
int child_prepare(struct child *child);
void child_forget(struct child *child);

/* Start it, found as a shell finds it. An errno. */
int child_start(struct child *child, char *const *command);

/* Whether it could be found and executed now. An errno. */
int child_find(const char *command);

/* What has ended a wait for it. */
enum child_news {
	CHILD_ENDED,    /* *status is its exit status, or 128 and the signal */
	CHILD_EVENT,    /* the descriptor is readable */
	CHILD_TIME_OUT, /* neither */
};

/*
 * Wait for its end, for `msec` at most (-1: any time), and for the descriptor `event` (-1: none),
 * passing on the signals that it has not got itself.
 */
enum child_news child_wait(struct child *child, int event, int msec, int *status);

/* Behind that: wait for the ends of all other children, those that were adopted. False: some are
 * left when for `msec` none has ended, or when this process is told to end. */
bool child_wait_for_rest(struct child *child, int msec);

#endif
