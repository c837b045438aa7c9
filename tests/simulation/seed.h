#ifndef SIMULATION_SEED_H
#define SIMULATION_SEED_H

#include "support/random.h"

#include <stdint.h>

/* The first argument, or RELEVO_SEED, or else a new one every time. */
uint64_t seed_choose(int argc, char **argv);

#endif
