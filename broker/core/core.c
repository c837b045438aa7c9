/* The engine's random numbers, from the seed that it was given. */
#include "core/core.h"

/* splitmix64: every seed is as good as another. */
uint64_t engine_random(struct engine *engine)
{
	uint64_t mixed = engine->random += 0x9e3779b97f4a7c15U;
	mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
	mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
	return mixed ^ (mixed >> 31);
}
