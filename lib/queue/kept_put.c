/* Copies of what was put into durable queues and is not confirmed: see kept_put.h. */
#include "queue/kept_put.h"

#include "base/mutant.h"
#include "session/flusher.h"
#include "session/session.h"

#include <stdlib.h>
#include <string.h>

static struct kept_put *kept_put_of(struct put_keeper *keeper)
{
	return container_of(keeper, struct kept_put, keeper);
}

static struct kept_put *kept_put_first(const struct kept_puts *puts)
{
	struct list *node = list_first(&puts->kept);
	return node != NULL ? container_of(node, struct kept_put, link) : NULL;
}

/* ---- where they go -------------------------------------------------------- */

static struct kept_target *target_of(struct kept_owner *owner)
{
	const struct handle *handle = owner->handle;
	if (owner->target != NULL)
		return owner->target;
	size_t name = strlen(handle->name) + 1;
	struct kept_target *target = calloc(1, sizeof *target + name);
	if (target == NULL)
		return NULL;
	target->references = 1;
	target->queue = owner->queue;
	target->identity = handle->identity;
	memcpy(target->name, handle->name, name);
	owner->target = target;
	return target;
}

static void target_drop(struct kept_target *target)
{
	if (--target->references == 0)
		free(target);
}

void kept_owner_close(struct kept_owner *owner)
{
	if (owner->target == NULL)
		return;
	owner->target->queue = NULL;
	target_drop(owner->target);
	owner->target = NULL;
}

/* ---- keeping them --------------------------------------------------------- */

static void kept_put_free(struct kept_put *kept)
{
	put_number_settle(&kept->number);
	list_remove(&kept->link);
	target_drop(kept->target);
	free(kept->options);
	free(kept->sizes);
	buffer_fini(&kept->bodies);
	free(kept);
}

static bool pack_options(struct kept_put *kept, const Relevo__QueuePut *options)
{
	if (options == NULL)
		return true;
	kept->options_size = relevo__queue_put__get_packed_size(options);
	kept->options = malloc(kept->options_size + 1);
	if (kept->options == NULL)
		return false;
	relevo__queue_put__pack(options, kept->options);
	return true;
}

static struct put_keeper *kept_put_begin(struct put_owner *put_owner,
					 const Relevo__QueuePut *options)
{
	struct kept_owner *owner = container_of(put_owner, struct kept_owner, owner);
	struct kept_put *kept = calloc(1, sizeof *kept);
	if (kept == NULL || target_of(owner) == NULL || !pack_options(kept, options)) {
		free(kept);
		return NULL;
	}
	kept->keeper.kind = put_owner->kind;
	kept->puts = owner->puts;
	kept->target = owner->target;
	kept->target->references++;
	return &kept->keeper;
}

static void kept_put_number(struct put_keeper *keeper, Relevo__QueuePut *operation)
{
	struct kept_put *kept = kept_put_of(keeper);
	put_number_hold(&kept->puts->numbers, &kept->number, operation);
}

static void kept_put_take(struct put_keeper *keeper, struct put_batch *batch, uint64_t call,
			  uint64_t window_end)
{
	struct kept_put *kept = kept_put_of(keeper);
	kept->bodies = batch->bodies;
	kept->sizes = batch->sizes;
	kept->count = batch->count;
	kept->call = call;
	kept->window_end = window_end;
	batch->bodies = (struct buffer){ 0 };
	batch->sizes = NULL;
	batch->capacity = 0;
	list_append(&kept->puts->kept, &kept->link);
	/* Who reads that they are confirmed, where nobody waits for anything. */
	flusher_notify(kept->puts->session);
}

static void kept_put_drop(struct put_keeper *keeper)
{
	kept_put_free(kept_put_of(keeper));
}

static const struct put_owner_kind kept_put_owner = {
	.begin = kept_put_begin,
	.number = kept_put_number,
	.take = kept_put_take,
	.drop = kept_put_drop,
};

void kept_puts_init(struct kept_puts *puts, struct relevo_session *session)
{
	puts->session = session;
	list_init(&puts->numbers.unsettled);
	list_init(&puts->kept);
}

void kept_owner_init(struct kept_owner *owner, struct kept_puts *puts, const struct handle *handle,
		     struct relevo_queue *queue)
{
	*owner = (struct kept_owner){ { &kept_put_owner }, puts, handle, queue, NULL };
}

/* ---- what becomes of them ------------------------------------------------- */

void kept_put_confirmed(struct kept_puts *puts, uint64_t window)
{
	struct kept_put *kept;
	while ((kept = kept_put_first(puts)) != NULL && kept->call != 0 &&
	       kept->window_end <= window)
		kept_put_free(kept);
}

void kept_put_lost(struct kept_puts *puts)
{
	list_for_each (node, &puts->kept) {
		struct kept_put *kept = container_of(node, struct kept_put, link);
		kept->call = 0;
		if (MUTANT(kept_puts_lost))
			kept_put_free(kept);
	}
}

static void fail_from(struct kept_put *kept, uint32_t accepted, int status)
{
	struct relevo_queue *queue = kept->target->queue;
	const uint8_t *body = buffer_data(&kept->bodies);
	for (uint32_t i = 0; i < kept->count; i++) {
		const struct relevo_bytes item = { body, kept->sizes[i] };
		if (i >= accepted && queue != NULL)
			kept->puts->failed(kept->puts, queue, status, &item);
		body += kept->sizes[i];
	}
	kept_put_free(kept);
}

void kept_put_fail(struct kept_put *kept, int status)
{
	fail_from(kept, 0, status);
}

bool kept_put_failed(struct kept_puts *puts, const struct frame *frame)
{
	list_for_each (node, &puts->kept) {
		struct kept_put *kept = container_of(node, struct kept_put, link);
		if (kept->call == frame->header->call) {
			const Relevo__Failure *failure = frame->header->failure;
			fail_from(kept, failure->count, (int)failure->status);
			return true;
		}
	}
	return false;
}

void kept_put_fail_all(struct kept_puts *puts, int status)
{
	struct kept_put *kept;
	while ((kept = kept_put_first(puts)) != NULL)
		kept_put_fail(kept, status);
}

void kept_put_forget(struct kept_puts *puts)
{
	struct kept_put *kept;
	while ((kept = kept_put_first(puts)) != NULL)
		kept_put_free(kept);
	/* Those of calls under way are on the stacks of other threads. */
	list_init(&puts->numbers.unsettled);
}
