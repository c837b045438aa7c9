/* Which items become dead letters, and moving them to the queue that takes them. */
#include "stock/dead_letter.h"

#include "base/mutant.h"
#include "base/name.h"
#include "core/extension.h"
#include "core/item_hold.h"
#include "stock/expiry.h"
#include "stock/queue_items.h"
#include "stock/queue_life.h"
#include "stock/queue_record.h"

#include <string.h>

static const char *dead_letter_target_name(const struct queue *queue)
{
	const char *name = queue->options.dead_letter;
	return name != NULL && name[0] != '\0' ? name : NULL;
}

int dead_letter_check(struct engine *engine, const char *name, const struct queue_options *options,
		      struct error *error)
{
	const char *target = options->dead_letter;
	if (target == NULL || target[0] == '\0')
		return RELEVO_OK;
	int status = name_check(target, "dead-letter queue", error);
	if (status != RELEVO_OK)
		return status;
	if (strcmp(name, target) == 0)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the queue \"%s\" cannot be its own dead-letter queue", name);
	const struct queue *found = queue_find(engine, target);
	if (found != NULL && found->options.kind != QUEUE_ITEMS)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "\"%s\" takes no dead letters: it is not a queue of items",
				 target);
	return RELEVO_OK;
}

bool dead_letter_due(const struct queue *queue, const struct item *item)
{
	uint32_t most = queue->options.max_deliveries;
	return most > 0 && item->deliveries >= most && !MUTANT(deliveries_without_end);
}

/* Paid for by whoever pays for the queue; what comes from a disk goes to a disk. */
static int dead_letter_find_target(struct queue *queue, struct queue **target)
{
	const struct queue_options options = {
		.lifetime = QUEUE_KEPT,
		.durable = queue->options.durable && !MUTANT(dead_letters_in_memory),
	};
	struct engine *engine = queue->engine;
	const struct queue_making making = {
		.account = queue->account,
		.name = dead_letter_target_name(queue),
		.options = &options,
	};
	struct error ignored;
	*target = queue_find(engine, making.name);
	if (*target == NULL)
		return queue_new(engine, &making, target, &ignored);
	return (*target)->options.kind == QUEUE_ITEMS ? RELEVO_OK : RELEVO_BAD_STATE;
}

int dead_letter_send(struct queue *queue, struct item *item, uint64_t *counter)
{
	int status = RELEVO_OK;
	if (dead_letter_target_name(queue) != NULL && !MUTANT(dead_letters_are_lost)) {
		struct queue *target = NULL;
		status = dead_letter_find_target(queue, &target);
		if (status == RELEVO_OK)
			status = queue_transfer(target, queue, item);
	} else {
		queue_forget_item(queue, item, item->order.key);
		item_drop(queue->engine, item);
	}
	if (status == RELEVO_OK)
		++*counter;
	return status;
}

void dead_letter_or_give_back(struct queue *queue, struct item *item, uint64_t *counter)
{
	if (dead_letter_send(queue, item, counter) == RELEVO_OK)
		return;
	struct item_extension *extension = item_extension(item);
	expiry_forget(queue, item);
	if (extension != NULL)
		extension->expiry.key = 0;
	queue_record_changed(queue, item, 0);
	stock_give_back(&queue->stock, item);
	queue_activate(queue);
}
