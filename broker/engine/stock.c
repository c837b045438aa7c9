#include "engine/stock.h"

#include "base/list.h"

#include <assert.h>

void stock_fini(struct stock *stock)
{
	assert(stock_size(stock) == 0);
	heap_fini(&stock->returned);
	heap_fini(&stock->delayed);
}

void stock_add(struct stock *stock, struct item *item)
{
	item->next = NULL;
	if (stock->first_new == NULL)
		stock->first_new = item;
	else
		stock->last_new->next = item;
	stock->last_new = item;
	stock->new_count++;
}

static struct item *heap_item(const struct heap *heap)
{
	struct heap_node *node = heap_first(heap);
	return node != NULL ? container_of(node, struct item, order) : NULL;
}

struct item *stock_first(const struct stock *stock)
{
	struct item *item = heap_item(&stock->returned);
	return item != NULL ? item : stock->first_new;
}

struct item *stock_take(struct stock *stock)
{
	struct item *item = heap_item(&stock->returned);
	if (item != NULL) {
		heap_remove(&stock->returned, &item->order);
		return item;
	}
	item = stock->first_new;
	stock->first_new = item->next;
	stock->new_count--;
	return item;
}

bool stock_reserve(struct stock *stock, uint64_t out)
{
	/* What is delayed comes back too. */
	uint64_t more = out + stock->delayed.count;
	return more <= UINT32_MAX && heap_reserve(&stock->returned, (uint32_t)more);
}

static void push_reserved(struct heap *heap, struct item *item, uint64_t key)
{
	bool pushed = heap_push(heap, &item->order, key);
	assert(pushed);
	(void)pushed;
}

void stock_give_back(struct stock *stock, struct item *item)
{
	push_reserved(&stock->returned, item, item->order.key);
}

void stock_delay(struct stock *stock, struct item *item, nsec_t due)
{
	item->sequence = item->order.key;
	push_reserved(&stock->delayed, item, due);
}

void stock_ripen(struct stock *stock, nsec_t now)
{
	struct item *item;
	while ((item = heap_item(&stock->delayed)) != NULL && item->order.key <= now) {
		heap_remove(&stock->delayed, &item->order);
		push_reserved(&stock->returned, item, item->sequence);
	}
}

struct item *stock_drain(struct stock *stock)
{
	if (stock_first(stock) != NULL)
		return stock_take(stock);
	struct item *item = heap_item(&stock->delayed);
	if (item != NULL)
		heap_remove(&stock->delayed, &item->order);
	return item;
}
