#ifndef OS_READABLE_H
#define OS_READABLE_H

#include "base/clock.h"

#include <stdbool.h>

/*
 * Whether the descriptor becomes readable until then, in spite of signals: as that of a process
 * does which ends. For those who have nobody to tell that it cannot be waited for: it is, in spite
 * of a limit of descriptors too low for poll(2). False as well if the descriptor is not open, or
 * there is no memory.
 */
bool readable_until(int fd, nsec_t deadline);

#endif
