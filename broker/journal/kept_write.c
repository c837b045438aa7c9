/* Writing what is kept into another store: see kept_write.h. */
#include "journal/kept_write.h"

#include "base/mutant.h"

#include <poll.h>

/* A group that has so much is committed; who is so far ahead of the disk waits. */
#define GROUP_SIZE   ((size_t)1024 * 1024)
#define BACKLOG_MOST ((size_t)16 * 1024 * 1024)

/* In ms: what becomes of the disk is told by an event. */
enum { WAIT_MOST = 1000 };

/* ---- the store ----------------------------------------------------------- */

/* Until something has changed. */
static int write_wait(struct kept_writer *writer, struct error *error)
{
	struct store *store = writer->store;
	struct pollfd event = { .fd = store->operations->descriptor(store), .events = POLLIN };
	int status = store->operations->trouble(store, error);
	if (status != RELEVO_OK)
		return status;
	if (event.fd >= 0)
		(void)poll(&event, 1, WAIT_MOST);
	store->operations->dispatch(store);
	return RELEVO_OK;
}

static int write_commit(struct kept_writer *writer, struct error *error)
{
	struct store *store = writer->store;
	int status = store->operations->commit(store, false, NULL, NULL);
	if (status != RELEVO_OK)
		return error_set(error, status, "no memory to write with");
	while (status == RELEVO_OK && store->operations->backlog(store) > BACKLOG_MOST)
		status = write_wait(writer, error);
	return status;
}

static int write_parts(struct kept_writer *writer, enum record_type type,
		       const struct store_part *parts, size_t count, struct error *error)
{
	struct store *store = writer->store;
	store_position at;
	int status = store->operations->append(store, (uint8_t)type, parts, count, &at);
	if (status != RELEVO_OK)
		return error_set(error, status, "a record cannot be written");
	if (store->operations->forming(store) >= GROUP_SIZE)
		return write_commit(writer, error);
	return RELEVO_OK;
}

static int write_bytes(struct kept_writer *writer, enum record_type type, const void *bytes,
		       size_t size, struct error *error)
{
	return write_parts(writer, type, &(struct store_part){ bytes, size }, 1, error);
}

static int write_small(struct kept_writer *writer, enum record_type type,
		       const struct small_record *record, struct error *error)
{
	uint8_t bytes[SMALL_RECORD_SIZE];
	return write_bytes(writer, type, bytes, small_record_write(type, record, bytes), error);
}

/* ---- items ----------------------------------------------------------------- */

/* As they are now, in a record of their own. */
static int write_run(void *context, const struct kept_view *view, struct error *error)
{
	struct kept_writer *writer = context;
	const struct kept_run *run = view->run;
	struct items_record head = *view->head;
	struct byte_reader reader = view->entries;
	struct item_entry entry;
	uint8_t bytes[ITEMS_HEAD_MAX];
	for (uint32_t i = 0; i < run->count; i++)
		(void)item_entry_next(&reader, &entry);
	/* Which puts they were of is told for all of the queue. */
	head.flags &= (uint8_t) ~(ITEMS_PUT | ITEMS_DELAYED);
	head.flags |= ITEMS_COPIED | (run->due != 0 ? ITEMS_DELAYED : 0);
	head.first = run->first;
	head.due = run->due;
	head.deliveries = run->deliveries;
	head.kept = run->flags;
	const struct store_part parts[] = {
		{ bytes, items_record_write(&head, bytes) },
		{ head.key, head.key_size },
		{ head.properties, head.properties_size },
		{ head.overdue, head.overdue_size },
		{ view->entries.at, (size_t)(reader.at - view->entries.at) },
	};
	writer->items += run->count;
	return write_parts(writer, RECORD_ITEMS, parts, sizeof parts / sizeof parts[0], error);
}

/* ---- queues ------------------------------------------------------------------ */

static int write_client(struct kept_writer *writer, const struct kept_queue *queue,
			const struct kept_client *client, struct error *error)
{
	struct put_record record = {
		.queue = queue->record.key,
		.settled = client->settled,
		.seen = client->seen,
	};
	int status = RELEVO_OK;
	memcpy(record.client, client->client, CLIENT_SIZE);
	for (uint32_t i = client->first; status == RELEVO_OK && i < client->end; i++) {
		uint8_t bytes[PUT_RECORD_SIZE];
		record.put = client->puts[i].number;
		record.accepted = client->puts[i].accepted;
		status = write_bytes(writer, RECORD_PUT, bytes, put_record_write(&record, bytes),
				     error);
	}
	return status;
}

