#ifndef SIMULATION_SEED_H
#define SIMULATION_SEED_H

#include "support/random.h"

/* The seed of a run: the first argument, or RELEVO_SEED, or a new one. */
uint64_t choose_seed(int argc, char **argv);

#endif
