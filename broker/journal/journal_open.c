/* Reading what is kept, and the end of a journal. */
#include "journal/journal_parts.h"

#include <inttypes.h>
#include <stdlib.h>

static int on_image(void *context, const struct store_record *record, struct error *error)
{
	struct journal *journal = context;
	journal->last_image += record->size;
	return kept_read_image(&journal->kept, record, error);
}

static int on_record(void *context, store_position at, const struct store_record *record,
		     struct error *error)
{
	struct journal *journal = context;
	journal->appended += record->size;
	if (!space_reach(&journal->kept.space, store_extent(at)))
		return error_set(error, RELEVO_NO_MEMORY, "no memory for what is kept on disk");
	return kept_read(&journal->kept, at, record, error);
}

/* Those that no item needs are let go of like others. */
static bool reach_all(struct journal *journal)
{
	struct store *store = journal->store;
	struct space *space = &journal->kept.space;
	uint32_t extent = store->operations->next_extent(store, 0);
	for (; extent != 0; extent = store->operations->next_extent(store, extent + 1)) {
		if (!space_reach(space, extent))
			return false;
	}
	return true;
}

/* Where items stand that are there still; an image may name others, which were let go of since. */
static int check_extents(const struct journal *journal, struct error *error)
{
	const struct space *space = &journal->kept.space;
	const struct store *store = journal->store;
	for (uint32_t i = 0; i < space->count; i++) {
		uint32_t number = space->first + i;
		if (space->extents[i].live > 0 &&
		    store->operations->next_extent(store, number) != number)
			return error_set(error, RELEVO_DAMAGED,
					 "the file of extent %08" PRIx32
					 " is missing, which has %" PRIu64 " items",
					 number, space->extents[i].live);
	}
	return RELEVO_OK;
}

static int read_all(struct journal *journal, struct error *error)
{
	const struct store_reader reader = { journal, on_image, on_record };
	struct store *store = journal->store;
	int status = store->operations->recover(store, &reader, error);
	if (status != RELEVO_OK)
		return status;
	if (!reach_all(journal))
		return error_set(error, RELEVO_NO_MEMORY, "no memory for what is kept on disk");
	return check_extents(journal, error);
}

/* Time goes on where it was, if the clock has been set back meanwhile: what was to come in an
 * hour comes in an hour. */
static void set_clock(struct journal *journal, const struct journal_config *config)
{
	uint64_t wall = config->wall > journal->kept.clock ? config->wall : journal->kept.clock;
	journal->opened = config->now;
	journal->to_wall = wall - config->now;
}

int journal_open(const struct journal_config *config, struct journal **journal, struct error *error)
{
	struct journal *new = calloc(1, sizeof *new);
	if (new == NULL) {
		config->store->operations->close(config->store);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the journal");
	}
	new->recorder.operations = &journal_operations;
	new->store = config->store;
	new->extent = config->extent;
	list_init(&new->unsaid);
	kept_init(&new->kept, config->seed);
	new->kept.space.epoch = 1;
	int status = read_all(new, error);
	if (status != RELEVO_OK) {
		journal_close(new);
		return status;
	}
	set_clock(new, config);
	*journal = new;
	return RELEVO_OK;
}

struct recorder *journal_recorder(struct journal *journal)
{
	return &journal->recorder;
}

uint64_t journal_last_key(const struct journal *journal)
{
	return journal->kept.last_key;
}

uint64_t journal_last_cell(const struct journal *journal)
{
	return journal->kept.last_cell;
}

uint64_t journal_grants(const struct journal *journal)
{
	return journal->kept.grants;
}

void journal_end(struct journal *journal)
{
	if (journal->store == NULL)
		return;
	(void)journal_flush(journal);
	/* Who hears of what is done now may go on, which must not come back to the store. */
	journal->recorder.operations = &journal_ended_operations;
	journal->store->operations->close(journal->store);
	journal->store = NULL;
	for (; journal->asked > 0; journal->asked--)
		journal->done(journal->done_context, RELEVO_STORAGE);
}

void journal_close(struct journal *journal)
{
	if (journal == NULL)
		return;
	journal_end(journal);
	image_drop(journal);
	kept_fini(&journal->kept);
	buffer_fini(&journal->read);
	free(journal);
}
