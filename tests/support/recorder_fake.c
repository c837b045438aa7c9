/* Counting what the engine tells, or failing it or holding commits back. */
#include "support/recorder_fake.h"

#include "base/list.h"

#include <assert.h>
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

static int queue_created(struct recorder *recorder, uint64_t queue, const char *name)
{
	struct recorder_fake *fake = fake_of(recorder);
	(void)queue;
	(void)name;
	if (fake->created_status == RELEVO_OK)
		fake->created++;
	return fake->created_status;
}

static int queue_deleted(struct recorder *recorder, uint64_t queue)
{
	(void)queue;
	fake_of(recorder)->deleted++;
	return RELEVO_OK;
}

static int item_added(struct recorder *recorder, uint64_t queue, uint64_t sequence,
		      const struct item *item)
{
	struct recorder_fake *fake = fake_of(recorder);
	(void)queue;
	(void)sequence;
	(void)item;
	if (fake->added_status == RELEVO_OK)
		fake->added++;
	return fake->added_status;
}

static int item_removed(struct recorder *recorder, uint64_t queue, uint64_t sequence)
{
	struct recorder_fake *fake = fake_of(recorder);
	(void)queue;
	(void)sequence;
	if (fake->removed_status == RELEVO_OK)
		fake->removed++;
	return fake->removed_status;
}

static int item_changed(struct recorder *recorder, uint64_t queue, uint64_t sequence,
			const struct item *item)
{
	(void)queue;
	(void)sequence;
	(void)item;
	fake_of(recorder)->changed++;
	return RELEVO_OK;
}

static void commit(struct recorder *recorder, void (*done)(void *context, int status),
		   void *context)
{
	struct recorder_fake *fake = fake_of(recorder);
	fake->commits++;
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
	.queue_created = queue_created,
	.queue_deleted = queue_deleted,
	.item_added = item_added,
	.item_removed = item_removed,
	.item_changed = item_changed,
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
