/* Taking in records: those of the log, and those of an image. */
#include "journal/kept.h"

#include <inttypes.h>

static int no_memory(struct error *error)
{
	return error_set(error, RELEVO_NO_MEMORY, "no memory for what is kept on disk");
}

static int unreadable(uint8_t type, struct error *error)
{
	return error_set(error, RELEVO_DAMAGED, "a record of the kind %u cannot be understood",
			 type);
}

static int outcome(bool done, struct error *error)
{
	return done ? RELEVO_OK : no_memory(error);
}

/* ---- items ----------------------------------------------------------------- */

/* So many items of that put of the record's client are in. */
static bool put_reached(struct kept *kept, struct kept_queue *queue,
			const struct items_record *items, uint64_t put, uint32_t accepted)
{
	struct put_record record = {
		.queue = queue->record.key,
		.put = put,
		.settled = items->settled,
		.accepted = accepted,
		.seen = kept->clock,
	};
	if (!(items->flags & ITEMS_PUT))
		return true;
	memcpy(record.client, items->client, CLIENT_SIZE);
	return kept_put_set(queue, &record);
}

static int read_items(struct kept *kept, store_position at, const uint8_t *bytes, size_t size,
		      struct error *error)
{
	struct items_record items;
	struct byte_reader reader;
	struct item_entry entry;
	if (!items_record_read(&items, bytes, size, &reader))
		return unreadable(RECORD_ITEMS, error);
	struct kept_queue *queue = kept_queue_find(kept, items.queue);
	/* It was deleted since. */
	if (queue == NULL)
		return RELEVO_OK;
	struct kept_run run = {
		.first = items.first,
		.at = at,
		.due = items.due,
		.uid = items.uid,
		.deliveries = items.deliveries,
		.flags = (items.flags & (ITEMS_RANKED | ITEMS_EXTENDED) ? KEPT_SPECIAL : 0) |
			 items.kept,
	};
	uint64_t put = items.put, sum = 0;
	uint32_t accepted = items.put_before;
	while (item_entry_next(&reader, &entry)) {
		if (entry.next_put) {
			if (!put_reached(kept, queue, &items, put, accepted))
				return no_memory(error);
			put++;
			accepted = 0;
		}
		run.count++;
		accepted++;
		sum += entry.size;
	}
	if (reader.failed || run.count == 0)
		return unreadable(RECORD_ITEMS, error);
	run.bytes = sum < KEPT_BYTES_UNKNOWN ? (uint32_t)sum : KEPT_BYTES_UNKNOWN;
	bool done = items.flags & ITEMS_COPIED ? kept_replace(kept, queue, &run)
					       : kept_add(kept, queue, &run);
	if (done)
		done = put_reached(kept, queue, &items, put, accepted);
	return outcome(done, error);
}

/* ---- queues ------------------------------------------------------------------ */

static int read_queue(struct kept *kept, const uint8_t *bytes, size_t size, struct error *error)
{
	struct queue_record record;
	if (!queue_record_read(&record, bytes, size))
		return unreadable(RECORD_QUEUE, error);
	return outcome(kept_queue_new(kept, &record) != NULL, error);
}

/* A record about a queue that is gone by now says nothing. */
static int read_of_queue(struct kept *kept, uint8_t type, const struct small_record *record,
			 struct error *error)
{
	struct kept_queue *queue = kept_queue_find(kept, record->queue);
	if (queue == NULL)
		return RELEVO_OK;
	switch (type) {
	case RECORD_QUEUE_GONE:
		kept_queue_end(kept, queue);
		return RELEVO_OK;
	case RECORD_ITEMS_GONE:
		return outcome(kept_remove(kept, queue, record->sequence, record->count), error);
	case RECORD_ITEM:
		return outcome(
			kept_tell(kept, queue, record->sequence,
				  &(struct kept_fate){ record->deliveries, record->due,
						       (record->flags & KEPT_IMMORTAL) != 0 }),
			error);
	case RECORD_HANDED_OUT:
		if (record->sequence > queue->handed_out)
			queue->handed_out = record->sequence;
		return RELEVO_OK;
	default:
		queue->shutdown = (uint8_t)record->count;
		return RELEVO_OK;
	}
}

/* ---- cells --------------------------------------------------------------------- */

static int read_cell(struct kept *kept, const uint8_t *bytes, size_t size, struct error *error)
{
	struct cell_record record;
	if (!cell_record_read(&record, bytes, size))
		return unreadable(RECORD_CELL, error);
	/* As it is now, which is what later records begin with. */
	if (kept_cell_find(kept, record.identity) != NULL)
		return RELEVO_OK;
	struct kept_cell *cell =
		kept_cell_new(kept, record.identity, size, (size_t)(record.contents - bytes));
	if (cell != NULL)
		memcpy(cell->record, bytes, size);
	return outcome(cell != NULL, error);
}

