#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include <jansson.h>
#include <relevo/relevo.h>

/* The kind in one word. */
const char *listing_kind(enum relevo_kind kind);

/* An object of all that is known of a queue; NULL: no memory. */
json_t *listing_to_json(const struct relevo_queue_info *info);

#endif
