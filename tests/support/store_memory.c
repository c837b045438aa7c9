/* A store in memory that keeps the contract, as slowly and as unwillingly as it is told to. */
#include "support/store_memory.h"

#include "base/list.h"

#include <relevo/status.h>
#include <stdlib.h>
#include <string.h>

struct memory_group {
	struct memory_group *next;
	size_t end; /* the record behind it */
	size_t bytes;
	uint64_t due; /* the dispatch that makes it durable */
	bool told;
	store_done *done;
	void *context;
};

struct memory_store {
	struct store base;
	struct memory_disk *disk;
	uint64_t dispatches;
	store_position place;
	size_t forming; /* bytes of the group that is */
	size_t backlog;
	struct memory_group *first, **end;
	/* The checkpoint that is written. */
	bool imaging, ended;
	struct memory_record *images;
	size_t image_count, image_capacity;
	store_position begins;
	size_t committed;   /* records */
	size_t image_needs; /* records that have to be durable */
	store_done *image_done;
	void *image_context;
};

static struct memory_store *memory_of(const struct store *store)
{
	return (struct memory_store *)(uintptr_t)store;
}

static bool memory_add(struct memory_record **records, size_t *count, size_t *capacity,
		       const struct memory_record *record)
{
	if (*count == *capacity) {
		size_t grown = *capacity * 2 + 16;
		void *more = realloc(*records, grown * sizeof **records);
		if (more == NULL)
			return false;
		*records = more;
		*capacity = grown;
	}
	(*records)[(*count)++] = *record;
	return true;
}

static int memory_make(struct memory_record *record, const struct store_part *parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		record->size += parts[i].size;
	if (record->size > STORE_RECORD_MOST)
		return RELEVO_TOO_LARGE;
	record->bytes = malloc(record->size + 1);
	if (record->bytes == NULL)
		return RELEVO_NO_MEMORY;
	size_t at = 0;
	for (size_t i = 0; i < count; i++) {
		if (parts[i].size > 0)
			memcpy(record->bytes + at, parts[i].bytes, parts[i].size);
		at += parts[i].size;
	}
	return RELEVO_OK;
}

static void memory_drop(struct memory_record *records, size_t from, size_t count)
{
	for (size_t i = from; i < count; i++)
		free(records[i].bytes);
}

/* ---- recover ------------------------------------------------------------ */

static int memory_recover(struct store *store, const struct store_reader *reader,
			  struct error *error)
{
	struct memory_disk *disk = memory_of(store)->disk;
	int status = RELEVO_OK;
	for (size_t i = 0; status == RELEVO_OK && i < disk->image_count; i++) {
		const struct memory_record *image = &disk->images[i];
		const struct store_record record = { image->type, image->bytes, image->size };
		status = reader->image(reader->context, &record, error);
	}
	for (size_t i = 0; status == RELEVO_OK && i < disk->durable_records; i++) {
		const struct memory_record *kept = &disk->records[i];
		const struct store_record record = { kept->type, kept->bytes, kept->size };
		if (kept->at >= disk->begins)
			status = reader->record(reader->context, kept->at, &record, error);
	}
	return status;
}

/* ---- groups ------------------------------------------------------------- */

static int memory_append(struct store *store, uint8_t type, const struct store_part *parts,
			 size_t count, store_position *at)
{
	struct memory_store *memory = memory_of(store);
	struct memory_disk *disk = memory->disk;
	struct memory_record record = { .type = type };
	int status = memory_make(&record, parts, count);
	if (status != RELEVO_OK)
		return status;
	if (memory->forming == 0 && (uint32_t)memory->place >= MEMORY_EXTENT)
		memory->place =
			((store_position)store_extent(memory->place) + 1) << STORE_EXTENT_SHIFT | 1;
	record.at = memory->place;
	if (!memory_add(&disk->records, &disk->record_count, &disk->record_capacity, &record)) {
		free(record.bytes);
		return RELEVO_NO_MEMORY;
	}
	*at = record.at;
	memory->place += record.size + 1;
	memory->forming += record.size + 1;
	disk->last_extent = store_extent(record.at);
	return RELEVO_OK;
}

