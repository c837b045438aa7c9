#include "simulation/seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

uint64_t seed_choose(int argc, char **argv)
{
	const char *text = argc > 1 ? argv[1] : getenv("RELEVO_SEED");
	uint64_t seed = 0;
	if (text != NULL)
		return strtoull(text, NULL, 0);
	if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		perror("getrandom");
	return seed;
}
