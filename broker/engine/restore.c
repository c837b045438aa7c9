/* Objects that are on record, made again: see restore.h. */
#include "engine/restore.h"

#include "cells/cell.h"
#include "core/charge.h"
#include "core/client.h"
#include "core/core.h"
#include "core/extension.h"
#include "core/item_memory.h"
#include "stock/cold.h"
#include "stock/duplicate.h"
#include "stock/expiry.h"
#include "stock/order.h"
#include "stock/queue_life.h"
#include "stock/queue_timer.h"
#include "stock/repeat.h"

#include <string.h>

static int no_memory(const struct queue *queue, struct error *error)
{
	return error_set(error, RELEVO_NO_MEMORY, "no memory for the items of the queue \"%s\"",
			 queue->name);
}

void restore_begin(struct engine *engine, nsec_t now)
{
	engine_at(engine, now);
}

int restore_queue(struct engine *engine, const struct restored_queue *restored,
		  struct queue **queue, struct error *error)
{
	const struct queue_making making = {
		.account = restored->account,
		.name = restored->name,
		.key = restored->key,
		.options = &restored->options,
	};
	int status = queue_new_again(engine, &making, queue, error);
	if (status != RELEVO_OK)
		return status;
	(*queue)->last_sequence = restored->last_sequence;
	(*queue)->shutdown = (enum queue_shutdown)restored->shutdown;
	if (restored->options.lifetime == QUEUE_KEPT)
		return RELEVO_OK;
	struct client *client =
		client_owner_restored(engine, restored->account, restored->owner, restored->key);
	if (client == NULL)
		return no_memory(*queue, error);
	client_care_restored(client, &client->owned, &(*queue)->in_owner);
	return RELEVO_OK;
}

/* ---- items ----------------------------------------------------------------- */

static size_t overdue_size(const struct restored_item *restored)
{
	return restored->overdue_to != NULL ? strlen(restored->overdue_to) + 1 : 0;
}

static size_t extension_size(const struct restored_item *restored)
{
	if (!restored->extended)
		return 0;
	return sizeof(struct item_extension) + restored->key_size + restored->properties_size +
	       overdue_size(restored);
}

static void extend(struct item *item, const struct restored_item *restored)
{
	struct item_extension *extension = item_extension(item);
	size_t overdue = overdue_size(restored);
	*extension = (struct item_extension){
		.item = item,
		.expiry.key = restored->expires,
		.key_size = restored->key_size,
		.properties_size = restored->properties_size,
		.overdue_size = (uint32_t)overdue,
		.hold = restored->hold,
	};
	uint8_t *bytes = extension->bytes;
	if (restored->key_size > 0)
		memcpy(bytes, restored->key, restored->key_size);
	if (restored->properties_size > 0)
		memcpy(bytes + restored->key_size, restored->properties, restored->properties_size);
	if (overdue > 0)
		memcpy(bytes + restored->key_size + restored->properties_size, restored->overdue_to,
		       overdue);
}

static struct item *make(struct queue *queue, const struct restored_item *restored)
{
	size_t extension = extension_size(restored);
	struct item *item =
		item_memory_new(&queue->engine->items, restored->body, restored->size, extension);
	if (item == NULL)
		return NULL;
	account_charge_anyhow(restored->account, item_memory_cost(restored->size, extension));
	account_hold(restored->account);
	item->account = restored->account;
	item->deliveries = restored->deliveries;
	item->order.rank = restored->rank;
	item->order.key = restored->sequence;
	if (extension > 0)
		extend(item, restored);
	return item;
}

/* Room wherever it may stand. */
static bool reserve(struct queue *queue, const struct item *item)
{
	return stock_reserve(&queue->stock, 1) && heap_reserve(&queue->stock.delayed, 1) &&
	       expiry_reserve(queue, item) == RELEVO_OK;
}

static void place(struct queue *queue, struct item *item, const struct restored_item *restored)
{
	if (restored->due > queue->engine->now)
		stock_delay(&queue->stock, item, restored->due);
	else
		/* Not into the line: others behind it may be on disk. */
		stock_give_back(&queue->stock, item);
	order_restore(queue, item);
	if (item->extended)
		expiry_watch(queue, item);
	queue_set_timer(queue);
	queue->bytes += item->size;
	queue->holds = queue->holds || restored->hold != 0;
}

int restore_item(struct queue *queue, const struct restored_item *restored, struct error *error)
{
	struct item *item = make(queue, restored);
	if (item == NULL)
		return no_memory(queue, error);
	/* Two of one key, of which the first was about to leave, may both be there. */
	if (item->extended && !duplicate_is(queue, item) &&
	    duplicate_enter(queue, item) != RELEVO_OK)
		return no_memory(queue, error);
	if (!reserve(queue, item))
		return no_memory(queue, error);
	place(queue, item, restored);
	return RELEVO_OK;
}

int restore_run(struct queue *queue, const struct restored_run *restored, struct error *error)
{
	const struct cold_run run = {
		.first = restored->first,
		.count = restored->count,
		.bytes = restored->bytes,
		.account = restored->account,
	};
	if (!cold_add_run(&queue->stock.cold, &run))
		return no_memory(queue, error);
	queue->bytes += restored->bytes;
	return RELEVO_OK;
}

int restore_put(struct queue *queue, struct account *account, const struct restored_put *restored,
		struct error *error)
{
	const struct repeat_mark mark = {
		.client = restored->client,
		.sequence = restored->number,
		.settled = restored->settled,
		.accepted = restored->accepted,
	};
	int status = repeat_restore(queue, account, &mark);
	return status == RELEVO_OK ? status : no_memory(queue, error);
}

/* ---- cells ------------------------------------------------------------------- */

int restore_cell(struct engine *engine, const struct restored_cell *restored, struct error *error)
{
	struct cell *cell;
	const struct cell_again again = { restored->account, restored->name, &restored->options,
					  restored->bytes };
	int status = cell_new_again(engine, &again, &cell, error);
	if (status != RELEVO_OK)
		return status;
	cell->identity = restored->key;
	cell->version = restored->version;
	if (restored->options.lifetime == QUEUE_KEPT)
		return RELEVO_OK;
	struct client *client =
		client_owner_restored(engine, restored->account, restored->owner, restored->key);
	if (client == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the cell \"%s\"",
				 restored->name);
	client_care_restored(client, &client->owned_cells, &cell->in_owner);
	return RELEVO_OK;
}
