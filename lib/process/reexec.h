#ifndef PROCESS_REEXEC_H
#define PROCESS_REEXEC_H

#include "base/error.h"

#include <sys/types.h>

/*
 * The program, run anew: as a child by spawn, or as the fork server. It meets
 * relevo_process_enter() with the word for what it is to be.
 */
#define REEXEC_CHILD      "--relevo-process"
#define REEXEC_FORKSERVER "--relevo-forkserver"

/* Run it with `socket`, and nothing else of this process's but standard input, output and
 * error. `pidfd` is the caller's. BAD_STATE (relevo_process_enter() was not called), SYSTEM. */
int reexec_start(const char *role, int socket, pid_t *pid, int *pidfd, struct error *error);

/* SIGKILL, and wait. */
void reexec_kill(pid_t pid, int pidfd);

/* The same of a process that is not this one's child: whatever the program waits for, it does not
 * see it. How it ended cannot be known. */
int reexec_start_aside(const char *role, int socket, pid_t *pid, int *pidfd, struct error *error);
void reexec_kill_aside(int pidfd);

#endif
