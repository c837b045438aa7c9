/* Items that somebody holds, what they cost, and letting go of them. */
#include "core/item_hold.h"

#include "core/core.h"
#include "core/extension.h"
#include "core/work.h"

#include <assert.h>

static size_t item_cost(const struct item *item)
{
	const struct item_extension *extension = item_extension(item);
	if (extension == NULL)
		return item_memory_cost(item->size, 0);
	return item_memory_cost(item->size, sizeof *extension + extension->key_size +
						    extension->properties_size +
						    extension->overdue_size);
}

void item_hold(struct item *item)
{
	assert(item->references < ITEM_MAX_REFERENCES);
	item->references++;
}

void item_drop(struct engine *engine, struct item *item)
{
	assert(item->references > 0);
	if (--item->references > 0)
		return;
	work_spend_on_bytes(engine, item->size);
	account_release(item->account, item_cost(item));
	account_drop(item->account);
	item_memory_free(&engine->items, item);
}

const uint8_t *item_properties(const struct item *item, size_t *size)
{
	const struct item_extension *extension = item_extension(item);
	*size = extension != NULL ? extension->properties_size : 0;
	return *size > 0 ? extension->bytes + extension->key_size : NULL;
}
