/* What the recorder is told of a queue, where it may refuse: see queue_record.h. */
#include "stock/queue_record.h"

int queue_record_created(struct queue *queue, const uint8_t *owner, struct error *error)
{
	if (!queue->options.durable)
		return RELEVO_OK;
	const struct queue_note note = {
		.key = queue->key,
		.uid = queue->account->uid,
		.owner = owner,
		.name = queue->name,
		.options = &queue->options,
	};
	int status = record_trouble(queue->engine, error);
	if (status != RELEVO_OK)
		return status;
	struct recorder *recorder = record_change(queue->engine);
	status = recorder->operations->queue_created(recorder, &note);
	if (status != RELEVO_OK)
		error_set(error, status, "the queue \"%s\" could not be recorded", queue->name);
	return status;
}

void queue_record_shutdown(struct queue *queue)
{
	if (!queue->options.durable)
		return;
	struct recorder *recorder = record_change(queue->engine);
	recorder->operations->queue_shut_down(recorder, queue->key, (uint8_t)queue->shutdown);
}

void queue_record_deleted(struct queue *queue)
{
	if (!queue->options.durable)
		return;
	struct recorder *recorder = record_change(queue->engine);
	recorder->operations->queue_deleted(recorder, queue->key);
}

int queue_record_added(struct queue *queue, const struct item *item, uint64_t sequence,
		       const struct arrival *arrival)
{
	if (!queue->options.durable)
		return RELEVO_OK;
	struct error ignored;
	int status = record_trouble(queue->engine, &ignored);
	if (status != RELEVO_OK)
		return status;
	const struct item_note note = {
		.queue = queue->key,
		.sequence = sequence,
		.item = item,
		.ranked = queue->stock.ranked,
		.moved = arrival->moved,
		.due = arrival->not_before > queue->engine->now ? arrival->not_before : 0,
		.origin = arrival->origin,
	};
	struct recorder *recorder = record_change(queue->engine);
	return recorder->operations->item_added(recorder, &note);
}
