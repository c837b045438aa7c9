/* A recorder that keeps nothing any more: while the engine of a broker that stops ends, what
 * becomes of its objects is not what is to be found by the next one. */
#include "journal/journal_parts.h"

static int ended_trouble(struct recorder *recorder, struct error *error)
{
	(void)recorder;
	return error_set(error, RELEVO_STORAGE, "the broker is about to end");
}

static int ended_queue_created(struct recorder *recorder, const struct queue_note *note)
{
	(void)note;
	return ended_trouble(recorder, NULL);
}

static void ended_queue_shut_down(struct recorder *recorder, uint64_t queue, uint8_t how)
{
	(void)recorder;
	(void)queue;
	(void)how;
}

static void ended_deleted(struct recorder *recorder, uint64_t key)
{
	(void)recorder;
	(void)key;
}

static int ended_item_added(struct recorder *recorder, const struct item_note *note)
{
	(void)note;
	return ended_trouble(recorder, NULL);
}

static void ended_items_removed(struct recorder *recorder, uint64_t queue, uint64_t first,
				uint64_t count)
{
	(void)recorder;
	(void)queue;
	(void)first;
	(void)count;
}

static void ended_item_handed_out(struct recorder *recorder, uint64_t queue, uint64_t sequence,
				  const struct item *item)
{
	(void)recorder;
	(void)queue;
	(void)sequence;
	(void)item;
}

static void ended_item_changed(struct recorder *recorder, uint64_t queue, uint64_t sequence,
			       const struct item *item, nsec_t due)
{
	(void)due;
	ended_item_handed_out(recorder, queue, sequence, item);
}

static int ended_items_read(struct recorder *recorder, const struct recorder_reading *reading,
			    struct error *error)
{
	(void)reading;
	return ended_trouble(recorder, error);
}

static int ended_cell_created(struct recorder *recorder, const struct cell_note *note)
{
	(void)note;
	return ended_trouble(recorder, NULL);
}

static void ended_cell_changed(struct recorder *recorder, const struct cell_note *note)
{
	(void)recorder;
	(void)note;
}

static void ended_granting(struct recorder *recorder, uint64_t bound)
{
	(void)recorder;
	(void)bound;
}

static void ended_commit(struct recorder *recorder, bool lazy, store_done *done, void *context)
{
	struct journal *journal = journal_of(recorder);
	(void)lazy;
	if (journal->store == NULL) {
		done(context, RELEVO_STORAGE);
		return;
	}
	/* Those before are being told of: it is this one's turn behind them. */
	journal->done = done;
	journal->done_context = context;
	journal->asked++;
}

const struct recorder_operations journal_ended_operations = {
	.trouble = ended_trouble,
	.queue_created = ended_queue_created,
	.queue_shut_down = ended_queue_shut_down,
	.queue_deleted = ended_deleted,
	.item_added = ended_item_added,
	.items_removed = ended_items_removed,
	.item_handed_out = ended_item_handed_out,
	.item_changed = ended_item_changed,
	.items_read = ended_items_read,
	.cell_created = ended_cell_created,
	.cell_changed = ended_cell_changed,
	.cell_deleted = ended_deleted,
	.granting = ended_granting,
	.commit = ended_commit,
};
