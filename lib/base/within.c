/* The time that a call has for all that is done on its behalf. */
#include "base/within.h"

#include "base/mutant.h"

static _Thread_local nsec_t limit_here = NSEC_NEVER;

nsec_t within(nsec_t limit)
{
	nsec_t before = limit_here;
	limit_here = within_limit(MUTANT(parts_have_own_limits) ? NSEC_NEVER : limit);
	return before;
}

void within_end(nsec_t before)
{
	limit_here = before;
}

nsec_t within_nothing(void)
{
	nsec_t before = limit_here;
	limit_here = NSEC_NEVER;
	return before;
}

nsec_t within_limit(nsec_t deadline)
{
	return deadline < limit_here ? deadline : limit_here;
}
