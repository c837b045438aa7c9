/* Checkpoints: an image of all that is kept, piece by piece. */
#include "journal/journal_parts.h"

#include "core/client_id.h"

#include <stdlib.h>
#include <string.h>

/*
 * While an image is written the state changes. That does no harm: what changes is recorded
 * behind the beginning of the checkpoint, records tell how something is, and so the image
 * comes right when they are read over it. The store counts the checkpoint only when all that
 * was committed meanwhile is durable, so that nothing is missing in it that was not, in
 * truth, removed.
 *
 * On the way, the items of extents where few are left are copied to the end of the log, so
 * that such extents become free.
 */

/* In one piece: records, and bytes that are copied. */
enum { PIECE_RECORDS = 256, PIECE_BYTES = 256 * 1024 };

/* An image is worth it when so many times its size has been appended since the last. */
enum { IMAGE_TIMES = 4 };

/* An extent is mostly dead with one item in so many alive. */
enum { VICTIM_SHARE = 2 };

/* In trouble an image is worth it sooner. */
enum { TROUBLED_BYTES = 64 * 1024 };

/* Who adds to an image faster than it is written waits. */
enum { IMAGE_BACKLOG = 8 * 1024 * 1024 };

/* ---- its records -------------------------------------------------------------- */

static bool image_add_parts(struct journal *journal, enum record_type type,
			    const struct store_part *parts, size_t count)
{
	struct store *store = journal->store;
	for (size_t i = 0; i < count; i++)
		journal->image.bytes += parts[i].size;
	return store->operations->checkpoint_add(store, (uint8_t)type, parts, count) == RELEVO_OK;
}

static bool image_add(struct journal *journal, enum record_type type, const void *bytes,
		      size_t size)
{
	const struct store_part part = { bytes, size };
	return image_add_parts(journal, type, &part, 1);
}

static bool image_add_small(struct journal *journal, enum record_type type,
			    const struct small_record *record)
{
	uint8_t bytes[SMALL_RECORD_SIZE];
	return image_add(journal, type, bytes, small_record_write(type, record, bytes));
}

static bool image_add_queue(struct journal *journal, const struct kept_queue *queue)
{
	uint8_t bytes[QUEUE_RECORD_MAX];
	struct small_record record = { .queue = queue->record.key };
	bool added =
		image_add(journal, RECORD_QUEUE, bytes, queue_record_write(&queue->record, bytes));
	record.sequence = queue->last_sequence;
	added = added && image_add_small(journal, RECORD_QUEUE_STATE, &record);
	record.sequence = queue->handed_out;
	added = added && image_add_small(journal, RECORD_HANDED_OUT, &record);
	record.count = queue->shutdown;
	return added &&
	       (queue->shutdown == 0 || image_add_small(journal, RECORD_SHUTDOWN, &record));
}

static bool image_add_client(struct journal *journal, const struct kept_queue *queue,
			     const struct kept_client *client)
{
	struct put_record record = {
		.queue = queue->record.key,
		.settled = client->settled,
		.seen = client->seen,
	};
	bool added = true;
	memcpy(record.client, client->client, CLIENT_SIZE);
	for (uint32_t i = client->first; added && i < client->end; i++) {
		uint8_t bytes[PUT_RECORD_SIZE];
		record.put = client->puts[i].number;
		record.accepted = client->puts[i].accepted;
		added = image_add(journal, RECORD_PUT, bytes, put_record_write(&record, bytes));
	}
	return added;
}

/* A client that has not put for long does not come again. */
static bool image_add_clients(struct journal *journal, struct kept_queue *queue)
{
	struct map_node *node = map_next(&queue->clients, NULL);
	bool added = true;
	while (added && node != NULL) {
		struct kept_client *client = container_of(node, struct kept_client, node);
		node = map_next(&queue->clients, node);
		if (client->seen + 2 * CLIENT_MEMORY < journal->kept.clock)
			kept_client_forget(queue, client);
		else
			added = image_add_client(journal, queue, client);
	}
	return added;
}

