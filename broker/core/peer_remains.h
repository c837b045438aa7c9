#ifndef CORE_PEER_REMAINS_H
#define CORE_PEER_REMAINS_H

#include <stdint.h>

/* What a session left behind. */
struct peer_remains {
	uint32_t leases;  /* that went back */
	uint32_t objects; /* that ended: its own, and those that nobody else had open */
};

#endif
