#ifndef SESSION_GAP_H
#define SESSION_GAP_H

#include "base/clock.h"
#include "base/error.h"

#include <stdbool.h>

/*
 * The time in which there is no connection, for those who carry on: attempts to connect are put
 * off, at first by some milliseconds, then twice as long each time, and a part of that by chance,
 * so that not all clients come at once. Guarded by the session's lock.
 */
struct gap {
	bool of_use;      /* the broker has answered something on the last connection */
	nsec_t delay;     /* before the last attempt */
	nsec_t next;      /* not before */
	uint64_t random;  /* state of the generator */
	struct error why; /* the last one failed, or the connection was lost */
};

/* An attempt has failed, or a connection was lost: the next is put off. */
void gap_put_off(struct gap *gap, const struct error *why);

/* There is a connection. */
void gap_is_over(struct gap *gap);

#endif
