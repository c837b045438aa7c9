/*
 * Random operations on the engine and on a plain model of it, in step. Every
 * answer, count, deadline and the number of items alive must agree.
 *
 *   simulation [seed [steps]]    RELEVO_SEED=seed simulation
 */
#include "simulation/seed.h"
#include "simulation/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 200000, WORLD_STEPS = 10000 };

int main(int argc, char **argv)
{
	uint64_t seed = seed_choose(argc, argv);
	uint64_t steps = argc > 2 ? strtoull(argv[2], NULL, 0) : STEPS;
	printf("seed %" PRIu64 ", %" PRIu64 " steps\n", seed, steps);
	fflush(stdout);
	struct random random = { seed };
	/* Many worlds, so that each end is tested too. */
	for (uint64_t step = 0; step < steps; step += WORLD_STEPS) {
		struct world *world = world_open(&random);
		bool good = world != NULL;
		for (uint64_t i = 0; good && i < WORLD_STEPS && step + i < steps; i++)
			good = world_step(world);
		if (!world_close(world) || !good) {
			fprintf(stderr,
				"simulation failed: seed %" PRIu64 ", after step %" PRIu64
				"; run it again with this seed\n",
				seed, step);
			return 1;
		}
	}
	return 0;
}
