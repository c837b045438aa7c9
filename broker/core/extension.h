#ifndef CORE_EXTENSION_H
#define CORE_EXTENSION_H

#include "base/clock.h"
#include "base/map.h"
#include "collections/heap.h"
#include "core/item.h"

#include <stdbool.h>

/* What stands behind the body of an item that was put with more than a body: few
 * are, so the others do not pay for it. */
struct item_extension {
	struct item *item;
	struct heap_node expiry; /* in queue->expiring, see expiry.h */
	struct map_node key;     /* in queue->keys, see duplicate.h */
	bool has_key;            /* and is in there */
	uint32_t key_size;
	uint32_t properties_size;
	uint32_t overdue_size; /* of the queue's name, with its 0; 0: it goes back to its place */
	nsec_t hold;           /* how long a lease of it lasts; see hold.h */
	uint8_t bytes[];       /* the key, then the properties, then that name */
};

/* NULL: it has none. */
static inline struct item_extension *item_extension(const struct item *item)
{
	if (!item->extended)
		return NULL;
	return (struct item_extension *)((uint8_t *)(uintptr_t)item +
					 item_extension_at(item->size));
}

#endif
