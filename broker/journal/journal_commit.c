/* Commits, and the space that is free once they are durable. */
#include "journal/journal_parts.h"

#include "base/mutant.h"

#include <stdlib.h>

/* A group that has so much need not wait for the end of the round. */
enum { GROUP_MOST = 1024 * 1024 };

/* Extents that no item needs, since commits that are durable by now. The store keeps them as
 * long as a recovery might read them. */
static void journal_trim(struct journal *journal)
{
	struct space *space = &journal->kept.space;
	struct store *store = journal->store;
	uint32_t end = space->first + space->count;
	bool in_front = true;
	/* The last is the one that is being written. */
	for (uint32_t number = space->first; number + 1 < end; number++) {
		struct extent *extent = space_extent(space, number);
		bool free = extent->live == 0 && extent->emptied <= journal->durable;
		if (free && !extent->trimmed)
			store->operations->trim(store, number);
		extent->trimmed = extent->trimmed || free;
		in_front = in_front && free;
		if (in_front && number + 1 < end)
			journal->spent = number + 1;
	}
	space_forget(space, journal->spent);
}

/* The engine's commits that one of the store's stands for. */
struct commit {
	struct journal *journal;
	uint64_t count;
};

/* Groups become durable in their order: so all before it are, too. */
static void commit_done(struct journal *journal, uint64_t count, int status)
{
	journal->committed++;
	if (status == RELEVO_OK) {
		journal->durable = journal->committed;
		journal_trim(journal);
	}
	while (count-- > 0)
		journal->done(journal->done_context, status);
}

static void journal_committed(void *context, int status)
{
	struct commit commit = *(struct commit *)context;
	free(context);
	commit_done(commit.journal, commit.count, status);
}

/* What time it is, once a second, so that a clock that was set back is noticed; and always where
 * there is nothing else to be committed. */
static void say_clock(struct journal *journal)
{
	struct store *store = journal->store;
	uint64_t wall = journal_wall(journal, clock_now());
	if (wall < journal->clock + NSEC_PER_SEC && store->operations->forming(store) > 0)
		return;
	journal->clock = journal->kept.clock = wall;
	journal_append_small(journal, RECORD_CLOCK, &(struct small_record){ .sequence = wall });
}

/* The engine commits after every call. All of them in a round of the loop are one group. */
void journal_commit(struct recorder *recorder, bool lazy, store_done *done, void *context)
{
	struct journal *journal = journal_of(recorder);
	journal->done = done;
	journal->done_context = context;
	journal->asked++;
	journal->awaited = journal->awaited || !lazy;
	if (journal->store->operations->forming(journal->store) >= GROUP_MOST)
		(void)journal_flush(journal);
}

bool journal_flush(struct journal *journal)
{
	struct store *store = journal->store;
	/* An image that is being written copies items, for which the engine does not ask. */
	if (journal->asked == 0 &&
	    (store->operations->forming(store) == 0 || MUTANT(image_before_its_copies)))
		return true;
	struct commit *commit = malloc(sizeof *commit);
	if (commit == NULL)
		return false;
	*commit = (struct commit){ journal, journal->asked };
	journal_say_all(journal);
	say_clock(journal);
	if (store->operations->commit(store, !journal->awaited, journal_committed, commit) !=
	    RELEVO_OK) {
		free(commit);
		return false;
	}
	journal->asked = 0;
	journal->awaited = false;
	journal->items.queue = NULL;
	journal->kept.space.epoch++;
	return true;
}

int journal_descriptor(const struct journal *journal)
{
	return journal->store->operations->descriptor(journal->store);
}

void journal_dispatch(struct journal *journal)
{
	struct store *store = journal->store;
	/* Before, too: who is told of it now is told why. */
	journal->troubled = store->operations->trouble(store, NULL) != RELEVO_OK;
	store->operations->dispatch(store);
	journal->troubled = store->operations->trouble(store, NULL) != RELEVO_OK;
}

bool journal_work(struct journal *journal)
{
	if (!journal->image.writing && image_due(journal))
		image_begin(journal);
	return journal->image.writing && !journal->image.ended && image_go_on(journal);
}
