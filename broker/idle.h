#ifndef BROKER_IDLE_H
#define BROKER_IDLE_H

#include "base/clock.h"

#include <stdbool.h>

/* Since when nobody is connected, for a broker that ends after some time of that. */
struct idle {
	nsec_t grace; /* 0: it does not end */
	nsec_t ends;  /* 0: somebody is connected */
};

/* When idle_over() has to be asked next; NSEC_NEVER. */
nsec_t idle_deadline(const struct idle *idle);

/* Whether nobody has been connected for as long as that. Ask after every round. If it shall go on
 * all the same, it is asked again after as long. */
bool idle_over(struct idle *idle, bool connected, nsec_t now);

#endif
