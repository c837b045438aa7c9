/* The pauses between attempts that fail. */
#include "worker/backoff.h"

nsec_t backoff_next(struct backoff *backoff, uint64_t chance)
{
	nsec_t pause = backoff->pause == 0 ? BACKOFF_FIRST : 2 * backoff->pause;
	backoff->pause = pause < BACKOFF_LONGEST ? pause : BACKOFF_LONGEST;
	nsec_t half = backoff->pause / 2;
	return half + chance % (half + 1);
}
