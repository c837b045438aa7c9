#ifndef PROCESS_HANDOVER_H
#define PROCESS_HANDOVER_H

#include "process.pb-c.h"
#include "process/process.h"

/*
 * How a child of spawn or forkserver is told what it is, over a socket pair: see
 * process.proto.
 */

/* The creator, three standard ones, the private broker's, the claims and the arguments'. */
enum { HANDOVER_FDS = 5 + CLAIMS_MAX + ARGUMENT_DESCRIPTORS };

/* What the child gets. */
struct handover {
	Relevo__ProcessStart *start;
	int fds[HANDOVER_FDS]; /* those that came and are not taken yet */
	size_t fd_count;
	size_t next_fd;
};

/* The creator: give it all, and wait until the child has it. */
int handover_give(int socket, const struct relevo_process *process, struct error *error);

/* The child. */
int handover_take(int socket, struct handover *handover, struct error *error);

/* Its next descriptor, which is the caller's now; -1: there is none. */
int handover_next_fd(struct handover *handover);

/* What became of it; OK: the target runs now. */
void handover_answer(int socket, const struct error *error);

/* Descriptors that were not taken are closed. */
void handover_free(struct handover *handover);

#endif
