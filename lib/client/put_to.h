#ifndef CLIENT_PUT_TO_H
#define CLIENT_PUT_TO_H

#include <relevo/queue.h>

/*
 * Put one item into the queue of that name, which need not be open, and with
 * `done` acknowledge this leased item of `from` in the same step: both happen or
 * neither. Blocks for the answer. NOT_FOUND, NOT_OWNER (the lease has ended),
 * FULL (it never waits for room), TOO_LARGE, QUOTA, DISCONNECTED, NO_MEMORY.
 */
int put_to(relevo_queue *from, const char *name, const struct relevo_bytes *item,
	   relevo_item *done);

#endif
