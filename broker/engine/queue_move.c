#include "base/mutant.h"
#include "base/name.h"
#include "engine/core.h"
#include "engine/expiry.h"
#include "engine/extension.h"
#include "engine/manage.h"
#include "engine/order.h"
#include "engine/queue.h"
#include "engine/token.h"

int queue_transfer(struct queue *to, struct queue *from, struct item *item)
{
	uint64_t sequence = item->order.key;
	uint32_t rank = item->order.rank;
	uint16_t deliveries = item->deliveries;
	order_reset(to, from, item);
	item->deliveries = 0;
	int status = queue_append(to, item, 0, 0);
	if (status != RELEVO_OK) {
		item->order.rank = rank;
		item->deliveries = deliveries;
		return status;
	}
	queue_forget_item(from, item, sequence);
	if (item->extended)
		item_extension(item)->expiry.key = 0;
	queue_activate(to);
	return RELEVO_OK;
}

static int find(struct engine *engine, const char *name, struct queue **queue, struct error *error)
{
	int status = name_check(name, "queue", error);
	if (status != RELEVO_OK)
		return status;
	*queue = queue_find(engine, name);
	if (*queue == NULL)
		return error_set(error, RELEVO_NOT_FOUND, "there is no queue \"%s\"", name);
	return kind_need_items(*queue, "nothing can be moved", error);
}

static int find_both(struct engine *engine, const struct move_request *request, struct queue **from,
		     struct queue **to, struct error *error)
{
	int status = find(engine, request->from, from, error);
	if (status == RELEVO_OK)
		status = find(engine, request->to, to, error);
	if (status != RELEVO_OK)
		return status;
	if (*from == *to)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the items of \"%s\" are there already", request->to);
	if ((*to)->shutdown != QUEUE_OPEN)
		return error_set(error, RELEVO_SHUT_DOWN, "the queue \"%s\" has been shut down",
				 request->to);
	return RELEVO_OK;
}

static int move_first(struct queue *from, struct queue *to)
{
	/* It has to come back if the other does not take it. */
	if (!stock_reserve(&from->stock, from->leased + 1))
		return RELEVO_NO_MEMORY;
	struct item *item = stock_take(&from->stock);
	int status = queue_transfer(to, from, item);
	if (status != RELEVO_OK)
		stock_give_back(&from->stock, item);
	return status;
}

int queue_move(struct engine *engine, const struct move_request *request, nsec_t now,
	       uint64_t *count, struct error *error)
{
	struct queue *from, *to;
	*count = 0;
	engine_at(engine, now);
	int status = find_both(engine, request, &from, &to, error);
	if (status != RELEVO_OK)
		return status;
	/* What is over does not begin anew elsewhere. */
	if (!MUTANT(moving_rejuvenates))
		expiry_run(from);
	const struct item *item;
	while (status == RELEVO_OK && (request->max_items == 0 || *count < request->max_items) &&
	       (item = stock_first(&from->stock)) != NULL && queue_has_room(to, item->size)) {
		status = move_first(from, to);
		*count += status == RELEVO_OK;
	}
	if (status != RELEVO_OK)
		error_set(error, status, "the queue \"%s\" does not take an item", request->to);
	queue_activate(from);
	engine_run(engine);
	return status;
}
