#ifndef QUEUES_QUEUE_PUT_H
#define QUEUES_QUEUE_PUT_H

#include "stock/queue.h"

/* Move the first item of the first of them into the stock, which ends the put with its
 * last item, or when the recorder refuses. */
void putters_admit(struct queue *queue);

/* Let in what there is room for. */
void putters_serve(struct queue *queue);

#endif
