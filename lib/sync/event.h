#ifndef SYNC_EVENT_H
#define SYNC_EVENT_H

#include "sync/cell.h"

#include <relevo/event.h>

/* One element: not 0 while it is set. */
struct relevo_event {
	struct cell cell;
};

#endif
