/* What the engine tells of queues and cells, as records. */
#include "journal/journal_parts.h"

#include "cells/cell_call.h"
#include "stock/options.h"

/* ---- appending ------------------------------------------------------------- */

int journal_append(struct journal *journal, enum record_type type, const struct store_part *parts,
		   size_t count, store_position *at)
{
	struct store *store = journal->store;
	journal->items.queue = NULL;
	int status = store->operations->append(store, (uint8_t)type, parts, count, at);
	if (status != RELEVO_OK)
		return status;
	for (size_t i = 0; i < count; i++)
		journal->appended += parts[i].size;
	journal->changed = true;
	return space_reach(&journal->kept.space, store_extent(*at)) ? RELEVO_OK : RELEVO_NO_MEMORY;
}

void journal_append_small(struct journal *journal, enum record_type type,
			  const struct small_record *record)
{
	uint8_t bytes[SMALL_RECORD_SIZE];
	store_position at;
	const struct store_part part = { bytes, small_record_write(type, record, bytes) };
	if (journal_append(journal, type, &part, 1, &at) != RELEVO_OK)
		journal->forgetful = true;
}

void journal_say_gone(struct journal *journal)
{
	struct gone_items *gone = &journal->gone;
	if (gone->queue == NULL)
		return;
	journal_append_small(journal, RECORD_ITEMS_GONE,
			     &(struct small_record){
				     .queue = gone->queue->record.key,
				     .sequence = gone->first,
				     .count = gone->count,
			     });
	gone->queue = NULL;
}

void journal_say_all(struct journal *journal)
{
	struct list *node;
	journal_say_gone(journal);
	while ((node = list_first(&journal->unsaid)) != NULL) {
		const struct kept_queue *queue = container_of(node, struct kept_queue, unsaid);
		list_remove(node);
		journal_append_small(journal, RECORD_HANDED_OUT,
				     &(struct small_record){
					     .queue = queue->record.key,
					     .sequence = queue->handed_out,
				     });
	}
}

/* ---- queues ------------------------------------------------------------------ */

static int journal_queue_created(struct recorder *recorder, const struct queue_note *note)
{
	struct journal *journal = journal_of(recorder);
	const struct queue_options *options = note->options;
	struct queue_record record = {
		.key = note->key,
		.uid = note->uid,
		.lifetime = (uint8_t)options->lifetime,
		.order = (uint8_t)options->order,
		.full = (uint8_t)options->full,
		.kind = (uint8_t)options->kind,
		.exclusive = options->exclusive,
		.bounded = options->bounded,
		.capacity = options->capacity,
		.capacity_bytes = options->capacity_bytes,
		.lease = options->lease,
		.ttl = options->ttl,
		.max_deliveries = options->max_deliveries,
		.name = note->name,
		.dead_letter = options->dead_letter != NULL ? options->dead_letter : "",
	};
	record_own(record.owner, note->owner);
	uint8_t bytes[QUEUE_RECORD_MAX];
	store_position at;
	const struct store_part part = { bytes, queue_record_write(&record, bytes) };
	struct kept_queue *queue = kept_queue_new(&journal->kept, &record);
	if (queue == NULL)
		return RELEVO_NO_MEMORY;
	int status = journal_append(journal, RECORD_QUEUE, &part, 1, &at);
	if (status != RELEVO_OK)
		kept_queue_end(&journal->kept, queue);
	return status;
}

static void journal_queue_shut_down(struct recorder *recorder, uint64_t key, uint8_t how)
{
	struct journal *journal = journal_of(recorder);
	struct kept_queue *queue = kept_queue_find(&journal->kept, key);
	if (queue == NULL || queue->shutdown == how)
		return;
	queue->shutdown = how;
	journal_append_small(journal, RECORD_SHUTDOWN,
			     &(struct small_record){ .queue = key, .count = how });
}

