/* Records in bytes, and back. */
#include "journal/record.h"

#include "base/name.h"

/* ---- texts --------------------------------------------------------------- */

static void put_text(struct byte_writer *writer, const char *text)
{
	size_t size = strlen(text);
	byte_put_number(writer, size, 2);
	byte_put(writer, text, size + 1);
}

/* It ends with its 0, and has no other. */
static const char *get_text(struct byte_reader *reader)
{
	size_t size = byte_get_number(reader, 2);
	const char *text = (const char *)byte_get(reader, size + 1);
	if (text == NULL || text[size] != '\0' || memchr(text, '\0', size) != NULL ||
	    size > NAME_MAX_BYTES) {
		reader->failed = true;
		return "";
	}
	return text;
}

/* ---- owners -------------------------------------------------------------- */

const uint8_t *record_owner(const uint8_t owner[CLIENT_SIZE])
{
	static const uint8_t nobody[CLIENT_SIZE];
	return memcmp(owner, nobody, CLIENT_SIZE) != 0 ? owner : NULL;
}

void record_own(uint8_t owner[CLIENT_SIZE], const uint8_t *client)
{
	if (client != NULL)
		memcpy(owner, client, CLIENT_SIZE);
	else
		memset(owner, 0, CLIENT_SIZE);
}

static void get_owner(struct byte_reader *reader, uint8_t owner[CLIENT_SIZE])
{
	record_own(owner, byte_get(reader, CLIENT_SIZE));
}

/* ---- queues -------------------------------------------------------------- */

size_t queue_record_write(const struct queue_record *record, uint8_t *buffer)
{
	struct byte_writer writer = { buffer };
	byte_put_number(&writer, record->key, 8);
	byte_put_number(&writer, record->uid, 4);
	byte_put(&writer, record->owner, CLIENT_SIZE);
	byte_put_number(&writer, record->lifetime, 1);
	byte_put_number(&writer, record->order, 1);
	byte_put_number(&writer, record->full, 1);
	byte_put_number(&writer, record->kind, 1);
	byte_put_number(&writer, record->exclusive, 1);
	byte_put_number(&writer, record->bounded, 1);
	byte_put_number(&writer, record->capacity, 8);
	byte_put_number(&writer, record->capacity_bytes, 8);
	byte_put_number(&writer, record->lease, 8);
	byte_put_number(&writer, record->ttl, 8);
	byte_put_number(&writer, record->max_deliveries, 4);
	put_text(&writer, record->name);
	put_text(&writer, record->dead_letter);
	return (size_t)(writer.at - buffer);
}

bool queue_record_read(struct queue_record *record, const uint8_t *bytes, size_t size)
{
	struct byte_reader reader = { bytes, bytes + size, false };
	*record = (struct queue_record){ .key = byte_get_number(&reader, 8) };
	record->uid = (uint32_t)byte_get_number(&reader, 4);
	get_owner(&reader, record->owner);
	record->lifetime = (uint8_t)byte_get_number(&reader, 1);
	record->order = (uint8_t)byte_get_number(&reader, 1);
	record->full = (uint8_t)byte_get_number(&reader, 1);
	record->kind = (uint8_t)byte_get_number(&reader, 1);
	record->exclusive = (uint8_t)byte_get_number(&reader, 1);
	record->bounded = (uint8_t)byte_get_number(&reader, 1);
	record->capacity = byte_get_number(&reader, 8);
	record->capacity_bytes = byte_get_number(&reader, 8);
	record->lease = byte_get_number(&reader, 8);
	record->ttl = byte_get_number(&reader, 8);
	record->max_deliveries = (uint32_t)byte_get_number(&reader, 4);
	record->name = get_text(&reader);
	record->dead_letter = get_text(&reader);
	return !reader.failed && byte_left(&reader) == 0 && record->key != 0;
}

/* ---- items --------------------------------------------------------------- */

size_t items_record_write(const struct items_record *record, uint8_t *buffer)
{
	struct byte_writer writer = { buffer };
	byte_put_number(&writer, record->flags, 1);
	byte_put_number(&writer, record->queue, 8);
	byte_put_number(&writer, record->first, 8);
	byte_put_number(&writer, record->uid, 4);
	if (record->flags & ITEMS_RANKED)
		byte_put_number(&writer, record->rank, 4);
	if (record->flags & ITEMS_DELAYED)
		byte_put_number(&writer, record->due, 8);
	if (record->flags & ITEMS_PUT) {
		byte_put(&writer, record->client, CLIENT_SIZE);
		byte_put_number(&writer, record->put, 8);
		byte_put_number(&writer, record->settled, 8);
		byte_put_number(&writer, record->put_before, 4);
	}
	if (record->flags & ITEMS_COPIED) {
		byte_put_number(&writer, record->deliveries, 2);
		byte_put_number(&writer, record->kept, 1);
	}
	if (record->flags & ITEMS_EXTENDED) {
		byte_put_number(&writer, record->expires, 8);
		byte_put_number(&writer, record->hold, 8);
		byte_put_number(&writer, record->key_size, 4);
		byte_put_number(&writer, record->properties_size, 4);
		byte_put_number(&writer, record->overdue_size, 4);
	}
	return (size_t)(writer.at - buffer);
}

