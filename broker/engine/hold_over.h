#ifndef ENGINE_HOLD_OVER_H
#define ENGINE_HOLD_OVER_H

#include "engine/lease_table.h"

/* The time of the lease is over. */
void hold_over(struct lease *lease);

#endif
