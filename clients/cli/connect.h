#ifndef CLI_CONNECT_H
#define CLI_CONNECT_H

#include "cli/command.h"

/* Connect to the broker that is asked for. Never starts one: what a command left
 * in a private broker would be gone with the command. Returns an exit status. */
int connect_session(struct context *context);

/*
 * The same of a command that may take so many ms, RELEVO_FOREVER: any time. All that it does is
 * measured from here: connecting, too, though a broker that is only busy gets half a second more.
 * With 0 it does not wait for what others do, but connects as any other.
 */
int connect_within(struct context *context, int64_t msec);

/* What is left of it, in ms, for a wait: 1 at least; all of what means for ever, or not at all. */
int64_t connect_left(const struct context *context, int64_t msec);

/* Now, in ms since some moment. */
int64_t connect_now(void);

/* failure_of() a call that had to connect, with advice where no broker runs. */
int connect_failure(const struct context *context, int status);

/* connect_within(), and open the queue of the first argument, which has to exist. Close
 * it. `options` may be NULL; its mode is not looked at. */
int connect_queue(struct context *context, int64_t msec, const struct relevo_queue_options *options,
		  relevo_queue **queue);

#endif
