#ifndef QUEUE_PROPERTIES_H
#define QUEUE_PROPERTIES_H

#include "base/error.h"
#include "queue.pb-c.h"

#include <relevo/queue.h>

/* What an item brings along beside its data: to the broker just bytes. */
struct relevo_properties {
	char *reply_to; /* NULL: none */
	size_t header_count;
	struct relevo_header headers[];
};

/* The bytes; free(packed->data), which is NULL when there is nothing to say.
 * BAD_NAME, TOO_LARGE, NO_MEMORY. */
int properties_pack(const struct relevo_put_options *options, ProtobufCBinaryData *packed,
		    struct error *error);

/* One allocation, for free(3). NULL when memory ran out, or these are no properties
 * as this library writes them: another client may put what it likes. */
struct relevo_properties *properties_unpack(const ProtobufCBinaryData *packed);

#endif
