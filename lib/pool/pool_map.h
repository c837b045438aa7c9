#ifndef POOL_POOL_MAP_H
#define POOL_POOL_MAP_H

#include "pool/pool_job.h"

/* A job over an array of arguments, whose results go into one of the same length. */
struct mapping {
	struct job job;
	const struct relevo_bytes *arguments;
	size_t count;
	const struct relevo_map_options *options;
	struct relevo_result *results; /* complete where data is not NULL */
	uint32_t *tries;               /* of each argument; NULL: one is all */
	size_t chunk;
	size_t sent;       /* arguments sent */
	size_t received;   /* results */
	size_t bytes_sent; /* of arguments without a result */
};

/* Whether this library knows all that options, which may be NULL, and those of the tasks in them
 * ask for. If not, BAD_ARGUMENT is noted. */
bool map_options_known(const struct relevo_map_options *options);

/* Prepare it: job.pool, job.function, arguments, count, options and results have been
 * set. What is wrong with any of them; NO_MEMORY. */
int mapping_init(struct mapping *mapping, struct error *error);
void mapping_fini(struct mapping *mapping);

/* Send what may be under way. */
int mapping_send(struct mapping *mapping, struct error *error);

/* Whether it has arguments that are not sent, and may be now. */
bool mapping_can_send(const struct mapping *mapping);

static inline bool mapping_done(const struct mapping *mapping)
{
	return mapping->received == mapping->count;
}

#endif
