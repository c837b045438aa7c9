#ifndef QUEUE_PUT_NUMBER_H
#define QUEUE_PUT_NUMBER_H

#include "base/list.h"
#include "header.pb-c.h"

/*
 * The number of a put to a durable queue, by which the broker knows it when it comes again: see
 * QueuePut.sequence. It is given when the put is first sent, so that numbers rise on the wire, and
 * is held until the outcome is known.
 */
struct put_number {
	struct list link;  /* in the session, while its outcome is not known; in order */
	uint64_t sequence; /* 0: none is held */
};

/* Those of a session. */
struct put_numbers {
	uint64_t last;         /* given */
	struct list unsettled; /* struct put_number, in order */
};

/* Hold one, unless one is held already, and write it into the operation. The session is
 * locked. */
void put_number_hold(struct put_numbers *numbers, struct put_number *number,
		     Relevo__QueuePut *operation);

/* The outcome is known, or nobody wants to. The session is locked. */
void put_number_settle(struct put_number *number);

#endif
