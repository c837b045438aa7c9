#ifndef ROUTE_SOCKETS_H
#define ROUTE_SOCKETS_H

#include "engine/pipe.h"

/* Where the engine's local pipes come from: an end is a `struct descriptor` of one of a
 * pair of sockets. */
extern const struct pipe_source socket_source;

#endif
