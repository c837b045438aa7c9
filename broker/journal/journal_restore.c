/* Giving what is kept to an engine that begins. */
#include "journal/journal_parts.h"

#include "engine/restore.h"

/* A queue on its way into the engine. */
struct restoring {
	struct journal *journal;
	const struct kept_queue *kept;
	struct accounts *accounts;
	struct queue *queue;
	struct account *account; /* of the one who paid last */
	struct error *error;
};

static int no_memory(struct error *error)
{
	return error_set(error, RELEVO_NO_MEMORY, "no memory for what is kept on disk");
}

/* Items of one user follow each other. */
static struct account *account_of(struct restoring *restoring, uint32_t uid)
{
	if (restoring->account != NULL && restoring->account->uid != uid) {
		account_drop(restoring->account);
		restoring->account = NULL;
	}
	if (restoring->account == NULL)
		restoring->account = account_get(restoring->accounts, uid);
	return restoring->account;
}

/* ---- items ------------------------------------------------------------------ */

static int restore_one(struct restoring *restoring, const struct kept_run *run, uint64_t sequence,
		       const struct items_record *head, const struct item_entry *entry)
{
	const struct journal *journal = restoring->journal;
	const struct restored_item item = {
		.sequence = sequence,
		.account = account_of(restoring, run->uid),
		.body = entry->body,
		.size = entry->size,
		.deliveries = kept_deliveries(restoring->kept, run, sequence),
		.rank = head->rank,
		.due = journal_time(journal, run->due),
		.expires = run->flags & KEPT_IMMORTAL ? 0 : journal_time(journal, head->expires),
		.extended = (head->flags & ITEMS_EXTENDED) != 0,
		.hold = head->hold,
		.key = head->key,
		.key_size = head->key_size,
		.properties = head->properties,
		.properties_size = head->properties_size,
		.overdue_to = head->overdue_size > 0 ? (const char *)head->overdue : NULL,
	};
	if (item.account == NULL)
		return no_memory(restoring->error);
	return restore_item(restoring->queue, &item, restoring->error);
}

/* Those of the run from its beginning on. */
static int restore_read(struct restoring *restoring, const struct kept_run *run)
{
	struct items_record head;
	struct byte_reader reader;
	struct item_entry entry;
	int status = journal_read_run(restoring->journal, run, &head, &reader, restoring->error);
	for (uint32_t i = 0; status == RELEVO_OK && i < run->count; i++) {
		if (!item_entry_next(&reader, &entry))
			return error_set(restoring->error, RELEVO_DAMAGED,
					 "items of the queue \"%s\" are missing",
					 restoring->kept->record.name);
		status = restore_one(restoring, run, run->first + i, &head, &entry);
	}
	return status;
}

/* The bytes of those that are left, where the record says. */
static int sum_bytes(struct restoring *restoring, const struct kept_run *run, uint64_t *bytes)
{
	struct items_record head;
	struct byte_reader reader;
	struct item_entry entry = { 0 };
	*bytes = run->bytes;
	if (run->bytes != KEPT_BYTES_UNKNOWN)
		return RELEVO_OK;
	int status = journal_read_run(restoring->journal, run, &head, &reader, restoring->error);
	*bytes = 0;
	for (uint32_t i = 0; status == RELEVO_OK && i < run->count; i++) {
		(void)item_entry_next(&reader, &entry);
		*bytes += entry.size;
	}
	return status;
}

/* They stay on the disk until their turn. */
static int restore_asleep(struct restoring *restoring, const struct kept_run *run)
{
	uint64_t bytes;
	struct account *account = account_of(restoring, run->uid);
	if (account == NULL)
		return no_memory(restoring->error);
	int status = sum_bytes(restoring, run, &bytes);
	if (status != RELEVO_OK)
		return status;
	const struct restored_run asleep = { run->first, run->count, bytes, account };
	return restore_run(restoring->queue, &asleep, restoring->error);
}

static int restore_kept_run(struct restoring *restoring, const struct kept_run *run)
{
	const struct kept_queue *kept = restoring->kept;
	struct kept_run part = *run;
	bool plain = !(run->flags & (KEPT_SPECIAL | KEPT_TOLD)) && run->due == 0;
	if (!plain)
		return restore_read(restoring, run);
	if (run->first > kept->handed_out)
		return restore_asleep(restoring, run);
	/* Those that have been handed out have something to themselves. */
	uint64_t handed_out = kept->handed_out - run->first + 1;
	if (handed_out >= run->count)
		return restore_read(restoring, run);
	part.count = (uint32_t)handed_out;
	int status = restore_read(restoring, &part);
	if (status != RELEVO_OK)
		return status;
	part = *run;
	part.first += handed_out;
	part.index += (uint32_t)handed_out;
	part.count -= (uint32_t)handed_out;
	part.bytes = KEPT_BYTES_UNKNOWN;
	return restore_asleep(restoring, &part);
}