static bool image_add_run(struct journal *journal, const struct kept_queue *queue,
			  const struct kept_run *run)
{
	return image_add_small(journal, RECORD_RUN,
			       &(struct small_record){
				       .queue = queue->record.key,
				       .sequence = run->first,
				       .count = run->count,
				       .due = run->due,
				       .at = run->at,
				       .index = run->index,
				       .bytes = run->bytes,
				       .uid = run->uid,
				       .deliveries = run->deliveries,
				       .flags = run->flags,
			       });
}

/* ---- copying what few are left ------------------------------------------------- */

static bool is_victim(const struct image *image, uint32_t extent)
{
	return extent >= image->victim_first &&
	       extent - image->victim_first < image->victim_count &&
	       image->victims[extent - image->victim_first];
}

static void choose_victims(struct journal *journal)
{
	struct image *image = &journal->image;
	const struct space *space = &journal->kept.space;
	image->victim_first = space->first;
	image->victim_count = 0;
	image->victims = space->count > 0 ? calloc(space->count, sizeof *image->victims) : NULL;
	if (image->victims == NULL)
		return;
	image->victim_count = space->count;
	/* The last is being written. */
	for (uint32_t i = 0; i + 1 < space->count; i++) {
		const struct extent *extent = &space->extents[i];
		image->victims[i] =
			extent->live > 0 && extent->live * VICTIM_SHARE <= extent->total;
	}
}

/* The items of the run, which their record has behind the reader, as a new record. */
static int copy_bytes(struct journal *journal, const struct kept_run *run,
		      struct items_record *head, struct byte_reader *reader, store_position *at)
{
	const uint8_t *from = reader->at;
	struct item_entry entry;
	uint8_t bytes[ITEMS_HEAD_MAX];
	for (uint32_t i = 0; i < run->count; i++) {
		if (!item_entry_next(reader, &entry))
			return RELEVO_DAMAGED;
	}
	head->flags &= (uint8_t) ~(ITEMS_PUT | ITEMS_DELAYED);
	head->flags |= ITEMS_COPIED | (run->due != 0 ? ITEMS_DELAYED : 0);
	head->first = run->first;
	head->due = run->due;
	head->deliveries = run->deliveries;
	head->kept = run->flags;
	const struct store_part parts[] = {
		{ bytes, items_record_write(head, bytes) },  { head->key, head->key_size },
		{ head->properties, head->properties_size }, { head->overdue, head->overdue_size },
		{ from, (size_t)(reader->at - from) },
	};
	return journal_append(journal, RECORD_ITEMS, parts, sizeof parts / sizeof parts[0], at);
}

/* From now on they stand elsewhere. What cannot be read stays where it is. */
static void copy_run(struct journal *journal, struct kept_run *run)
{
	struct space *space = &journal->kept.space;
	struct items_record head;
	struct byte_reader reader;
	struct error error;
	store_position at;
	uint32_t from = store_extent(run->at);
	if (journal_read_run(journal, run, &head, &reader, &error) != RELEVO_OK ||
	    copy_bytes(journal, run, &head, &reader, &at) != RELEVO_OK)
		return;
	space_remove(space, from, run->count);
	space_add(space, store_extent(at), run->count);
	run->at = at;
	run->index = 0;
	journal->image.copied += buffer_size(&journal->read);
}

/* ---- pieces ---------------------------------------------------------------------- */

static bool store_is_behind(const struct journal *journal)
{
	struct store *store = journal->store;
	return store->operations->checkpoint_backlog(store) > IMAGE_BACKLOG;
}

/* So many runs of the queue; *whole: there are no more. */
static bool image_go_on_in(struct journal *journal, struct kept_queue *queue, bool *whole)
{
	struct image *image = &journal->image;
	*whole = false;
	image->copied = 0;
	for (int i = 0; i < PIECE_RECORDS && image->copied < PIECE_BYTES; i++) {
		struct kept_run *run = kept_next(queue, image->sequence + 1);
		if (run == NULL) {
			*whole = true;
			return image_add_clients(journal, queue);
		}
		if (is_victim(image, store_extent(run->at)))
			copy_run(journal, run);
		if (!image_add_run(journal, queue, run))
			return false;
		image->sequence = run->first + run->count - 1;
	}
	return true;
}

