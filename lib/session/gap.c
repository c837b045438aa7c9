/* When the next attempt to connect is due. */
#include "session/gap.h"

#include "base/mutant.h"

/* From one attempt to the next. */
#define GAP_LEAST (10 * NSEC_PER_MSEC)
#define GAP_MOST  NSEC_PER_SEC

/* Any part from a half on. Clients that lost their broker at one moment have different ones, by
 * their random names. */
static nsec_t jitter(struct gap *gap, nsec_t delay)
{
	gap->random = gap->random * 6364136223846793005u + 1442695040888963407u;
	return delay / 2 + (gap->random >> 33) % (delay / 2);
}

void gap_put_off(struct gap *gap, const struct error *why)
{
	nsec_t now = clock_now();
	if (gap->of_use)
		gap->delay = 0;
	gap->of_use = false;
	gap->delay = gap->delay == 0 ? GAP_LEAST : 2 * gap->delay;
	if (gap->delay > GAP_MOST)
		gap->delay = GAP_MOST;
	gap->next = MUTANT(attempts_not_put_off) ? now : now + jitter(gap, gap->delay);
	gap->why = *why;
}

void gap_is_over(struct gap *gap)
{
	gap->of_use = false;
	gap->next = 0;
}
