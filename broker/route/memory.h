#ifndef ROUTE_MEMORY_H
#define ROUTE_MEMORY_H

#include "engine/shared.h"

/* Where the engine's shared memory comes from: what it calls memory is a
 * `struct descriptor` of a sealed memfd. */
extern const struct shared_source memory_source;

#endif
