#ifndef CORE_ITEM_HOLD_H
#define CORE_ITEM_HOLD_H

#include <stddef.h>
#include <stdint.h>

struct engine;
struct item;

/* What was put with it; NULL and 0: nothing. Lives as long as the item. */
const uint8_t *item_properties(const struct item *item, size_t *size);

/* Keep an item's body beyond the answer, and let it go. */
void item_hold(struct item *item);
void item_drop(struct engine *engine, struct item *item);

#endif
