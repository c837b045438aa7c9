#ifndef STOCK_ARRIVAL_H
#define STOCK_ARRIVAL_H

#include "base/clock.h"
#include "core/recorder.h"

#include <stdint.h>

/* How an item comes to a queue. */
struct arrival {
	uint64_t session;  /* that puts it; 0: none */
	nsec_t not_before; /* to be handed out then at the earliest; 0: at once */
	bool moved;        /* from another queue: its key and its times were for that one */
	struct put_origin origin;
};

#endif