static void read_extension(struct items_record *record, struct byte_reader *reader)
{
	record->expires = byte_get_number(reader, 8);
	record->hold = byte_get_number(reader, 8);
	record->key_size = (uint32_t)byte_get_number(reader, 4);
	record->properties_size = (uint32_t)byte_get_number(reader, 4);
	record->overdue_size = (uint32_t)byte_get_number(reader, 4);
	record->key = byte_get(reader, record->key_size);
	record->properties = byte_get(reader, record->properties_size);
	record->overdue = byte_get(reader, record->overdue_size);
	/* A text, with its 0. */
	if (record->overdue_size > 0 && record->overdue != NULL &&
	    memchr(record->overdue, '\0', record->overdue_size) !=
		    record->overdue + record->overdue_size - 1)
		reader->failed = true;
}

bool items_record_read(struct items_record *record, const uint8_t *bytes, size_t size,
		       struct byte_reader *reader)
{
	*reader = (struct byte_reader){ bytes, bytes + size, false };
	*record = (struct items_record){ .flags = (uint8_t)byte_get_number(reader, 1) };
	record->queue = byte_get_number(reader, 8);
	record->first = byte_get_number(reader, 8);
	record->uid = (uint32_t)byte_get_number(reader, 4);
	if (record->flags & ITEMS_RANKED)
		record->rank = (uint32_t)byte_get_number(reader, 4);
	if (record->flags & ITEMS_DELAYED)
		record->due = byte_get_number(reader, 8);
	if (record->flags & ITEMS_PUT) {
		record->client = byte_get(reader, CLIENT_SIZE);
		record->put = byte_get_number(reader, 8);
		record->settled = byte_get_number(reader, 8);
		record->put_before = (uint32_t)byte_get_number(reader, 4);
	}
	if (record->flags & ITEMS_COPIED) {
		record->deliveries = (uint16_t)byte_get_number(reader, 2);
		record->kept = (uint8_t)byte_get_number(reader, 1);
	}
	if (record->flags & ITEMS_EXTENDED)
		read_extension(record, reader);
	return !reader->failed && record->queue != 0 && record->first != 0;
}

bool item_entry_next(struct byte_reader *reader, struct item_entry *entry)
{
	if (byte_left(reader) == 0)
		return false;
	uint32_t size = (uint32_t)byte_get_number(reader, ITEM_ENTRY_SIZE);
	entry->next_put = (size & ITEM_ENTRY_NEXT_PUT) != 0;
	entry->size = size & ~ITEM_ENTRY_NEXT_PUT;
	entry->body = byte_get(reader, entry->size);
	return !reader->failed;
}

/* ---- cells --------------------------------------------------------------- */

size_t cell_record_write(const struct cell_record *record, uint8_t *buffer)
{
	struct byte_writer writer = { buffer };
	byte_put_number(&writer, record->identity, 8);
	byte_put_number(&writer, record->version, 8);
	byte_put_number(&writer, record->uid, 4);
	byte_put(&writer, record->owner, CLIENT_SIZE);
	byte_put_number(&writer, record->lifetime, 1);
	byte_put_number(&writer, record->type, 1);
	byte_put_number(&writer, record->width, 4);
	byte_put_number(&writer, record->count, 4);
	put_text(&writer, record->name);
	put_text(&writer, record->purpose);
	return (size_t)(writer.at - buffer);
}

bool cell_record_read(struct cell_record *record, const uint8_t *bytes, size_t size)
{
	struct byte_reader reader = { bytes, bytes + size, false };
	record->identity = byte_get_number(&reader, 8);
	record->version = byte_get_number(&reader, 8);
	record->uid = (uint32_t)byte_get_number(&reader, 4);
	get_owner(&reader, record->owner);
	record->lifetime = (uint8_t)byte_get_number(&reader, 1);
	record->type = (uint8_t)byte_get_number(&reader, 1);
	record->width = (uint32_t)byte_get_number(&reader, 4);
	record->count = (uint32_t)byte_get_number(&reader, 4);
	record->name = get_text(&reader);
	record->purpose = get_text(&reader);
	record->contents = reader.at;
	return !reader.failed && record->identity != 0 &&
	       byte_left(&reader) == (uint64_t)record->width * record->count;
}

