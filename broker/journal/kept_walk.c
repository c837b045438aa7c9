/* Walking over the items that are kept: see kept_walk.h. */
#include "journal/kept_walk.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- gaps ------------------------------------------------------------------ */

static int gap_add(struct kept_walk *walk, uint64_t queue, const struct kept_run *run,
		   struct error *error)
{
	struct kept_gaps *gaps = &walk->gaps;
	if (gaps->count == gaps->capacity) {
		size_t capacity = gaps->capacity * 2 + 16;
		struct kept_gap *all = realloc(gaps->all, capacity * sizeof *all);
		if (all == NULL)
			return error_set(error, RELEVO_NO_MEMORY, "no memory");
		gaps->all = all;
		gaps->capacity = capacity;
	}
	gaps->all[gaps->count++] = (struct kept_gap){ queue, *run };
	gaps->items += run->count;
	return RELEVO_OK;
}

/* ---- reading ----------------------------------------------------------------- */

/* Many runs may stand in one record. */
static int walk_load(struct kept_walk *walk, store_position at, struct error *error)
{
	uint8_t type;
	if (walk->at == at)
		return RELEVO_OK;
	walk->at = 0;
	int status = walk->store->operations->read(walk->store, at, &type, &walk->record, error);
	if (status == RELEVO_OK && type != RECORD_ITEMS)
		return error_set(error, RELEVO_DAMAGED, "the record at %" PRIx64 " has no items",
				 at);
	if (status == RELEVO_OK)
		walk->at = at;
	return status;
}

static bool entries_skip(struct byte_reader *reader, uint32_t count)
{
	struct item_entry entry;
	for (uint32_t i = 0; i < count; i++) {
		if (!item_entry_next(reader, &entry))
			return false;
	}
	return true;
}

static int walk_read(struct kept_walk *walk, const struct kept_queue *queue,
		     const struct kept_run *run, struct items_record *head,
		     struct byte_reader *entries)
{
	struct error failed = { 0 };
	int status = walk_load(walk, run->at, &failed);
	if (status == RELEVO_OK) {
		const struct buffer *record = &walk->record;
		bool whole = items_record_read(head, buffer_data(record), buffer_size(record),
					       entries) &&
			     head->queue == queue->record.key && entries_skip(entries, run->index);
		struct byte_reader reader = *entries;
		if (!whole || !entries_skip(&reader, run->count))
			status = error_set(&failed, RELEVO_DAMAGED,
					   "the record at %" PRIx64 " does not have the item "
					   "%" PRIu64 " of the queue \"%s\"",
					   run->at, run->first, queue->record.name);
	}
	if (status != RELEVO_OK && walk->first.status == RELEVO_OK)
		walk->first = failed;
	return status;
}

int kept_walk_run(struct kept_walk *walk, const struct kept_queue *queue,
		  const struct kept_run *run, struct error *error)
{
	struct items_record head;
	struct kept_view view = { .queue = queue, .run = run, .head = &head };
	int status = walk_read(walk, queue, run, &head, &view.entries);
	if (status == RELEVO_NO_MEMORY)
		return error_set(error, status, "no memory to read a record");
	if (status != RELEVO_OK)
		return gap_add(walk, queue->record.key, run, error);
	return walk->see(walk->context, &view, error);
}

int kept_walk_queue(struct kept_walk *walk, const struct kept_queue *queue, struct error *error)
{
	const struct kept_run *run;
	uint64_t sequence = 0;
	int status = RELEVO_OK;
	while (status == RELEVO_OK && (run = kept_next(queue, sequence + 1)) != NULL) {
		sequence = run->first + run->count - 1;
		status = kept_walk_run(walk, queue, run, error);
	}
	return status;
}

/* ---- again ---------------------------------------------------------------------- */

static uint64_t later(uint64_t one, uint64_t other)
{
	return one > other ? one : other;
}

/* What the newer run has of the older one. */
static struct kept_run run_shared(const struct kept_run *older, const struct kept_run *newer)
{
	struct kept_run part = *newer;
	uint64_t old_end = older->first + older->count, new_end = newer->first + newer->count;
	part.first = later(older->first, newer->first);
	part.count = (uint32_t)((old_end < new_end ? old_end : new_end) - part.first);
	part.index += (uint32_t)(part.first - newer->first);
	part.bytes = KEPT_BYTES_UNKNOWN;
	return part;
}

static int walk_gap_again(struct kept_walk *walk, const struct kept_queue *queue,
			  const struct kept_run *gap, struct error *error)
{
	const struct kept_run *run;
	uint64_t first = gap->first, end = gap->first + gap->count;
	int status = RELEVO_OK;
	while (status == RELEVO_OK && first < end && (run = kept_next(queue, first)) != NULL &&
	       run->first < end) {
		const struct kept_run part = run_shared(gap, run);
		first = part.first + part.count;
		status = kept_walk_run(walk, queue, &part, error);
	}
	return status;
}

int kept_walk_again(struct kept_walk *walk, const struct kept *newer, struct error *error)
{
	struct kept_gaps before = walk->gaps;
	int status = RELEVO_OK;
	walk->gaps = (struct kept_gaps){ 0 };
	walk->first = (struct error){ 0 };
	/* Its place may have been used again. */
	walk->at = 0;
	for (size_t i = 0; i < before.count && status == RELEVO_OK; i++) {
		const struct kept_gap *gap = &before.all[i];
		const struct kept_queue *queue = kept_queue_find(newer, gap->queue);
		if (queue != NULL)
			status = walk_gap_again(walk, queue, &gap->run, error);
	}
	free(before.all);
	return status;
}

void kept_walk_fini(struct kept_walk *walk)
{
	buffer_fini(&walk->record);
	free(walk->gaps.all);
	walk->gaps = (struct kept_gaps){ 0 };
}
