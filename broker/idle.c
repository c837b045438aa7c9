/* When a broker that serves those who come, and no longer, has nobody left. */
#include "idle.h"

nsec_t idle_deadline(const struct idle *idle)
{
	return idle->ends != 0 ? idle->ends : NSEC_NEVER;
}

bool idle_over(struct idle *idle, bool connected, nsec_t now)
{
	if (idle->grace == 0 || connected) {
		idle->ends = 0;
		return false;
	}
	bool over = idle->ends != 0 && now >= idle->ends;
	if (idle->ends == 0 || over)
		idle->ends = now + idle->grace;
	return over;
}
