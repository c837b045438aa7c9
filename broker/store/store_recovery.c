/* Reading a log back: which groups there are, and whether any is missing. */
#include "store/store_recovery.h"

#include "base/mutant.h"
#include "store/store_scan.h"
#include "store/store_spares.h"

#include <fcntl.h>
#include <inttypes.h>
#include <relevo/status.h>
#include <stdio.h>
#include <stdlib.h>

void store_recover_fini(struct store_recover *recover)
{
	store_window_fini(&recover->window);
	store_extents_fini(&recover->files);
	free(recover->unsure);
	recover->unsure = NULL;
}

/* ---- what is wrong ------------------------------------------------------ */

int store_recover_damaged(struct store_recover *recover, const char *name, uint64_t at,
			  const char *what)
{
	snprintf(recover->report->damaged, sizeof recover->report->damaged, "%s", name);
	recover->report->damaged_at = at;
	return error_set(recover->error, RELEVO_DAMAGED, "%s/%s is damaged at %" PRIu64 ": %s",
			 recover->folder->path, name, at, what);
}

int store_recover_version(const struct store_recover *recover, uint32_t version)
{
	return error_set(recover->error, RELEVO_BAD_VERSION,
			 "%s/%s is written in format %" PRIu32 ", this program knows format %d",
			 recover->folder->path, recover->window.name, version, STORE_FORMAT);
}

static int recover_missing(struct store_recover *recover)
{
	char name[STORE_NAME_SIZE], what[96];
	store_extent_name(name, store_extent(recover->stopped));
	snprintf(what, sizeof what,
		 "group %" PRIu64 ", which was durable, is not as it was written",
		 recover->expected);
	return store_recover_damaged(recover, name, (uint32_t)recover->stopped, what);
}

/* ---- what is there ------------------------------------------------------ */

struct recover_listing {
	struct store_recover *recover;
	bool no_memory;
};

static void recover_list_file(void *context, const char *name)
{
	struct recover_listing *listing = context;
	uint32_t extent;
	if (store_extent_named(name, &extent) &&
	    !store_extents_add(&listing->recover->files, extent))
		listing->no_memory = true;
}

static int recover_compare(const void *one, const void *other)
{
	const struct store_extent_state *left = one, *right = other;
	return left->number < right->number ? -1 : left->number > right->number;
}

static int recover_list(struct store_recover *recover)
{
	const struct store_folder *folder = recover->folder;
	struct recover_listing listing = { recover, false };
	if (folder->disk->list(folder->disk, folder->fd, recover_list_file, &listing) < 0)
		return store_folder_failed(folder, "list", ".", recover->error);
	if (listing.no_memory)
		return error_set(recover->error, RELEVO_NO_MEMORY, "no memory");
	if (recover->files.count > 0)
		qsort(recover->files.states, recover->files.count, sizeof *recover->files.states,
		      recover_compare);
	return RELEVO_OK;
}

/* ---- groups ------------------------------------------------------------- */

static int recover_take(void *context, store_position at, const struct store_record *record)
{
	struct store_recover *recover = context;
	recover->report->records++;
	if (recover->reader == NULL)
		return RELEVO_OK;
	return recover->reader->record(recover->reader->context, at, record, recover->error);
}

static int recover_hand_out(struct store_recover *recover, const struct store_found *found)
{
	const struct store_taker taker = { recover_take, recover };
	return store_scan_hand_out(found, recover->begins, &taker);
}

static void recover_note_durable(struct store_recover *recover, const struct store_group_head *head)
{
	if (head->durable > recover->durable)
		recover->durable = head->durable;
}

/* Those that are known to be durable leave the front. */
static void recover_prune(struct store_recover *recover)
{
	size_t sure = 0;
	while (sure < recover->unsure_count && recover->unsure[sure].number <= recover->durable)
		sure++;
	for (size_t i = sure; i < recover->unsure_count; i++)
		recover->unsure[i - sure] = recover->unsure[i];
	recover->unsure_count -= sure;
}

static int recover_note_unsure(struct store_recover *recover, const struct store_group_head *head)
{
	if (recover->unsure_count == recover->unsure_capacity)
		recover_prune(recover);
	if (recover->unsure_count * 2 >= recover->unsure_capacity) {
		size_t capacity = recover->unsure_capacity * 2 + 64;
		void *unsure = realloc(recover->unsure, capacity * sizeof *recover->unsure);
		if (unsure == NULL)
			return error_set(recover->error, RELEVO_NO_MEMORY, "no memory");
		recover->unsure = unsure;
		recover->unsure_capacity = capacity;
	}
	recover->unsure[recover->unsure_count++] = (struct store_unsure){
		.number = head->number,
		.at = head->at,
		.behind = store_scan_behind(head),
	};
	return RELEVO_OK;
}

static int recover_accept(struct store_recover *recover, const struct store_found *found)
{
	recover->expected++;
	recover->report->groups++;
	recover->report->dropped_groups = 0;
	recover->report->readable = 0;
	recover->stopped = 0;
	recover->stale = false;
	recover_note_durable(recover, &found->head);
	int status = recover_note_unsure(recover, &found->head);
	return status == RELEVO_OK ? recover_hand_out(recover, found) : status;
}

