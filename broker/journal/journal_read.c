/* Reading items back from the log. */
#include "journal/journal_parts.h"

#include <inttypes.h>

static int not_there(const struct kept_run *run, struct error *error)
{
	return error_set(error, RELEVO_DAMAGED,
			 "the record at %" PRIx64 " does not have the item %" PRIu64, run->at,
			 run->first);
}

int journal_read_run(struct journal *journal, const struct kept_run *run,
		     struct items_record *record, struct byte_reader *reader, struct error *error)
{
	struct store *store = journal->store;
	struct item_entry entry;
	uint8_t type;
	int status = store->operations->read(store, run->at, &type, &journal->read, error);
	if (status != RELEVO_OK)
		return status;
	if (type != RECORD_ITEMS || !items_record_read(record, buffer_data(&journal->read),
						       buffer_size(&journal->read), reader))
		return not_there(run, error);
	for (uint32_t i = 0; i < run->index; i++) {
		if (!item_entry_next(reader, &entry))
			return not_there(run, error);
	}
	return RELEVO_OK;
}

/* The next run will be asked for when this one has been handed out. */
static void read_ahead(struct journal *journal, const struct kept_queue *queue,
		       const struct kept_run *run)
{
	struct store *store = journal->store;
	const struct kept_run *next = kept_next(queue, run->first + run->count);
	if (next != NULL && next->bytes != KEPT_BYTES_UNKNOWN)
		store->operations->ahead(store, next->at, next->bytes);
}

int journal_items_read(struct recorder *recorder, const struct recorder_reading *reading,
		       struct error *error)
{
	struct journal *journal = journal_of(recorder);
	const struct kept_queue *queue = kept_queue_find(&journal->kept, reading->queue);
	uint64_t first = reading->first;
	const struct kept_run *found = queue != NULL ? kept_find(queue, first) : NULL;
	struct items_record record;
	struct byte_reader reader;
	struct item_entry entry;
	if (found == NULL)
		return error_set(error, RELEVO_DAMAGED, "the item %" PRIu64 " is not in the log",
				 first);
	struct kept_run run = *found;
	run.index += (uint32_t)(first - run.first);
	run.count -= (uint32_t)(first - run.first);
	run.first = first;
	int status = journal_read_run(journal, &run, &record, &reader, error);
	if (status != RELEVO_OK)
		return status;
	for (uint64_t i = 0; i < run.count && i < reading->most; i++) {
		if (!item_entry_next(&reader, &entry))
			return not_there(&run, error);
		if (!reading->take(reading->context, first + i, entry.body, entry.size))
			break;
	}
	read_ahead(journal, queue, &run);
	return RELEVO_OK;
}
