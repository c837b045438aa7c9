/* What people are told of a call that waits. */
#ifndef CORE_PEER_WAIT_H
#define CORE_PEER_WAIT_H

#include "base/clock.h"

/* The calls that can wait. */
enum peer_call {
	PEER_GET,
	PEER_GET_ANY, /* from several queues */
	PEER_PUT,
	PEER_JOIN,
	PEER_ACQUIRE, /* a lock, or a permit */
	PEER_WAIT,    /* for a notice, or a cell */
	PEER_MEET,    /* who comes to the other end of a pipe */
};

/* One that does. */
struct peer_wait {
	enum peer_call call;
	const char *kind;   /* of the object: "queue", "lock", "event" */
	const char *object; /* its name; of several the first that was named */
	nsec_t since;
};

#endif
