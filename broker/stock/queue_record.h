/* Telling the recorder what changes in a queue, if it is durable. */
#ifndef STOCK_QUEUE_RECORD_H
#define STOCK_QUEUE_RECORD_H

#include "core/record.h"
#include "stock/arrival.h"
#include "stock/queue.h"

/* `owner`: see struct queue_making. NO_MEMORY, or why nothing new can be recorded now. */
int queue_record_created(struct queue *queue, const uint8_t *owner, struct error *error);
void queue_record_shutdown(struct queue *queue);
void queue_record_deleted(struct queue *queue);

/* The item is about to enter at that sequence. NO_MEMORY, or why nothing new can be recorded. */
int queue_record_added(struct queue *queue, const struct item *item, uint64_t sequence,
		       const struct arrival *arrival);

/* So many, from one sequence on, have left. */
static inline void queue_record_removed(struct queue *queue, uint64_t first, uint64_t count)
{
	if (!queue->options.durable || queue->deleted)
		return;
	struct recorder *recorder = record_change(queue->engine);
	recorder->operations->items_removed(recorder, queue->key, first, count);
}

/* Its delivery is counted already. */
static inline void queue_record_handed_out(struct queue *queue, const struct item *item)
{
	if (!queue->options.durable)
		return;
	/* Nobody waits to be sure of it. */
	struct recorder *recorder = record_begin(queue->engine);
	recorder->operations->item_handed_out(recorder, queue->key, item->order.key, item);
}

/* Its deliveries, or its time to live, or when it is due (0: now). Its sequence is `order.key`. */
static inline void queue_record_changed(struct queue *queue, const struct item *item, nsec_t due)
{
	if (!queue->options.durable || queue->deleted)
		return;
	struct recorder *recorder = record_change(queue->engine);
	recorder->operations->item_changed(recorder, queue->key, item->order.key, item, due);
}

#endif