static int read_cell_set(struct kept *kept, const uint8_t *bytes, size_t size, struct error *error)
{
	struct cell_set_record record;
	if (!cell_set_record_read(&record, bytes, size))
		return unreadable(RECORD_CELL_SET, error);
	struct kept_cell *cell = kept_cell_find(kept, record.identity);
	if (cell != NULL)
		kept_cell_set(cell, record.version, record.offset, record.bytes, record.size);
	return RELEVO_OK;
}

/* ---- all -------------------------------------------------------------------------- */

static int read_small(struct kept *kept, uint8_t type, const uint8_t *bytes, size_t size,
		      struct error *error)
{
	struct small_record record;
	if (!small_record_read(type, &record, bytes, size))
		return unreadable(type, error);
	if (type == RECORD_GRANTS) {
		if (record.sequence > kept->grants)
			kept->grants = record.sequence;
	} else if (type == RECORD_CLOCK) {
		if (record.sequence > kept->clock)
			kept->clock = record.sequence;
	} else if (type == RECORD_KEYS) {
		if (record.queue > kept->last_key)
			kept->last_key = record.queue;
		if (record.sequence > kept->last_cell)
			kept->last_cell = record.sequence;
	} else if (type == RECORD_CELL_GONE) {
		struct kept_cell *cell = kept_cell_find(kept, record.queue);
		if (cell != NULL)
			kept_cell_end(kept, cell);
	} else {
		return read_of_queue(kept, type, &record, error);
	}
	return RELEVO_OK;
}

static int read_put(struct kept *kept, const uint8_t *bytes, size_t size, struct error *error)
{
	struct put_record record;
	if (!put_record_read(&record, bytes, size))
		return unreadable(RECORD_PUT, error);
	struct kept_queue *queue = kept_queue_find(kept, record.queue);
	return queue == NULL ? RELEVO_OK : outcome(kept_put_set(queue, &record), error);
}

static int read_queue_state(struct kept *kept, const uint8_t *bytes, size_t size,
			    struct error *error)
{
	struct small_record record;
	if (!small_record_read(RECORD_QUEUE_STATE, &record, bytes, size))
		return unreadable(RECORD_QUEUE_STATE, error);
	struct kept_queue *queue = kept_queue_find(kept, record.queue);
	if (queue != NULL && record.sequence > queue->last_sequence)
		queue->last_sequence = record.sequence;
	return RELEVO_OK;
}

int kept_read(struct kept *kept, store_position at, const struct store_record *record,
	      struct error *error)
{
	const uint8_t *bytes = record->bytes;
	size_t size = record->size;
	switch (record->type) {
	case RECORD_QUEUE:
		return read_queue(kept, bytes, size, error);
	case RECORD_ITEMS:
		return read_items(kept, at, bytes, size, error);
	case RECORD_CELL:
		return read_cell(kept, bytes, size, error);
	case RECORD_CELL_SET:
		return read_cell_set(kept, bytes, size, error);
	case RECORD_QUEUE_GONE:
	case RECORD_ITEMS_GONE:
	case RECORD_ITEM:
	case RECORD_HANDED_OUT:
	case RECORD_SHUTDOWN:
	case RECORD_CELL_GONE:
	case RECORD_GRANTS:
	case RECORD_CLOCK:
	case RECORD_KEYS:
		return read_small(kept, record->type, bytes, size, error);
	case RECORD_PUT:
		return read_put(kept, bytes, size, error);
	case RECORD_QUEUE_STATE:
		return read_queue_state(kept, bytes, size, error);
	default:
		return unreadable(record->type, error);
	}
}

/* ---- images ------------------------------------------------------------------------- */

static int read_run(struct kept *kept, const uint8_t *bytes, size_t size, struct error *error)
{
	struct small_record record;
	if (!small_record_read(RECORD_RUN, &record, bytes, size) || record.sequence == 0 ||
	    record.count == 0 || record.count > UINT32_MAX)
		return unreadable(RECORD_RUN, error);
	struct kept_queue *queue = kept_queue_find(kept, record.queue);
	if (queue == NULL)
		return RELEVO_OK;
	const struct kept_run run = {
		.first = record.sequence,
		.at = record.at,
		.due = record.due,
		.count = (uint32_t)record.count,
		.index = record.index,
		.bytes = record.bytes,
		.uid = record.uid,
		.deliveries = record.deliveries,
		.flags = record.flags,
	};
	return outcome(kept_add(kept, queue, &run), error);
}

int kept_read_image(struct kept *kept, const struct store_record *record, struct error *error)
{
	const uint8_t *bytes = record->bytes;
	size_t size = record->size;
	return record->type == RECORD_RUN ? read_run(kept, bytes, size, error)
					  : kept_read(kept, 0, record, error);
}
