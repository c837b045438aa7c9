/* When a call with a time-out has to end. */
#include "base/deadline.h"

int deadline_after(int64_t timeout, nsec_t *deadline, struct error *error)
{
	if (timeout < RELEVO_FOREVER)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the time-out %lld is negative and not RELEVO_FOREVER",
				 (long long)timeout);
	if (timeout == RELEVO_FOREVER || (uint64_t)timeout > NSEC_NEVER / NSEC_PER_MSEC / 2)
		*deadline = NSEC_NEVER;
	else
		*deadline = timeout > 0 ? clock_now() + (nsec_t)timeout * NSEC_PER_MSEC : 0;
	return RELEVO_OK;
}
