#ifndef SUPPORT_SCARCE_H
#define SUPPORT_SCARCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Memory that runs out at a chosen allocation. For programs that are linked with
 * scarce.c and -Wl,--wrap for malloc, calloc and realloc: what the project's own code
 * allocates there is counted, libraries that are shared are left alone.
 */

enum scarcity {
	SCARCE_ONCE,     /* that allocation fails, the ones behind it do not */
	SCARCE_FROM_NOW, /* that one and all behind it */
};

/* From now on count; the n-th allocation, 1 being the next, fails. */
void scarce_begin(uint64_t nth, enum scarcity scarcity);

/* The test itself allocates something meanwhile; then it goes on. */
void scarce_pause(bool pause);

/* Enough for everybody again. Whether anything failed. */
bool scarce_end(void);

#endif