/* Groups that follow, in the file that is open, from there on. *at becomes their end. */
static int recover_follow(struct store_recover *recover, store_position *at)
{
	struct store_found found;
	for (;;) {
		int status = store_scan_group(&recover->window, *at, &found, recover->error);
		if (status != RELEVO_OK)
			return status;
		if (found.head.kind == 0 || found.records == NULL ||
		    (found.head.number != recover->expected && !MUTANT(stale_group_accepted)))
			return RELEVO_OK;
		if (found.head.kind != STORE_GROUP_RECORDS)
			return RELEVO_OK;
		status = recover_accept(recover, &found);
		if (status != RELEVO_OK)
			return status;
		*at = store_scan_behind(&found.head);
	}
}

/* A group stands behind the place where the log was found to end. */
static int recover_see_behind(struct store_recover *recover, const struct store_found *found)
{
	recover_note_durable(recover, &found->head);
	if (found->head.kind != STORE_GROUP_RECORDS)
		return RELEVO_OK;
	recover->report->dropped_groups++;
	if (found->records == NULL)
		return RELEVO_OK;
	recover->report->readable++;
	if (!recover->salvage || found->head.number < recover->expected)
		return RELEVO_OK;
	recover->expected = found->head.number + 1;
	return recover_hand_out(recover, found);
}

static int recover_look_behind(struct store_recover *recover, store_position from)
{
	struct store_found found;
	for (store_position at = from;;) {
		int status = store_scan_next(&recover->window, at, &found, recover->error);
		if (status != RELEVO_OK || found.head.kind == 0)
			return status;
		/* A mark is never taken for a group that follows. */
		if (found.head.kind != STORE_GROUP_MARK)
			recover->stale = true;
		status = recover_see_behind(recover, &found);
		if (status != RELEVO_OK)
			return status;
		at = found.records != NULL ? store_scan_behind(&found.head) : found.head.at + 1;
	}
}

/* ---- files -------------------------------------------------------------- */

/* A head was durable before the file got its name: so it is there, or damaged. Of one that is
 * damaged, a salvage reads on without its salt. */
static int recover_file_head(struct store_recover *recover, uint32_t extent)
{
	struct store_window *window = &recover->window;
	struct store_file_head head = { .size = STORE_EXTENT_SIZE_LEAST };
	const uint8_t *bytes;
	uint32_t version;
	int status = store_window_at(window, 0, STORE_FILE_HEAD, &bytes, recover->error);
	if (status != RELEVO_OK)
		return status;
	status = bytes != NULL ? store_file_head_get(bytes, &head, &version) : RELEVO_DAMAGED;
	if (status == RELEVO_BAD_VERSION)
		return store_recover_version(recover, version);
	bool good = status == RELEVO_OK && head.kind == STORE_FILE_EXTENT && head.extent == extent;
	window->salt = head.salt;
	window->unsalted = !good;
	if (recover->salvage)
		return RELEVO_OK;
	if (window->size < head.size)
		return store_recover_damaged(recover, window->name, window->size,
					     "its end is missing");
	return good ? RELEVO_OK
		    : store_recover_damaged(recover, window->name, 0, "it does not begin as one");
}

/* Nothing followed in a file that begins there. The log ends here, not where the last file was
 * left, if that file ended as one does: then what is missing should stand here. */
static bool recover_ends_here(struct store_recover *recover, store_position at)
{
	struct store_found found = { 0 };
	if (recover->stopped == 0)
		return true;
	if (recover->stale || (uint32_t)recover->stopped == STORE_FILE_HEAD)
		return false;
	return store_scan_group(&recover->window, at, &found, recover->error) == RELEVO_OK &&
	       (found.head.kind == 0 || found.head.number == recover->expected);
}

static int recover_file(struct store_recover *recover, uint32_t extent)
{
	char name[STORE_NAME_SIZE];
	const bool first = extent == store_extent(recover->group);
	store_position at = first ? recover->group
				  : (store_position)extent << STORE_EXTENT_SHIFT | STORE_FILE_HEAD;
	const uint64_t expected = recover->expected;
	store_extent_name(name, extent);
	int status = store_window_open(&recover->window, recover->folder, name, O_RDONLY,
				       recover->error);
	if (status == RELEVO_OK)
		status = recover_file_head(recover, extent);
	if (status == RELEVO_OK)
		status = recover_follow(recover, &at);
	if (status != RELEVO_OK)
		return status;
	if (recover->expected != expected || recover_ends_here(recover, at)) {
		recover->stopped = at;
		recover->salt = recover->window.salt;
		recover->stale = false;
	}
	return recover_look_behind(recover, at);
}

static int recover_files(struct store_recover *recover)
{
	const uint32_t from = store_extent(recover->group);
	uint32_t extent = store_extents_next(&recover->files, from);
	int status = RELEVO_OK;
	if (extent != from && (uint32_t)recover->group > STORE_FILE_HEAD && !recover->salvage) {
		char name[STORE_NAME_SIZE];
		store_extent_name(name, from);
		return store_recover_damaged(recover, name, 0, "it is missing");
	}
	for (; status == RELEVO_OK && extent != 0;
	     extent = store_extents_next(&recover->files, extent + 1))
		status = recover_file(recover, extent);
	return status;
}

int store_recover_read(struct store_recover *recover)
{
	recover->group = (store_position)1 << STORE_EXTENT_SHIFT | STORE_FILE_HEAD;
	recover->expected = 1;
	int status = recover_list(recover);
	if (status == RELEVO_OK)
		status = store_recover_image(recover);
	if (status == RELEVO_OK)
		status = recover_files(recover);
	store_window_close(&recover->window);
	if (status != RELEVO_OK || recover->salvage)
		return status;
	if (recover->durable >= recover->expected)
		return recover_missing(recover);
	recover_prune(recover);
	return RELEVO_OK;
}
