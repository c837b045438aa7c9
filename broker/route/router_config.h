#ifndef ROUTE_ROUTER_CONFIG_H
#define ROUTE_ROUTER_CONFIG_H

#include "wire/frame.h"
#include "wire/key.h"

#include <stdint.h>

struct router_config {
	struct frame_limits limits;
	uint64_t window;       /* bytes of bodies that a session may put without confirmation */
	uint64_t broker;       /* random number of this run */
	const struct key *key; /* what clients on the network have to know; NULL: nothing */
};

#endif
