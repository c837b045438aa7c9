#ifndef STOCK_QUEUE_TIMER_H
#define STOCK_QUEUE_TIMER_H

#include "stock/queue.h"

/* Have the engine come when the first delayed item is due, one expires, or that of the
 * first putter may be handed out. */
void queue_set_timer(struct queue *queue);

#endif
