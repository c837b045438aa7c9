#ifndef OS_GO_ON_H
#define OS_GO_ON_H

#include "base/clock.h"
#include "base/error.h"

#include <poll.h>
#include <relevo/types.h>

/* Who says whether a wait goes on: the program, through a session's options or for all else. */
struct go_on {
	relevo_go_on *ask; /* NULL: nobody, and waits go on */
	void *user;
};

/* What relevo_set_go_on() has set: for waits of public calls that have no session. Stays as it is
 * whatever is set later. NULL: nothing is. */
const struct go_on *go_on_of_process(void);

/*
 * poll(2) for a call that waits. The program is asked first whether to go on, with signals
 * blocked from there until poll() itself: a handler has run before, and the program knows, or it
 * ends the poll. `go_on` may be NULL. Returns
 *   OK           something is ready
 *   TIMED_OUT
 *   TRY_AGAIN    a signal came
 *   INTERRUPTED  the program does not want to go on
 *   NO_DESCRIPTORS, NO_MEMORY  the kernel refuses the poll, and will again: the limit of
 *                descriptors has been set lower than the number of those that are polled
 */
int go_on_poll(const struct go_on *go_on, struct pollfd *entries, nfds_t count, nsec_t deadline);

/* Wait for a public call without a session until the descriptor has one of the events. Errors as
 * above but for TRY_AGAIN. With the deadline 0 nobody is asked. */
int go_on_wait(int fd, short events, nsec_t deadline);

/* Say of INTERRUPTED, NO_DESCRIPTORS or NO_MEMORY what has happened, and return it; of others
 * nothing. */
int go_on_tell(int status, struct error *error);

#endif
