/* What an item brings along, for whoever got it: the public calls. */
#include "base/thread_error.h"
#include "queue/item_block.h"
#include "queue/properties.h"

#include <string.h>

const char *relevo_item_reply_to(const relevo_item *item)
{
	if (!given(item))
		return "";
	const struct relevo_properties *properties = item_block_properties(item);
	return properties != NULL ? properties->reply_to : NULL;
}

const struct relevo_header *relevo_item_headers(const relevo_item *item, size_t *count)
{
	if (!given(item, count))
		return NULL;
	const struct relevo_properties *properties = item_block_properties(item);
	*count = properties != NULL ? properties->header_count : 0;
	return *count > 0 ? properties->headers : NULL;
}

const void *relevo_item_header(const relevo_item *item, const char *name, size_t *size)
{
	if (!given(item, name))
		return NULL;
	size_t count;
	const struct relevo_header *headers = relevo_item_headers(item, &count);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(headers[i].name, name) != 0)
			continue;
		if (size != NULL)
			*size = headers[i].size;
		return headers[i].value;
	}
	return NULL;
}
