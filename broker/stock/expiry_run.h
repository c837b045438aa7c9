#ifndef STOCK_EXPIRY_RUN_H
#define STOCK_EXPIRY_RUN_H

#include "stock/queue.h"

/* Take out those in stock whose time is over, one at least. False: the piece of work is
 * used up, and there may be more. */
bool expiry_run(struct queue *queue);

#endif
