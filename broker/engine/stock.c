#include "engine/stock.h"

#include "base/list.h"
#include "base/mutant.h"

#include <assert.h>

void stock_fini(struct stock *stock)
{
	assert(stock_size(stock) == 0);
	heap_fini(&stock->sorted);
	heap_fini(&stock->delayed);
}

/* Nothing leaves from the middle of the line. */
static bool stands_in_line(const struct stock *stock, const struct item *item)
{
	return !stock->sorted.ranked && !item->extended;
}

void stock_add(struct stock *stock, struct item *item)
{
	stock->bytes += item->size;
	if (!stands_in_line(stock, item)) {
		heap_push_reserved(&stock->sorted, &item->order, item->order.key);
		return;
	}
	item->next = NULL;
	if (MUTANT(last_in_first_out) && stock->new_count > 0) {
		item->next = stock->first_new;
		stock->first_new = item;
		stock->new_count++;
		return;
	}
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
	struct item *item = heap_item(&stock->sorted);
	struct item *in_line = stock->first_new;
	if (item == NULL || (in_line != NULL && in_line->order.key < item->order.key))
		return in_line;
	return item;
}

struct item *stock_take(struct stock *stock)
{
	struct item *item = stock_first(stock);
	if (item == stock->first_new) {
		stock->first_new = item->next;
		stock->new_count--;
	} else {
		heap_remove(&stock->sorted, &item->order);
	}
	stock->bytes -= item->size;
	return item;
}

bool stock_reserve(struct stock *stock, uint64_t out)
{
	/* What is delayed comes back too. */
	uint64_t more = out + stock->delayed.count;
	return more <= UINT32_MAX && heap_reserve(&stock->sorted, (uint32_t)more);
}

void stock_give_back(struct stock *stock, struct item *item)
{
	stock->bytes += item->size;
	heap_push_reserved(&stock->sorted, &item->order, item->order.key);
}

void stock_delay(struct stock *stock, struct item *item, nsec_t due)
{
	stock->bytes += item->size;
	item->sequence = item->order.key;
	heap_push_reserved(&stock->delayed, &item->order, due);
}

bool stock_ripen(struct stock *stock, nsec_t now)
{
	struct item *item = heap_item(&stock->delayed);
	if (item == NULL || item->order.key > now)
		return false;
	heap_remove(&stock->delayed, &item->order);
	heap_push_reserved(&stock->sorted, &item->order, item->sequence);
	return true;
}

static bool stands_in(const struct heap *heap, const struct item *item)
{
	uint32_t place = item->order.place;
	return place != 0 && place <= heap->count && heap->nodes[place] == &item->order;
}

bool stock_has(const struct stock *stock, const struct item *item)
{
	return stands_in(&stock->delayed, item) || stands_in(&stock->sorted, item);
}

static void take_delayed(struct stock *stock, struct item *item)
{
	heap_remove(&stock->delayed, &item->order);
	item->order.key = item->sequence;
	stock->bytes -= item->size;
}

bool stock_take_out(struct stock *stock, struct item *item)
{
	if (stands_in(&stock->delayed, item)) {
		take_delayed(stock, item);
		return true;
	}
	if (!stands_in(&stock->sorted, item))
		return false;
	heap_remove(&stock->sorted, &item->order);
	stock->bytes -= item->size;
	return true;
}

struct item *stock_drain(struct stock *stock)
{
	if (stock_first(stock) != NULL)
		return stock_take(stock);
	struct item *item = heap_item(&stock->delayed);
	if (item != NULL)
		take_delayed(stock, item);
	return item;
}
