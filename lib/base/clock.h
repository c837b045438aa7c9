#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/*
 * Time inside relevo: nanoseconds of the monotonic clock, deadlines absolute.
 * Milliseconds exist only at the edges: in the public calls and on the wire.
 */
typedef uint64_t nsec_t;

#define NSEC_NEVER    UINT64_MAX
#define NSEC_PER_MSEC UINT64_C(1000000)
#define NSEC_PER_SEC  UINT64_C(1000000000)

/* What stands for "for ever" in milliseconds on the wire. */
#define MSEC_FOREVER  UINT32_MAX

/* The longest that anything is kept, delayed or leased: a hundred years. */
#define MSEC_LONGEST  (UINT64_C(36525) * 24 * 3600 * 1000)

nsec_t clock_now(void);

/* The deadline `msec` from `now`; MSEC_FOREVER gives NSEC_NEVER. */
nsec_t clock_deadline(nsec_t now, uint32_t msec);

/* A time on the wire; what is longer than MSEC_LONGEST is that. */
static inline nsec_t clock_span(uint64_t msec)
{
	return (msec < MSEC_LONGEST ? msec : MSEC_LONGEST) * NSEC_PER_MSEC;
}

/* The time `span` after `now`; NSEC_NEVER if there is none so late. */
static inline nsec_t clock_after(nsec_t now, nsec_t span)
{
	return span < NSEC_NEVER - now ? now + span : NSEC_NEVER;
}

/* Milliseconds from `now` to `deadline`, rounded up so that nobody wakes too
 * early; 0 when it has passed, MSEC_FOREVER for NSEC_NEVER. */
uint32_t clock_msec_until(nsec_t now, nsec_t deadline);

/* A deadline other than NSEC_NEVER, for calls that wait on the monotonic clock. */
struct timespec clock_timespec(nsec_t deadline);

/* clock_msec_until() as the time-out of poll(2) and epoll_wait(2): -1 for ever. */
int clock_poll_timeout(nsec_t now, nsec_t deadline);

#endif
