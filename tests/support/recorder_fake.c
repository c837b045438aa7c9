/* Counting what the engine tells, or failing it or holding commits back. */
#include "support/recorder_fake.h"

#include "base/list.h"

#include <assert.h>
#include <inttypes.h>
#include <relevo/status.h>
#include <stdlib.h>

struct held_commit {
	struct held_commit *next;
	void (*done)(void *context, int status);
	void *context;
};

static struct recorder_fake *fake_of(struct recorder *recorder)
{
	return container_of(recorder, struct recorder_fake, recorder);
}

static int trouble(struct recorder *recorder, struct error *error)
{
	const struct recorder_fake *fake = fake_of(recorder);
	if (fake->trouble == RELEVO_OK)
		return RELEVO_OK;
	return error_set(error, fake->trouble, "the fake is in trouble");
}

static int queue_created(struct recorder *recorder, const struct queue_note *note)
{
	struct recorder_fake *fake = fake_of(recorder);
	(void)note;
	if (fake->created_status == RELEVO_OK)
		fake->created++;
	return fake->created_status;
}

static void queue_shut_down(struct recorder *recorder, uint64_t queue, uint8_t how)
{
	(void)queue;
	(void)how;
	fake_of(recorder)->changed++;
}

static void queue_deleted(struct recorder *recorder, uint64_t queue)
{
	(void)queue;
	fake_of(recorder)->deleted++;
}

static int item_added(struct recorder *recorder, const struct item_note *note)
{
	struct recorder_fake *fake = fake_of(recorder);
	(void)note;
	if (fake->added_status == RELEVO_OK)
		fake->added++;
	return fake->added_status;
}

static void items_removed(struct recorder *recorder, uint64_t queue, uint64_t first, uint64_t count)
{
	(void)queue;
	(void)first;
	fake_of(recorder)->removed += count;
}

static void item_handed_out(struct recorder *recorder, uint64_t queue, uint64_t sequence,
			    const struct item *item)
{
	(void)queue;
	(void)sequence;
	(void)item;
	fake_of(recorder)->handed_out++;
}

static void item_changed(struct recorder *recorder, uint64_t queue, uint64_t sequence,
			 const struct item *item, nsec_t due)
{
	(void)queue;
	(void)sequence;
	(void)item;
	(void)due;
	fake_of(recorder)->changed++;
}

/* It keeps no bodies. */
static int items_read(struct recorder *recorder, const struct recorder_reading *reading,
		      struct error *error)
{
	(void)recorder;
	return error_set(error, RELEVO_STORAGE, "the fake cannot read the item %" PRIu64,
			 reading->first);
}

static int cell_created(struct recorder *recorder, const struct cell_note *note)
{
	struct recorder_fake *fake = fake_of(recorder);
	(void)note;
	if (fake->created_status == RELEVO_OK)
		fake->created++;
	return fake->created_status;
}

static void cell_changed(struct recorder *recorder, const struct cell_note *note)
{
	(void)note;
	fake_of(recorder)->changed++;
}

static void cell_deleted(struct recorder *recorder, uint64_t cell)
{
	(void)cell;
	fake_of(recorder)->deleted++;
}

static void granting(struct recorder *recorder, uint64_t bound)
{
	fake_of(recorder)->granting = bound;
}

static void commit(struct recorder *recorder, bool lazy, void (*done)(void *context, int status),
		   void *context)
{
	struct recorder_fake *fake = fake_of(recorder);
	fake->commits++;
	fake->lazy += lazy;
	struct held_commit *held = fake->hold ? malloc(sizeof *held) : NULL;
	if (held == NULL) {
		done(context, fake->commit_status);
		return;
	}
	*held = (struct held_commit){ .done = done, .context = context };
	*fake->last_held = held;
	fake->last_held = &held->next;
}

static const struct recorder_operations operations = {
	.trouble = trouble,
	.queue_created = queue_created,
	.queue_shut_down = queue_shut_down,
	.queue_deleted = queue_deleted,
	.item_added = item_added,
	.items_removed = items_removed,
	.item_handed_out = item_handed_out,
	.item_changed = item_changed,
	.items_read = items_read,
	.cell_created = cell_created,
	.cell_changed = cell_changed,
	.cell_deleted = cell_deleted,
	.granting = granting,
	.commit = commit,
};

void recorder_fake_init(struct recorder_fake *fake)
{
	*fake = (struct recorder_fake){
		.recorder.operations = &operations,
	};
	fake->last_held = &fake->first_held;
}

void recorder_fake_fini(struct recorder_fake *fake)
{
	assert(fake->first_held == NULL);
}

bool recorder_fake_complete(struct recorder_fake *fake, int status)
{
	struct held_commit *held = fake->first_held;
	if (held == NULL)
		return false;
	fake->first_held = held->next;
	if (fake->first_held == NULL)
		fake->last_held = &fake->first_held;
	held->done(held->context, status);
	free(held);
	return true;
}
