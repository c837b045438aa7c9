#ifndef TRANSPORT_RESOLVE_H
#define TRANSPORT_RESOLVE_H

#include "base/clock.h"
#include "transport/address.h"

#include <netinet/in.h>

/* More of one host are passed over. */
enum { RESOLVED_MAX = 16 };

union socket_place {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* What the host of a tcp URL stands for, in the order in which to try it. */
struct resolved {
	union socket_place places[RESOLVED_MAX];
	size_t count;
};

/* How long a name may take that nobody set a time for. */
#define RESOLVE_TIME (10 * NSEC_PER_SEC)

/*
 * Find the addresses of a tcp URL's host, until `deadline` at most. Numbers, and localhost
 * with all names below it, which is this host whatever a resolver knows (RFC 6761), take no
 * time; anything else is asked for in a thread of its own, which goes on alone when time is
 * up. NOT_FOUND (the text has the resolver's words), TIMED_OUT, NO_DESCRIPTORS, NO_MEMORY,
 * SYSTEM.
 */
int resolve(const struct address *address, nsec_t deadline, struct resolved *resolved,
	    struct error *error);

/* The URL of one of them, in numbers. */
void resolve_url(const union socket_place *place, int port, char url[ADDRESS_MAX]);

bool place_is_loopback(const union socket_place *place);

/* Whether all addresses of the host are loopback addresses. True of Unix sockets. Errors as
 * resolve(), within RESOLVE_TIME. */
int resolve_is_loopback(const struct address *address, bool *loopback, struct error *error);

#endif
