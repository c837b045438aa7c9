#ifndef RESIDENT_H
#define RESIDENT_H

#include "collections/account.h"

/* Scales that ask the kernel how much of this process is resident, and give back what the heap
 * has to spare before they find it too much. NULL where that cannot be found out. */
struct scales *resident_open(void);

/* NULL is allowed. */
void resident_close(struct scales *scales);

#endif
