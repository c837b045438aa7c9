/* Marks in a line of items: see marks.h. */
#include "stock/marks.h"

#include "base/mutant.h"

#include <stdlib.h>
#include <string.h>

void marks_fini(struct marks *marks)
{
	free(marks->items);
	*marks = (struct marks){ 0 };
}

/* Those that have left make room; when they are few, there is more. */
static bool marks_reserve(struct marks *marks)
{
	if (marks->end < marks->capacity)
		return true;
	if (marks->first > marks->capacity / 2) {
		marks->end -= marks->first;
		memmove(marks->items, marks->items + marks->first,
			marks->end * sizeof(struct item *));
		marks->first = 0;
		return true;
	}
	size_t capacity = marks->capacity > 0 ? marks->capacity * 2 : 16;
	struct item **items = realloc(marks->items, capacity * sizeof(struct item *));
	if (items == NULL)
		return false;
	marks->items = items;
	marks->capacity = capacity;
	return true;
}

void marks_append(struct marks *marks, struct item *item)
{
	if (marks_reserve(marks))
		marks->items[marks->end++] = item;
}

struct item *marks_find(const struct marks *marks, uint64_t sequence, struct item *first)
{
	size_t low = marks->first, high = MUTANT(line_walked_from_its_begin) ? low : marks->end;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (marks->items[middle]->order.key <= sequence)
			low = middle + 1;
		else
			high = middle;
	}
	return low > marks->first ? marks->items[low - 1] : first;
}
