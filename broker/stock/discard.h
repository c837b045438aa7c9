/* Items that are gone at once, and whose memory goes piece by piece. */
#ifndef STOCK_DISCARD_H
#define STOCK_DISCARD_H

#include "stock/queue.h"

/* All that is in stock is gone; how many that were. Nobody sees any of it again: a key of
 * theirs can be put at once, and nothing of them expires. */
uint64_t discard_stock(struct queue *queue);

/* The item, which is out of stock, is gone. */
void discard_item(struct queue *queue, struct item *item);

#endif
