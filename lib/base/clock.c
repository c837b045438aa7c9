/* The monotonic clock, and deadlines on it. */
#include "base/clock.h"

#include <limits.h>

nsec_t clock_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (nsec_t)now.tv_sec * NSEC_PER_SEC + (nsec_t)now.tv_nsec;
}

nsec_t clock_deadline(nsec_t now, uint32_t msec)
{
	return msec == MSEC_FOREVER ? NSEC_NEVER : now + (nsec_t)msec * NSEC_PER_MSEC;
}

uint32_t clock_msec_until(nsec_t now, nsec_t deadline)
{
	if (deadline == NSEC_NEVER)
		return MSEC_FOREVER;
	if (deadline <= now)
		return 0;
	nsec_t msec = (deadline - now - 1) / NSEC_PER_MSEC + 1;
	return msec < MSEC_FOREVER ? (uint32_t)msec : MSEC_FOREVER - 1;
}

int clock_poll_timeout(nsec_t now, nsec_t deadline)
{
	if (deadline == NSEC_NEVER)
		return -1;
	uint32_t msec = clock_msec_until(now, deadline);
	return msec < INT_MAX ? (int)msec : INT_MAX;
}

struct timespec clock_timespec(nsec_t deadline)
{
	return (struct timespec){
		.tv_sec = (time_t)(deadline / NSEC_PER_SEC),
		.tv_nsec = (long)(deadline % NSEC_PER_SEC),
	};
}
