#ifndef LEASES_HOLD_OVER_H
#define LEASES_HOLD_OVER_H

#include "core/lease_table.h"

/* The time of the lease is over. */
void hold_over(struct lease *lease);

#endif