static void journal_queue_deleted(struct recorder *recorder, uint64_t key)
{
	struct journal *journal = journal_of(recorder);
	struct kept_queue *queue = kept_queue_find(&journal->kept, key);
	if (queue == NULL)
		return;
	if (journal->gone.queue == queue)
		journal->gone.queue = NULL;
	if (journal->items.queue == queue)
		journal->items.queue = NULL;
	kept_queue_end(&journal->kept, queue);
	journal_append_small(journal, RECORD_QUEUE_GONE, &(struct small_record){ .queue = key });
}

/* ---- cells ---------------------------------------------------------------------- */

static int journal_cell_created(struct recorder *recorder, const struct cell_note *note)
{
	struct journal *journal = journal_of(recorder);
	const struct cell_options *options = note->options;
	struct cell_record record = {
		.identity = note->key,
		.version = note->version,
		.uid = note->uid,
		.lifetime = (uint8_t)options->lifetime,
		.type = (uint8_t)options->type,
		.width = options->width,
		.count = options->count,
		.name = note->name,
		.purpose = options->purpose != NULL ? options->purpose : "",
	};
	record_own(record.owner, note->owner);
	uint8_t head[CELL_HEAD_MAX];
	size_t size = cell_record_write(&record, head);
	const struct store_part parts[] = { { head, size }, { note->bytes, note->size } };
	struct kept_cell *cell = kept_cell_new(&journal->kept, note->key, size + note->size, size);
	store_position at;
	if (cell == NULL)
		return RELEVO_NO_MEMORY;
	memcpy(cell->record, head, size);
	memcpy(cell->record + size, note->bytes, note->size);
	int status = journal_append(journal, RECORD_CELL, parts, 2, &at);
	if (status != RELEVO_OK)
		kept_cell_end(&journal->kept, cell);
	return status;
}

static void journal_cell_changed(struct recorder *recorder, const struct cell_note *note)
{
	struct journal *journal = journal_of(recorder);
	const struct cell_set_record record = {
		.identity = note->key,
		.version = note->version,
		.offset = note->offset,
	};
	uint8_t head[CELL_SET_HEAD];
	const struct store_part parts[] = {
		{ head, cell_set_record_write(&record, head) },
		{ note->bytes, note->size },
	};
	store_position at;
	struct kept_cell *cell = kept_cell_find(&journal->kept, note->key);
	if (cell != NULL)
		kept_cell_set(cell, note->version, note->offset, note->bytes, note->size);
	if (journal_append(journal, RECORD_CELL_SET, parts, 2, &at) != RELEVO_OK)
		journal->forgetful = true;
}

static void journal_cell_deleted(struct recorder *recorder, uint64_t key)
{
	struct journal *journal = journal_of(recorder);
	struct kept_cell *cell = kept_cell_find(&journal->kept, key);
	if (cell == NULL)
		return;
	kept_cell_end(&journal->kept, cell);
	journal_append_small(journal, RECORD_CELL_GONE, &(struct small_record){ .queue = key });
}

/* ---- the rest --------------------------------------------------------------------- */

int journal_trouble(struct journal *journal, struct error *error)
{
	if (!journal->troubled)
		return RELEVO_OK;
	return journal->store->operations->trouble(journal->store, error);
}

static int note_trouble(struct recorder *recorder, struct error *error)
{
	return journal_trouble(journal_of(recorder), error);
}

static void journal_granting(struct recorder *recorder, uint64_t bound)
{
	struct journal *journal = journal_of(recorder);
	journal->kept.grants = bound;
	journal_append_small(journal, RECORD_GRANTS, &(struct small_record){ .sequence = bound });
}

const struct recorder_operations journal_operations = {
	.trouble = note_trouble,
	.queue_created = journal_queue_created,
	.queue_shut_down = journal_queue_shut_down,
	.queue_deleted = journal_queue_deleted,
	.item_added = journal_item_added,
	.items_removed = journal_items_removed,
	.item_handed_out = journal_item_handed_out,
	.item_changed = journal_item_changed,
	.items_read = journal_items_read,
	.cell_created = journal_cell_created,
	.cell_changed = journal_cell_changed,
	.cell_deleted = journal_cell_deleted,
	.granting = journal_granting,
	.commit = journal_commit,
};
