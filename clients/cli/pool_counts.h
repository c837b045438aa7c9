#ifndef CLI_POOL_COUNTS_H
#define CLI_POOL_COUNTS_H

#include <jansson.h>
#include <relevo/relevo.h>

/* What is known of the pool of that name: NOT_FOUND when there is none. info->name is the
 * caller's. */
int pool_counts(relevo_session *session, const char *name, struct relevo_pool_info *info);

/* An object of all that; NULL: no memory. */
json_t *pool_counts_to_json(const struct relevo_pool_info *info);

#endif
