#ifndef CLI_COUNTS_H
#define CLI_COUNTS_H

#include <jansson.h>
#include <relevo/relevo.h>

/* What is counted for a queue, as a list of names and numbers. */
enum { COUNTS = 15 };

const char *counts_name(size_t index);
uint64_t counts_value(const struct relevo_queue_state *counts, size_t index);

/* An object of the name and all counts; NULL: no memory. */
json_t *counts_to_json(const char *name, const struct relevo_queue_state *counts);

#endif
