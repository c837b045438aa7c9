#ifndef TUPLE_CLAIM_H
#define TUPLE_CLAIM_H

#include "tuple/tuple.h"

/*
 * Claims to the objects that a tuple has handles of, for a process that is to get it: each
 * is a connection to the broker that has them open and says nothing. Whoever has a
 * copy of its descriptor holds them; they are let go with the last copy. So it outlives the
 * process that made it, and not the one that it is for.
 */

/* One for each broker, of those that this process has a session with. */
enum { CLAIMS_MAX = 4 };

/*
 * To be closed by the caller. What is gone already is passed over, and so are objects at
 * brokers that do not answer within a second or that are reached over tcp://, whose
 * connections cannot be given away: then whoever gets the tuple finds what is there when he
 * opens it.
 */
void claims_make(const relevo_tuple *tuple, int fds[CLAIMS_MAX], size_t *count);

#endif