static int memory_extend(struct store *store, const struct store_part *parts, size_t count)
{
	struct memory_store *memory = memory_of(store);
	struct memory_disk *disk = memory->disk;
	struct memory_record more = { 0 };
	if (memory->forming == 0)
		return RELEVO_BAD_STATE;
	int status = memory_make(&more, parts, count);
	if (status != RELEVO_OK)
		return status;
	struct memory_record *last = &disk->records[disk->record_count - 1];
	uint8_t *bytes = realloc(last->bytes, last->size + more.size);
	if (bytes == NULL) {
		free(more.bytes);
		return RELEVO_NO_MEMORY;
	}
	memcpy(bytes + last->size, more.bytes, more.size);
	free(more.bytes);
	last->bytes = bytes;
	last->size += more.size;
	memory->place += more.size;
	memory->forming += more.size;
	return RELEVO_OK;
}

static size_t memory_forming(const struct store *store)
{
	return memory_of(store)->forming;
}

static int memory_commit(struct store *store, bool lazy, store_done *done, void *context)
{
	struct memory_store *memory = memory_of(store);
	struct memory_group *group = calloc(1, sizeof *group);
	(void)lazy;
	if (group == NULL)
		return RELEVO_NO_MEMORY;
	*group = (struct memory_group){
		.end = memory->disk->record_count,
		.bytes = memory->forming,
		.due = memory->dispatches + 1 + memory->disk->delay,
		.done = done,
		.context = context,
	};
	*memory->end = group;
	memory->end = &group->next;
	memory->backlog += group->bytes;
	memory->committed = memory->disk->record_count;
	memory->forming = 0;
	return RELEVO_OK;
}

static void memory_tell(struct memory_group *group, int status)
{
	if (!group->told && group->done != NULL) {
		group->told = true;
		group->done(group->context, status);
	}
	group->told = true;
}

static void memory_progress(struct memory_store *memory)
{
	struct memory_group *group;
	if (memory->disk->refuses) {
		for (group = memory->first; group != NULL; group = group->next)
			memory_tell(group, RELEVO_STORAGE);
		return;
	}
	while ((group = memory->first) != NULL && memory->dispatches >= group->due) {
		memory->disk->durable_records = group->end;
		memory_tell(group, RELEVO_OK);
		memory->backlog -= group->bytes;
		memory->first = group->next;
		if (memory->first == NULL)
			memory->end = &memory->first;
		free(group);
	}
}

static int memory_trouble(const struct store *store, struct error *error)
{
	if (!memory_of(store)->disk->refuses)
		return RELEVO_OK;
	return error_set(error, RELEVO_STORAGE, "the memory refuses");
}

static size_t memory_backlog(const struct store *store)
{
	return memory_of(store)->backlog;
}

static int memory_descriptor(const struct store *store)
{
	(void)store;
	return -1;
}

/* ---- reading and trimming ----------------------------------------------- */

static int memory_read(struct store *store, store_position at, uint8_t *type, struct buffer *bytes,
		       struct error *error)
{
	const struct memory_disk *disk = memory_of(store)->disk;
	for (size_t i = 0; i < disk->record_count; i++) {
		const struct memory_record *record = &disk->records[i];
		if (record->at != at)
			continue;
		/* Who says that nobody needs it does not. */
		if (disk->trimmed[store_extent(at)])
			break;
		*type = record->type;
		buffer_truncate(bytes, 0);
		return buffer_append(bytes, record->bytes, record->size) ? RELEVO_OK
									 : RELEVO_NO_MEMORY;
	}
	return error_set(error, RELEVO_NOT_FOUND, "no record begins there");
}

static void memory_ahead(struct store *store, store_position at, size_t size)
{
	(void)store;
	(void)at;
	(void)size;
}

static void memory_trim(struct store *store, uint32_t extent)
{
	memory_of(store)->disk->trimmed[extent] = true;
}

static uint32_t memory_next_extent(const struct store *store, uint32_t from)
{
	const struct memory_disk *disk = memory_of(store)->disk;
	for (uint32_t extent = from > 0 ? from : 1; extent <= disk->last_extent; extent++) {
		if (!disk->trimmed[extent])
			return extent;
	}
	return 0;
}

/* ---- checkpoints -------------------------------------------------------- */

/* What there is of one is forgotten, and told. */
static void memory_image_cancel(struct memory_store *memory)
{
	store_done *done = memory->image_done;
	memory_drop(memory->images, 0, memory->image_count);
	memory->image_count = 0;
	memory->imaging = memory->ended = false;
	memory->image_done = NULL;
	if (done != NULL)
		done(memory->image_context, RELEVO_CANCELLED);
}

