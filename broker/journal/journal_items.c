/* What the engine tells of items, as records: those that enter together are one. */
#include "journal/journal_parts.h"

#include "base/mutant.h"
#include "core/extension.h"
#include "core/item.h"

/* A record of items ends here: it is read as a whole when one of them is. */
enum { RECORD_MOST_BYTES = 256 * 1024, RECORD_MOST_ITEMS = 16 * 1024 };

/* ---- entering ---------------------------------------------------------------- */

static bool same_client(const struct open_items *open, const struct put_origin *origin)
{
	return memcmp(open->client, origin->client, CLIENT_SIZE) == 0;
}

/* Whether the item, which has nothing but a body, can be added to the open record. */
static bool continues(const struct open_items *open, const struct item_note *note)
{
	const struct put_origin *origin = &note->origin;
	if (open->queue == NULL || open->queue->record.key != note->queue ||
	    open->next != note->sequence || open->uid != note->item->account->uid ||
	    open->bytes + note->item->size > RECORD_MOST_BYTES ||
	    open->count >= RECORD_MOST_ITEMS || open->has_put != (origin->client != NULL))
		return false;
	if (!open->has_put)
		return true;
	/* The same put goes on, or the next one begins. */
	return same_client(open, origin) &&
	       (origin->accepted > 0 ? origin->number == open->put
				     : origin->number == open->put + 1);
}

static int add_to_open(struct journal *journal, const struct item_note *note)
{
	struct open_items *open = &journal->items;
	const struct item *item = note->item;
	bool next_put = open->has_put && note->origin.number != open->put;
	uint8_t prefix[ITEM_ENTRY_SIZE];
	struct byte_writer writer = { prefix };
	byte_put_number(&writer, item->size | (next_put ? ITEM_ENTRY_NEXT_PUT : 0),
			ITEM_ENTRY_SIZE);
	const struct store_part parts[] = { { prefix, sizeof prefix }, { item->body, item->size } };
	struct store *store = journal->store;
	int status = store->operations->extend(store, parts, 2);
	if (status == RELEVO_OK)
		journal->appended += sizeof prefix + item->size;
	return status;
}

static struct items_record head_of(struct journal *journal, const struct item_note *note)
{
	const struct item *item = note->item;
	const struct item_extension *extension = item_extension(item);
	struct items_record head = {
		.flags = (note->ranked ? ITEMS_RANKED : 0) | (note->due != 0 ? ITEMS_DELAYED : 0) |
			 (extension != NULL ? ITEMS_EXTENDED : 0) |
			 (note->origin.client != NULL ? ITEMS_PUT : 0),
		.queue = note->queue,
		.first = note->sequence,
		.uid = item->account->uid,
		.rank = item->order.rank,
		.due = journal_wall(journal, note->due),
		.client = note->origin.client,
		.put = note->origin.number,
		.settled = note->origin.settled,
		.put_before = note->origin.accepted,
	};
	if (extension == NULL)
		return head;
	head.properties = extension->bytes + extension->key_size;
	head.properties_size = extension->properties_size;
	if (note->moved && !MUTANT(moved_as_it_was))
		return head;
	head.expires = journal_wall(journal, extension->expiry.key);
	head.hold = extension->hold;
	head.key = extension->bytes;
	head.key_size = extension->key_size;
	head.overdue = head.properties + head.properties_size;
	head.overdue_size = extension->overdue_size;
	return head;
}

static int append_new(struct journal *journal, const struct item_note *note, store_position *at)
{
	const struct items_record head = head_of(journal, note);
	const struct item *item = note->item;
	uint8_t bytes[ITEMS_HEAD_MAX], prefix[ITEM_ENTRY_SIZE];
	struct byte_writer writer = { prefix };
	byte_put_number(&writer, item->size, ITEM_ENTRY_SIZE);
	const struct store_part parts[] = {
		{ bytes, items_record_write(&head, bytes) },
		{ head.key, head.key_size },
		{ head.properties, head.properties_size },
		{ head.overdue, head.overdue_size },
		{ prefix, sizeof prefix },
		{ item->body, item->size },
	};
	return journal_append(journal, RECORD_ITEMS, parts, sizeof parts / sizeof parts[0], at);
}

/* From now on more can be added to it. */
static void open_record(struct journal *journal, struct kept_queue *queue,
			const struct item_note *note, store_position at)
{
	struct open_items *open = &journal->items;
	*open = (struct open_items){
		.queue = queue,
		.at = at,
		.uid = note->item->account->uid,
		.has_put = note->origin.client != NULL,
		.put = note->origin.number,
	};
	if (open->has_put)
		memcpy(open->client, note->origin.client, CLIENT_SIZE);
}

