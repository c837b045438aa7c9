/* The items of a queue that nobody holds: adding, taking, delaying, walking in their order. */
#include "stock/stock.h"

#include "base/list.h"
#include "base/mutant.h"

#include <assert.h>

/* The place of one that is sorted, which has none in a heap. */
#define PLACE_SORTED UINT32_MAX

static int compare_sequences(const void *key, const void *element)
{
	const struct item *one = key, *other = element;
	return (one->order.key > other->order.key) - (one->order.key < other->order.key);
}

static int compare_ranks(const void *key, const void *element)
{
	const struct item *one = key, *other = element;
	if (one->order.rank != other->order.rank)
		return one->order.rank > other->order.rank ? 1 : -1;
	return compare_sequences(key, element);
}

void stock_init(struct stock *stock, bool ranked)
{
	*stock = (struct stock){ .ranked = ranked };
	stock->sorted.compare = ranked ? compare_ranks : compare_sequences;
}

void stock_fini(struct stock *stock)
{
	assert(stock_size(stock) == 0);
	cold_end(&stock->cold);
	marks_fini(&stock->marks);
	sorted_fini(&stock->sorted);
	heap_fini(&stock->delayed);
}

/* Nothing leaves from the middle of the line. */
static bool stands_in_line(const struct stock *stock, const struct item *item)
{
	return !stock->ranked && !item->extended;
}

/* There is room for it: see stock_reserve(). */
static void sort_in(struct stock *stock, struct item *item)
{
	bool inserted = sorted_insert(&stock->sorted, item);
	assert(inserted);
	(void)inserted;
	item->order.place = PLACE_SORTED;
}

static bool sort_out(struct stock *stock, struct item *item)
{
	if (item->order.place != PLACE_SORTED || !sorted_remove(&stock->sorted, item))
		return false;
	item->order.place = 0;
	return true;
}

void stock_add(struct stock *stock, struct item *item)
{
	stock->bytes += item->size;
	if (!stands_in_line(stock, item)) {
		sort_in(stock, item);
		return;
	}
	item->next = NULL;
	if (MUTANT(last_in_first_out) && stock->new_count > 0) {
		item->next = stock->first_new;
		stock->first_new = item;
		stock->new_count++;
		return;
	}
	if (stock->first_new == NULL) {
		stock->first_new = item;
	} else {
		marks_add(&stock->marks, stock->last_new, item);
		stock->last_new->next = item;
	}
	stock->last_new = item;
	stock->new_count++;
}

static struct item *heap_item(const struct heap *heap)
{
	struct heap_node *node = heap_first(heap);
	return node != NULL ? container_of(node, struct item, order) : NULL;
}

struct item *stock_first_of_both(const struct stock *stock)
{
	struct item *in_line = stock->first_new;
	struct item *item = sorted_first(&stock->sorted);
	return in_line != NULL && in_line->order.key < item->order.key ? in_line : item;
}

struct item *stock_take(struct stock *stock)
{
	struct item *item = stock_first(stock);
	if (item == stock->first_new) {
		marks_remove(&stock->marks, item);
		stock->first_new = item->next;
		stock->new_count--;
	} else {
		(void)sort_out(stock, item);
	}
	stock->bytes -= item->size;
	return item;
}

struct stock_walk stock_walk(const struct stock *stock, uint32_t rank, uint64_t sequence)
{
	const struct item key = { .order = { .key = sequence, .rank = rank } };
	struct stock_walk walk = { .stock = stock };
	/* Without ranks, all have the first. */
	if (!stock->ranked && rank > 0)
		return walk;
	walk.place = sorted_find(&stock->sorted, &key, true);
	walk.sorted = sorted_next(&stock->sorted, &walk.place);
	walk.in_line = marks_find(&stock->marks, sequence, stock->first_new);
	for (; walk.in_line != NULL && walk.in_line->order.key <= sequence; walk.steps++)
		walk.in_line = walk.in_line == stock->last_new ? NULL : walk.in_line->next;
	return walk;
}

struct item *stock_walk_next(struct stock_walk *walk)
{
	struct item *item = walk->in_line;
	walk->steps++;
	if (item == NULL || (walk->sorted != NULL && walk->sorted->order.key < item->order.key)) {
		item = walk->sorted;
		if (item != NULL)
			walk->sorted = sorted_next(&walk->stock->sorted, &walk->place);
		return item;
	}
	walk->in_line = item == walk->stock->last_new ? NULL : item->next;
	return item;
}

bool stock_reserve(struct stock *stock, uint64_t out)
{
	/* What is delayed comes back too. */
	uint64_t more = out + stock->delayed.count;
	return more <= UINT32_MAX && sorted_reserve(&stock->sorted, more);
}

void stock_give_back(struct stock *stock, struct item *item)
{
	stock->bytes += item->size;
	sort_in(stock, item);
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
	item->order.key = item->sequence;
	sort_in(stock, item);
	return true;
}

static bool stands_in(const struct heap *heap, const struct item *item)
{
	uint32_t place = item->order.place;
	return place != 0 && place <= heap->count && heap->nodes[place] == &item->order;
}

bool stock_has(const struct stock *stock, const struct item *item)
{
	if (item->order.place != PLACE_SORTED)
		return stands_in(&stock->delayed, item);
	struct sorted_place place = sorted_find(&stock->sorted, item, false);
	return sorted_next(&stock->sorted, &place) == item;
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
	if (!sort_out(stock, item))
		return false;
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
