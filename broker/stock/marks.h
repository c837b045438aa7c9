/* One in a thousand items of a line, so that who looks for a place there need not walk. */
#ifndef STOCK_MARKS_H
#define STOCK_MARKS_H

#include "core/item.h"

#include <stddef.h>

/* Zero is empty. Where memory ran out one is missing, and the walk is longer. */
struct marks {
	struct item **items; /* those from `first` on are in line, in order of their sequences */
	size_t first, end, capacity;
};

enum { MARKS_APART = 1024 };

void marks_fini(struct marks *marks);

/* Remember one. */
void marks_append(struct marks *marks, struct item *item);

/* The item enters behind the last. */
static inline void marks_add(struct marks *marks, const struct item *last, struct item *item)
{
	if (last->order.key / MARKS_APART != item->order.key / MARKS_APART)
		marks_append(marks, item);
}

/* The first in line leaves. */
static inline void marks_remove(struct marks *marks, const struct item *item)
{
	if (marks->first < marks->end && marks->items[marks->first] == item)
		marks->first++;
}

/* From here it is not far to what is behind that sequence; the first in line if there is
 * nothing nearer. */
struct item *marks_find(const struct marks *marks, uint64_t sequence, struct item *first);

#endif
