/* Adding records to the group that is forming, and what becomes of groups. */
#include "store/store_state.h"

#include "base/mutant.h"
#include "store/store_format.h"

#include <relevo/status.h>
#include <unistd.h>

void store_log_wake(const struct store_log *log)
{
	const uint64_t one = 1;
	ssize_t written = write(log->event, &one, sizeof one);
	(void)written;
}

size_t store_log_forming(const struct store *store)
{
	const struct store_log *log = store_log_of_const(store);
	return log->forming != NULL ? log->forming->size - STORE_GROUP_HEAD : 0;
}

size_t store_log_backlog(const struct store *store)
{
	return store_log_of_const(store)->backlog;
}

/* ---- a group forms ------------------------------------------------------ */

/* A group begins where the last one ended, or in the next extent if not even its first record
 * fits there. It never goes from one to the next: one that grows makes its file larger. */
static store_position append_place(const struct store_log *log, size_t first)
{
	uint32_t offset = (uint32_t)log->place;
	size_t needed = STORE_GROUP_HEAD + first;
	if (offset == STORE_FILE_HEAD ||
	    (offset < log->folder.extent_size && needed <= log->folder.extent_size - offset))
		return log->place;
	uint64_t extent = (uint64_t)store_extent(log->place) + 1;
	return extent << STORE_EXTENT_SHIFT | STORE_FILE_HEAD;
}

static bool append_know_extent(struct store_log *log, uint32_t extent)
{
	const struct store_extents *extents = &log->extents;
	if (extents->count > 0 && extents->states[extents->count - 1].number >= extent)
		return true;
	return store_extents_add(&log->extents, extent);
}

static struct store_group *append_begin(struct store_log *log, size_t first)
{
	store_position place = append_place(log, first);
	if (!append_know_extent(log, store_extent(place)))
		return NULL;
	struct store_group *group = store_group_new(&log->pool);
	if (group == NULL)
		return NULL;
	group->at = log->place = place;
	group->number = log->number + 1;
	log->forming = group;
	return group;
}

int store_log_append(struct store *store, uint8_t type, const struct store_part *parts,
		     size_t count, store_position *at)
{
	struct store_log *log = store_log_of(store);
	size_t size = store_record_size(parts, count);
	struct store_group *group = log->forming;
	if (size == 0)
		return RELEVO_TOO_LARGE;
	if (group == NULL)
		group = append_begin(log, size);
	if (group == NULL)
		return RELEVO_NO_MEMORY;
	*at = group->at + group->size;
	int status = store_group_add(group, type, parts, count, size);
	if (status != RELEVO_OK && group->size == STORE_GROUP_HEAD) {
		store_group_done(&log->pool, group);
		log->forming = NULL;
	}
	return status;
}

int store_log_extend(struct store *store, const struct store_part *parts, size_t count)
{
	struct store_group *group = store_log_of(store)->forming;
	if (group == NULL)
		return RELEVO_BAD_STATE;
	return store_group_extend(group, parts, count);
}

int store_log_commit(struct store *store, bool lazy, store_done *done, void *context)
{
	struct store_log *log = store_log_of(store);
	struct store_group *group = log->forming;
	if (group == NULL && done == NULL)
		return RELEVO_OK;
	if (group == NULL)
		group = append_begin(log, 0);
	if (group == NULL)
		return RELEVO_NO_MEMORY;
	group->lazy = lazy;
	group->done = done;
	group->context = context;
	log->forming = NULL;
	log->number = group->number;
	log->place = group->at + group->size;
	log->backlog += group->size;
	list_append(&log->pending, &group->pending);
	if (log->untold == &log->pending)
		log->untold = &group->pending;
	store_writer_add(&log->writer, group);
	/* Otherwise the writer wakes us when it has done something. */
	if (log->durability == STORE_NONE || store_writer_progress(&log->writer).trouble)
		store_log_wake(log);
	return RELEVO_OK;
}

/* ---- what becomes of it ------------------------------------------------- */

/* Up to which group it is good enough. */
static uint64_t append_confirmed(const struct store_log *log, const struct store_progress *progress)
{
	if (MUTANT(confirmed_before_sync))
		return log->number;
	switch (log->durability) {
	case STORE_SYNC:
		return progress->durable;
	case STORE_COMMIT:
		return progress->written;
	default:
		return log->number;
	}
}

/* Tell of the first group that was not told; it may lead to anything but close(). */
static void append_tell(struct store_log *log, int status)
{
	const struct store_group *group = container_of(log->untold, struct store_group, pending);
	log->untold = log->untold->next;
	if (group->done != NULL)
		group->done(group->context, status);
}

static bool append_may_tell(const struct store_log *log, uint64_t upto)
{
	return log->untold != &log->pending &&
	       container_of(log->untold, struct store_group, pending)->number <= upto;
}

static void append_release(struct store_log *log, uint64_t durable)
{
	struct list *first;
	while ((first = list_first(&log->pending)) != NULL && first != log->untold) {
		struct store_group *group = container_of(first, struct store_group, pending);
		if (group->number > durable)
			break;
		list_remove(first);
		log->backlog -= group->size;
		store_group_done(&log->pool, group);
	}
}

void store_log_progress(struct store_log *log)
{
	const struct store_progress progress = store_writer_progress(&log->writer);
	const uint64_t confirmed = append_confirmed(log, &progress);
	const uint64_t last = log->number;
	struct error error;
	if (progress.rewrites != log->reading.rewrites) {
		store_log_forget_file(log, 0);
		log->reading.rewrites = progress.rewrites;
	}
	while (append_may_tell(log, confirmed))
		append_tell(log, RELEVO_OK);
	if (progress.trouble) {
		int status = store_writer_trouble(&log->writer, &error);
		/* It may have passed just now. */
		while (status != RELEVO_OK && append_may_tell(log, last))
			append_tell(log, status);
	}
	append_release(log, progress.durable);
}
