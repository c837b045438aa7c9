#ifndef CLI_CONNECT_H
#define CLI_CONNECT_H

#include "cli/command.h"

/* Connect to the broker that is asked for. Never starts one: what a command left
 * in a private broker would be gone with the command. Returns an exit status. */
int connect_session(struct context *context);

/* failure_of() a call that had to connect, with advice where no broker runs. */
int connect_failure(const struct context *context, int status);

/* connect_session(), and open the queue of the first argument, which has to exist. Close
 * it. `options` may be NULL; its mode is not looked at. */
int connect_queue(struct context *context, const struct relevo_queue_options *options,
		  relevo_queue **queue);

#endif
