#ifndef POLLER_POLLER_H
#define POLLER_POLLER_H

#include "poller/poller_set.h"

/* Errors as relevo_poller_new(). */
int poller_new(relevo_poller **poller, struct error *error);

/* What is ready, `capacity` at most, waiting until `deadline` for the first. Errors as
 * relevo_poller_wait(). */
struct poller_ready {
	struct relevo_ready *ready;
	size_t capacity, count;
};
int poller_wait(relevo_poller *poller, nsec_t deadline, struct poller_ready *found,
		struct error *error);

#endif
