#ifndef SUPPORT_RANDOM_H
#define SUPPORT_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* A generator for tests: the same seed gives the same run everywhere. */
struct random {
	uint64_t state;
};

/* splitmix64 */
static inline uint64_t random_next(struct random *random)
{
	uint64_t mixed = random->state += 0x9e3779b97f4a7c15U;
	mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
	mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
	return mixed ^ (mixed >> 31);
}

/* 0 to limit - 1; nearly even. */
static inline uint32_t random_below(struct random *random, uint32_t limit)
{
	return (uint32_t)((random_next(random) >> 32) * limit >> 32);
}

static inline bool random_percent(struct random *random, uint32_t percent)
{
	return random_below(random, 100) < percent;
}

#endif
