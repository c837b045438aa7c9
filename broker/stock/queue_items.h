/* How items enter a queue, and leave it. */
#ifndef STOCK_QUEUE_ITEMS_H
#define STOCK_QUEUE_ITEMS_H

#include "stock/arrival.h"
#include "stock/queue.h"

/* Whether an item of that size may enter the stock. */
bool queue_has_room(const struct queue *queue, size_t size);

/* Record a new item, and put it into the stock; it is the queue's then, and may be on disk
 * alone. NO_MEMORY, QUOTA, or the reason of the recorder: it is left as it was. */
int queue_append(struct queue *queue, struct item *item, const struct arrival *arrival);

/* Make sure that queue_delay() can be called once. */
bool queue_reserve_delay(struct queue *queue);

/* Give back an item that is not to be handed out before `due`, which is recorded. */
void queue_delay(struct queue *queue, struct item *item, nsec_t due);

/* The item, which is out of stock, is the queue's no more, and is recorded to be gone. */
void queue_forget_item(struct queue *queue, struct item *item, uint64_t sequence);

/* Move an item that is out of stock to the end of another queue, whether that has
 * room or not. Its key and its time were for the queue it leaves. Fails as
 * queue_append(), and then it is as it was. */
int queue_transfer(struct queue *to, struct queue *from, struct item *item);

#endif
