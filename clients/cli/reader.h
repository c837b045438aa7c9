#ifndef CLI_READER_H
#define CLI_READER_H

#include "cli/command.h"

/*
 * Whoever reads standard output may leave while there is nothing to write: then a wait for the next
 * item would go on for ever, for nobody.
 */

/* From here on that ends the waits of the session that will be opened, with INTERRUPTED. Without a
 * thread or the memory for one it is noticed when something is written. */
void reader_watch(struct context *context);

/* What has ended such a wait, said and as an exit status. */
int reader_interrupted(void);

/* The same for what poll(2) says of standard output unasked. */
int reader_failure(short events);

/* Wait so long; not EXIT_DONE: the reader has left meanwhile. */
int reader_pause(int msec);

#endif
