#ifndef QUEUE_PUT_TO_H
#define QUEUE_PUT_TO_H

#include <relevo/queue.h>

/* What is told with a put. */
struct put_done {
	relevo_item *item;       /* a leased one, acknowledged in the same step; NULL: none */
	uint64_t begin;          /* the lease of one that came ahead and is worked on from now on;
				    0: none */
	const relevo_item *held; /* if it was held with a connection that is lost, nothing is put;
				    NULL: none */
};

/*
 * Put one item into the queue of that name, which need not be open, and acknowledge a
 * leased item of `from` in the same step: both happen or neither. Blocks for the answer.
 * NOT_FOUND, NOT_OWNER (the lease has ended), FULL (it never waits for room), TOO_LARGE,
 * QUOTA, DISCONNECTED, NO_MEMORY.
 */
int put_to(relevo_queue *from, const char *name, const struct relevo_bytes *item,
	   const struct put_done *what);

/*
 * The same, always with an item that is done, without waiting for the answer: it leaves
 * with what is sent next, or about a millisecond later. A queue that is not there, and a
 * lease that has ended, are no failure: nobody wants the item. What the broker could not
 * do is returned by one of the next calls. TOO_LARGE, DISCONNECTED, NO_MEMORY, and those
 * of put_to().
 */
int put_to_quietly(relevo_queue *from, const char *name, const struct relevo_bytes *item,
		   const struct put_done *what);

#endif