/* One more of the queues, or a part of it. */
static bool image_queue(struct journal *journal)
{
	struct image *image = &journal->image;
	struct kept_queue *queue = kept_queue_find(&journal->kept, image->keys[image->at]);
	bool whole = true, added = true;
	if (queue != NULL) {
		if (image->sequence == 0)
			added = image_add_queue(journal, queue);
		added = added && image_go_on_in(journal, queue, &whole);
	}
	if (whole) {
		image->at++;
		image->sequence = 0;
	}
	return added;
}

static bool image_cell(struct journal *journal)
{
	struct image *image = &journal->image;
	const struct kept_cell *cell = kept_cell_find(&journal->kept, image->keys[image->at++]);
	return cell == NULL || image_add(journal, RECORD_CELL, cell->record, cell->size);
}

static bool image_rest(struct journal *journal)
{
	const struct kept *kept = &journal->kept;
	return image_add_small(journal, RECORD_GRANTS,
			       &(struct small_record){ .sequence = kept->grants }) &&
	       image_add_small(journal, RECORD_CLOCK,
			       &(struct small_record){ .sequence = kept->clock }) &&
	       image_add_small(journal, RECORD_KEYS,
			       &(struct small_record){ .queue = kept->last_key,
						       .sequence = kept->last_cell });
}

void image_drop(struct journal *journal)
{
	struct image *image = &journal->image;
	free(image->keys);
	free(image->victims);
	*image = (struct image){ 0 };
}

static void image_done(void *context, int status)
{
	struct journal *journal = context;
	if (status == RELEVO_CANCELLED)
		return;
	if (status == RELEVO_OK)
		journal->last_image = journal->image.bytes;
	image_drop(journal);
}

static bool image_end(struct journal *journal)
{
	struct store *store = journal->store;
	journal->image.ended = true;
	/* What was copied is in a group before the image counts: it says where that stands. */
	if (journal_flush(journal) && image_rest(journal) &&
	    store->operations->checkpoint_end(store, image_done, journal) == RELEVO_OK)
		return false;
	image_drop(journal);
	return false;
}

bool image_go_on(struct journal *journal)
{
	struct image *image = &journal->image;
	bool added;
	/* Gone on with when the disk has caught up. */
	if (store_is_behind(journal))
		return false;
	if (image->at < image->count)
		added = image_queue(journal);
	else if (image->at < image->count + image->cells)
		added = image_cell(journal);
	else
		return image_end(journal);
	if (!added)
		image_drop(journal);
	return added;
}

/* ---- beginning --------------------------------------------------------------------- */

/* Which queues and cells there are; those that come later are in the log. */
static bool list_keys(struct journal *journal)
{
	struct image *image = &journal->image;
	const struct kept *kept = &journal->kept;
	size_t at = 0;
	image->count = kept->queues.count;
	image->cells = kept->cells.count;
	image->keys = malloc((image->count + image->cells + 1) * sizeof *image->keys);
	if (image->keys == NULL)
		return false;
	for (struct map_node *node = map_next(&kept->queues, NULL); node != NULL;
	     node = map_next(&kept->queues, node))
		image->keys[at++] = container_of(node, struct kept_queue, node)->record.key;
	for (struct map_node *node = map_next(&kept->cells, NULL); node != NULL;
	     node = map_next(&kept->cells, node))
		image->keys[at++] = container_of(node, struct kept_cell, node)->identity;
	return true;
}

/* Where the disk is full, room is made as soon as an extent is not needed any more. */
static bool makes_room(const struct journal *journal)
{
	const struct space *space = &journal->kept.space;
	return journal->troubled && journal->appended >= TROUBLED_BYTES && space->count > 1 &&
	       space->extents[0].live == 0;
}

bool image_due(const struct journal *journal)
{
	uint64_t least = journal->last_image * IMAGE_TIMES;
	return journal->forgetful || makes_room(journal) ||
	       journal->appended >= (least > journal->extent ? least : journal->extent);
}

void image_begin(struct journal *journal)
{
	struct store *store = journal->store;
	store_position begins;
	/* What is before the beginning must not grow any more. */
	journal->items.queue = NULL;
	journal->appended = 0;
	journal->forgetful = false;
	if (!list_keys(journal) ||
	    store->operations->checkpoint_begin(store, &begins) != RELEVO_OK) {
		image_drop(journal);
		return;
	}
	journal->image.writing = true;
	choose_victims(journal);
}