/* ---- queues and cells --------------------------------------------------------------- */

static int restore_clients(struct restoring *restoring)
{
	const struct map *clients = &restoring->kept->clients;
	struct account *account = account_of(restoring, restoring->kept->record.uid);
	int status = account != NULL ? RELEVO_OK : no_memory(restoring->error);
	for (struct map_node *node = map_next(clients, NULL); node != NULL && status == RELEVO_OK;
	     node = map_next(clients, node)) {
		const struct kept_client *client = container_of(node, struct kept_client, node);
		for (uint32_t i = client->first; i < client->end && status == RELEVO_OK; i++)
			status = restore_put(restoring->queue, account,
					     &(struct restored_put){
						     .client = client->client,
						     .number = client->puts[i].number,
						     .settled = client->settled,
						     .accepted = client->puts[i].accepted,
					     },
					     restoring->error);
	}
	return status;
}

static int restore_kept_queue(struct restoring *restoring, struct engine *engine)
{
	const struct kept_queue *kept = restoring->kept;
	const struct queue_record *record = &kept->record;
	struct restored_queue queue = {
		.key = record->key,
		.name = record->name,
		.options = {
			.lifetime = (enum queue_lifetime)record->lifetime,
			.order = (enum queue_order)record->order,
			.full = (enum queue_full)record->full,
			.kind = (enum queue_kind)record->kind,
			.exclusive = record->exclusive,
			.bounded = record->bounded,
			.capacity = record->capacity,
			.capacity_bytes = record->capacity_bytes,
			.lease = record->lease,
			.ttl = record->ttl,
			.max_deliveries = record->max_deliveries,
			.dead_letter = record->dead_letter,
			.durable = true,
		},
		.account = account_of(restoring, record->uid),
		.owner = record_owner(record->owner),
		.last_sequence = kept->last_sequence,
		.shutdown = kept->shutdown,
	};
	if (queue.account == NULL)
		return no_memory(restoring->error);
	int status = restore_queue(engine, &queue, &restoring->queue, restoring->error);
	uint64_t sequence = 0;
	const struct kept_run *run;
	while (status == RELEVO_OK && (run = kept_next(kept, sequence + 1)) != NULL) {
		sequence = run->first + run->count - 1;
		status = restore_kept_run(restoring, run);
	}
	return status == RELEVO_OK ? restore_clients(restoring) : status;
}

static int restore_queues(struct journal *journal, struct engine *engine, struct accounts *accounts,
			  struct error *error)
{
	struct restoring restoring = { .journal = journal, .accounts = accounts, .error = error };
	int status = RELEVO_OK;
	for (struct map_node *node = map_next(&journal->kept.queues, NULL);
	     node != NULL && status == RELEVO_OK; node = map_next(&journal->kept.queues, node)) {
		restoring.kept = container_of(node, struct kept_queue, node);
		status = restore_kept_queue(&restoring, engine);
	}
	if (restoring.account != NULL)
		account_drop(restoring.account);
	return status;
}

static int restore_kept_cell(const struct kept_cell *kept, struct engine *engine,
			     struct accounts *accounts, struct error *error)
{
	struct cell_record record;
	if (!cell_record_read(&record, kept->record, kept->size))
		return error_set(error, RELEVO_DAMAGED, "a cell cannot be understood");
	struct account *account = account_get(accounts, record.uid);
	if (account == NULL)
		return no_memory(error);
	const struct restored_cell cell = {
		.key = record.identity,
		.version = record.version,
		.account = account,
		.owner = record_owner(record.owner),
		.name = record.name,
		.options = {
			.lifetime = (enum queue_lifetime)record.lifetime,
			.type = (enum element_type)record.type,
			.width = record.width,
			.count = record.count,
			.purpose = record.purpose,
			.durable = true,
		},
		.bytes = record.contents,
	};
	int status = restore_cell(engine, &cell, error);
	account_drop(account);
	return status;
}

int journal_restore(struct journal *journal, struct engine *engine, struct accounts *accounts,
		    struct error *error)
{
	restore_begin(engine, journal->opened);
	int status = restore_queues(journal, engine, accounts, error);
	for (struct map_node *node = map_next(&journal->kept.cells, NULL);
	     node != NULL && status == RELEVO_OK; node = map_next(&journal->kept.cells, node))
		status = restore_kept_cell(container_of(node, struct kept_cell, node), engine,
					   accounts, error);
	return status;
}