size_t cell_set_record_write(const struct cell_set_record *record, uint8_t *buffer)
{
	struct byte_writer writer = { buffer };
	byte_put_number(&writer, record->identity, 8);
	byte_put_number(&writer, record->version, 8);
	byte_put_number(&writer, record->offset, 8);
	return (size_t)(writer.at - buffer);
}

bool cell_set_record_read(struct cell_set_record *record, const uint8_t *bytes, size_t size)
{
	struct byte_reader reader = { bytes, bytes + size, false };
	record->identity = byte_get_number(&reader, 8);
	record->version = byte_get_number(&reader, 8);
	record->offset = byte_get_number(&reader, 8);
	record->bytes = reader.at;
	record->size = byte_left(&reader);
	return !reader.failed;
}

/* ---- the others ------------------------------------------------------------ */

size_t small_record_write(enum record_type type, const struct small_record *record, uint8_t *buffer)
{
	struct byte_writer writer = { buffer };
	if (type != RECORD_GRANTS && type != RECORD_CLOCK)
		byte_put_number(&writer, record->queue, 8);
	if (type != RECORD_QUEUE_GONE && type != RECORD_CELL_GONE && type != RECORD_SHUTDOWN)
		byte_put_number(&writer, record->sequence, 8);
	if (type == RECORD_ITEMS_GONE || type == RECORD_RUN || type == RECORD_SHUTDOWN)
		byte_put_number(&writer, record->count, 8);
	if (type == RECORD_ITEM || type == RECORD_RUN) {
		byte_put_number(&writer, record->due, 8);
		byte_put_number(&writer, record->deliveries, 2);
		byte_put_number(&writer, record->flags, 1);
	}
	if (type == RECORD_RUN) {
		byte_put_number(&writer, record->at, 8);
		byte_put_number(&writer, record->index, 4);
		byte_put_number(&writer, record->bytes, 4);
		byte_put_number(&writer, record->uid, 4);
	}
	return (size_t)(writer.at - buffer);
}

bool small_record_read(enum record_type type, struct small_record *record, const uint8_t *bytes,
		       size_t size)
{
	struct byte_reader reader = { bytes, bytes + size, false };
	*record = (struct small_record){ 0 };
	if (type != RECORD_GRANTS && type != RECORD_CLOCK)
		record->queue = byte_get_number(&reader, 8);
	if (type != RECORD_QUEUE_GONE && type != RECORD_CELL_GONE && type != RECORD_SHUTDOWN)
		record->sequence = byte_get_number(&reader, 8);
	if (type == RECORD_ITEMS_GONE || type == RECORD_RUN || type == RECORD_SHUTDOWN)
		record->count = byte_get_number(&reader, 8);
	if (type == RECORD_ITEM || type == RECORD_RUN) {
		record->due = byte_get_number(&reader, 8);
		record->deliveries = (uint16_t)byte_get_number(&reader, 2);
		record->flags = (uint8_t)byte_get_number(&reader, 1);
	}
	if (type == RECORD_RUN) {
		record->at = byte_get_number(&reader, 8);
		record->index = (uint32_t)byte_get_number(&reader, 4);
		record->bytes = (uint32_t)byte_get_number(&reader, 4);
		record->uid = (uint32_t)byte_get_number(&reader, 4);
	}
	return !reader.failed && byte_left(&reader) == 0;
}

size_t put_record_write(const struct put_record *record, uint8_t *buffer)
{
	struct byte_writer writer = { buffer };
	byte_put_number(&writer, record->queue, 8);
	byte_put(&writer, record->client, CLIENT_SIZE);
	byte_put_number(&writer, record->put, 8);
	byte_put_number(&writer, record->settled, 8);
	byte_put_number(&writer, record->accepted, 4);
	byte_put_number(&writer, record->seen, 8);
	return (size_t)(writer.at - buffer);
}

bool put_record_read(struct put_record *record, const uint8_t *bytes, size_t size)
{
	struct byte_reader reader = { bytes, bytes + size, false };
	record->queue = byte_get_number(&reader, 8);
	const uint8_t *client = byte_get(&reader, CLIENT_SIZE);
	if (client != NULL)
		memcpy(record->client, client, CLIENT_SIZE);
	record->put = byte_get_number(&reader, 8);
	record->settled = byte_get_number(&reader, 8);
	record->accepted = (uint32_t)byte_get_number(&reader, 4);
	record->seen = byte_get_number(&reader, 8);
	return !reader.failed && byte_left(&reader) == 0;
}
