#ifndef BASE_DEADLINE_H
#define BASE_DEADLINE_H

#include "base/clock.h"
#include "base/error.h"

#include <relevo/types.h>

/* The deadline for a public time-out; BAD_ARGUMENT when it is negative and not
 * RELEVO_FOREVER. 0 gives 0: do not wait. */
int deadline_after(int64_t timeout, nsec_t *deadline, struct error *error);

#endif
