#ifndef SIMULATION_WORLD_H
#define SIMULATION_WORLD_H

#include "support/random.h"

#include <stdbool.h>

/* An engine with sessions and queues, and the model beside it. */
struct world;

/* NULL when memory ran out. */
struct world *world_open(struct random *random);

/* One operation on both. False, with a report on standard error, when they do
 * not agree. */
bool world_step(struct world *world);

/* All sessions end. False when anything is left charged or alive. NULL is
 * allowed. */
bool world_close(struct world *world);

#endif