static int memory_begin(struct store *store, store_position *begins)
{
	struct memory_store *memory = memory_of(store);
	memory_image_cancel(memory);
	memory->imaging = true;
	memory->begins = *begins = memory->place;
	return RELEVO_OK;
}

static int memory_image_add(struct store *store, uint8_t type, const struct store_part *parts,
			    size_t count)
{
	struct memory_store *memory = memory_of(store);
	struct memory_record record = { .type = type };
	if (!memory->imaging || memory->ended)
		return RELEVO_BAD_STATE;
	int status = memory_make(&record, parts, count);
	if (status == RELEVO_OK &&
	    !memory_add(&memory->images, &memory->image_count, &memory->image_capacity, &record)) {
		free(record.bytes);
		return RELEVO_NO_MEMORY;
	}
	return status;
}

static int memory_image_end(struct store *store, store_done *done, void *context)
{
	struct memory_store *memory = memory_of(store);
	if (!memory->imaging || memory->ended)
		return RELEVO_BAD_STATE;
	memory->ended = true;
	memory->image_done = done;
	memory->image_context = context;
	/* What is forming is no business of its. */
	memory->image_needs = memory->committed;
	return RELEVO_OK;
}

static void memory_image_progress(struct memory_store *memory)
{
	struct memory_disk *disk = memory->disk;
	if (!memory->ended || disk->durable_records < memory->image_needs)
		return;
	memory_drop(disk->images, 0, disk->image_count);
	free(disk->images);
	disk->images = memory->images;
	disk->image_count = memory->image_count;
	disk->begins = memory->begins;
	memory->images = NULL;
	memory->image_count = memory->image_capacity = 0;
	memory->imaging = memory->ended = false;
	store_done *done = memory->image_done;
	memory->image_done = NULL;
	if (done != NULL)
		done(memory->image_context, RELEVO_OK);
}

static size_t memory_image_backlog(const struct store *store)
{
	return memory_of(store)->image_count;
}

static int memory_image_failure(const struct store *store, struct error *error)
{
	(void)store;
	(void)error;
	return RELEVO_OK;
}

/* ---- all of it ---------------------------------------------------------- */

static void memory_dispatch(struct store *store)
{
	struct memory_store *memory = memory_of(store);
	memory->dispatches++;
	memory_progress(memory);
	memory_image_progress(memory);
}

static void memory_close(struct store *store)
{
	struct memory_store *memory = memory_of(store);
	memory->dispatches = UINT64_MAX;
	memory_progress(memory);
	memory_image_progress(memory);
	memory_image_cancel(memory);
	while (memory->first != NULL) {
		struct memory_group *group = memory->first;
		memory->first = group->next;
		free(group);
	}
	free(memory->images);
	free(memory);
}

static const struct store_operations memory_operations = {
	.recover = memory_recover,
	.append = memory_append,
	.extend = memory_extend,
	.forming = memory_forming,
	.commit = memory_commit,
	.trouble = memory_trouble,
	.backlog = memory_backlog,
	.descriptor = memory_descriptor,
	.dispatch = memory_dispatch,
	.read = memory_read,
	.ahead = memory_ahead,
	.trim = memory_trim,
	.next_extent = memory_next_extent,
	.checkpoint_begin = memory_begin,
	.checkpoint_add = memory_image_add,
	.checkpoint_end = memory_image_end,
	.checkpoint_backlog = memory_image_backlog,
	.checkpoint_failure = memory_image_failure,
	.close = memory_close,
};

struct store *store_memory_open(struct memory_disk *disk)
{
	struct memory_store *memory = calloc(1, sizeof *memory);
	if (memory == NULL)
		return NULL;
	memory->base.operations = &memory_operations;
	memory->disk = disk;
	memory->end = &memory->first;
	/* What was not durable is gone. */
	memory_drop(disk->records, disk->durable_records, disk->record_count);
	memory->committed = disk->record_count = disk->durable_records;
	memory->place = ((store_position)disk->last_extent + 1) << STORE_EXTENT_SHIFT | 1;
	return &memory->base;
}

void memory_disk_fini(struct memory_disk *disk)
{
	memory_drop(disk->records, 0, disk->record_count);
	memory_drop(disk->images, 0, disk->image_count);
	free(disk->records);
	free(disk->images);
}