/* A put that comes again is known by then. */
static bool note_put(struct journal *journal, struct kept_queue *queue,
		     const struct put_origin *origin)
{
	struct put_record record = {
		.put = origin->number,
		.settled = origin->settled,
		.accepted = origin->accepted + 1,
		.seen = journal->clock,
	};
	if (origin->client == NULL)
		return true;
	memcpy(record.client, origin->client, CLIENT_SIZE);
	return kept_put_set(queue, &record);
}

int journal_item_added(struct recorder *recorder, const struct item_note *note)
{
	struct journal *journal = journal_of(recorder);
	struct open_items *open = &journal->items;
	const struct item *item = note->item;
	bool special = note->ranked || item->extended;
	bool plain = !special && note->due == 0;
	struct kept_queue *queue = open->queue;
	store_position at = open->at;
	int status;
	if (plain && continues(open, note)) {
		status = add_to_open(journal, note);
	} else {
		queue = kept_queue_find(&journal->kept, note->queue);
		if (queue == NULL)
			return RELEVO_BAD_STATE;
		status = append_new(journal, note, &at);
		if (status == RELEVO_OK && plain)
			open_record(journal, queue, note, at);
	}
	if (status != RELEVO_OK)
		return status;
	const struct kept_run run = {
		.first = note->sequence,
		.at = at,
		.due = journal_wall(journal, note->due),
		.count = 1,
		.index = plain ? open->count : 0,
		.bytes = item->size,
		.uid = item->account->uid,
		.flags = special ? KEPT_SPECIAL : 0,
	};
	if (!kept_add(&journal->kept, queue, &run) || !note_put(journal, queue, &note->origin))
		return RELEVO_NO_MEMORY;
	open->next = note->sequence + 1;
	open->count++;
	open->bytes += item->size;
	open->put = note->origin.number;
	journal->changed = true;
	return RELEVO_OK;
}

/* ---- leaving -------------------------------------------------------------------- */

void journal_items_removed(struct recorder *recorder, uint64_t key, uint64_t first, uint64_t count)
{
	struct journal *journal = journal_of(recorder);
	struct gone_items *gone = &journal->gone;
	struct kept_queue *queue = gone->queue;
	if (queue == NULL || queue->record.key != key)
		queue = kept_queue_find(&journal->kept, key);
	if (queue == NULL || MUTANT(removal_unrecorded))
		return;
	if (!kept_remove(&journal->kept, queue, first, count))
		journal->forgetful = true;
	journal->changed = true;
	if (gone->queue == queue && gone->first + gone->count == first) {
		gone->count += count;
		return;
	}
	if (gone->queue != NULL)
		journal_say_gone(journal);
	*gone = (struct gone_items){ queue, first, count };
}

/* ---- what becomes of them ----------------------------------------------------------- */

static void tell(struct journal *journal, struct kept_queue *queue, uint64_t sequence,
		 const struct item *item, nsec_t due)
{
	const struct item_extension *extension = item_extension(item);
	bool immortal = extension != NULL && extension->expiry.key == 0;
	const struct kept_fate fate = { item->deliveries, journal_wall(journal, due), immortal };
	const struct small_record record = {
		.queue = queue->record.key,
		.sequence = sequence,
		.due = fate.due,
		.deliveries = fate.deliveries,
		.flags = immortal ? KEPT_IMMORTAL : 0,
	};
	if (!kept_tell(&journal->kept, queue, sequence, &fate))
		journal->forgetful = true;
	journal_append_small(journal, RECORD_ITEM, &record);
}

void journal_item_changed(struct recorder *recorder, uint64_t key, uint64_t sequence,
			  const struct item *item, nsec_t due)
{
	struct journal *journal = journal_of(recorder);
	struct kept_queue *queue = kept_queue_find(&journal->kept, key);
	if (queue != NULL)
		tell(journal, queue, sequence, item, due);
}

/* Whether all items of the queue before this one have been handed out, as far as they are
 * there: then it is enough to say how far that goes. */
static bool is_next(const struct kept_queue *queue, uint64_t sequence)
{
	const struct kept_run *run = kept_next(queue, queue->handed_out + 1);
	if (run == NULL || run->flags & KEPT_TOLD)
		return false;
	uint64_t first = run->first > queue->handed_out ? run->first : queue->handed_out + 1;
	return first == sequence;
}

void journal_item_handed_out(struct recorder *recorder, uint64_t key, uint64_t sequence,
			     const struct item *item)
{
	struct journal *journal = journal_of(recorder);
	struct kept_queue *queue = kept_queue_find(&journal->kept, key);
	if (queue == NULL || MUTANT(delivery_unrecorded))
		return;
	if (item->deliveries != 1 || !is_next(queue, sequence)) {
		tell(journal, queue, sequence, item, 0);
		return;
	}
	queue->handed_out = sequence;
	if (!list_linked(&queue->unsaid))
		list_append(&journal->unsaid, &queue->unsaid);
	journal->changed = true;
}