static int write_clients(struct kept_writer *writer, const struct kept_queue *queue,
			 struct error *error)
{
	const struct map *clients = &queue->clients;
	int status = RELEVO_OK;
	for (struct map_node *node = map_next(clients, NULL); node != NULL && status == RELEVO_OK;
	     node = map_next(clients, node))
		status = write_client(writer, queue, container_of(node, struct kept_client, node),
				      error);
	return status;
}

static int write_numbers(struct kept_writer *writer, const struct kept_queue *queue,
			 struct error *error)
{
	struct small_record record = {
		.queue = queue->record.key,
		.sequence = queue->last_sequence,
	};
	int status = MUTANT(copied_queue_counts_anew)
			     ? RELEVO_OK
			     : write_small(writer, RECORD_QUEUE_STATE, &record, error);
	record.sequence = queue->handed_out;
	if (status == RELEVO_OK)
		status = write_small(writer, RECORD_HANDED_OUT, &record, error);
	record.count = queue->shutdown;
	if (status == RELEVO_OK && queue->shutdown != 0)
		status = write_small(writer, RECORD_SHUTDOWN, &record, error);
	return status;
}

static int write_queue(struct kept_writer *writer, const struct kept_queue *queue,
		       struct kept_walk *walk, struct error *error)
{
	uint8_t bytes[QUEUE_RECORD_MAX];
	int status = write_bytes(writer, RECORD_QUEUE, bytes,
				 queue_record_write(&queue->record, bytes), error);
	if (status == RELEVO_OK)
		status = write_numbers(writer, queue, error);
	if (status == RELEVO_OK)
		status = write_clients(writer, queue, error);
	if (status == RELEVO_OK)
		status = kept_walk_queue(walk, queue, error);
	writer->queues++;
	return status;
}

/* ---- all ------------------------------------------------------------------------ */

static int write_rest(struct kept_writer *writer, const struct kept *kept, struct error *error)
{
	int status = write_small(writer, RECORD_GRANTS,
				 &(struct small_record){ .sequence = kept->grants }, error);
	if (status == RELEVO_OK)
		status = write_small(writer, RECORD_CLOCK,
				     &(struct small_record){ .sequence = kept->clock }, error);
	if (status == RELEVO_OK)
		status = write_small(writer, RECORD_KEYS,
				     &(struct small_record){ .queue = kept->last_key,
							     .sequence = kept->last_cell },
				     error);
	return status;
}

int kept_write(struct kept_writer *writer, const struct kept *kept, struct kept_walk *walk,
	       struct error *error)
{
	struct map_node *node;
	walk->see = write_run;
	walk->context = writer;
	int status = write_rest(writer, kept, error);
	for (node = map_next(&kept->queues, NULL); node != NULL && status == RELEVO_OK;
	     node = map_next(&kept->queues, node))
		status = write_queue(writer, container_of(node, struct kept_queue, node), walk,
				     error);
	for (node = map_next(&kept->cells, NULL); node != NULL && status == RELEVO_OK;
	     node = map_next(&kept->cells, node)) {
		const struct kept_cell *cell = container_of(node, struct kept_cell, node);
		status = write_bytes(writer, RECORD_CELL, cell->record, cell->size, error);
		writer->cells++;
	}
	return status;
}

static void write_told(void *context, int status)
{
	struct kept_writer *writer = context;
	writer->told = true;
	writer->status = status;
}

int kept_write_end(struct kept_writer *writer, struct error *error)
{
	struct store *store = writer->store;
	writer->told = false;
	int status = store->operations->commit(store, false, write_told, writer);
	if (status != RELEVO_OK)
		return error_set(error, status, "no memory to write with");
	while (status == RELEVO_OK && !writer->told)
		status = write_wait(writer, error);
	if (status != RELEVO_OK || writer->status == RELEVO_OK)
		return status;
	status = store->operations->trouble(store, error);
	return status != RELEVO_OK
		       ? status
		       : error_set(error, writer->status, "what was written is not durable");
}
