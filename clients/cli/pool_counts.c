/* The counts of one pool, also as JSON. */
#include "cli/pool_counts.h"

#include <string.h>

struct search {
	const char *name;
	struct relevo_pool_info *info;
};

/* Not 0: it is found. */
static int pool_counts_visit(const struct relevo_pool_info *info, void *user)
{
	const struct search *search = user;
	if (strcmp(info->name, search->name) != 0)
		return 0;
	*search->info = *info;
	search->info->name = search->name;
	return RELEVO_END_OF_STREAM;
}

int pool_counts(relevo_session *session, const char *name, struct relevo_pool_info *info)
{
	struct search search = { name, info };
	int status = relevo_pool_list(session, name, pool_counts_visit, &search);
	if (status == RELEVO_END_OF_STREAM)
		return RELEVO_OK;
	return status == RELEVO_OK ? RELEVO_NOT_FOUND : status;
}

json_t *pool_counts_to_json(const struct relevo_pool_info *info)
{
	return json_pack("{sssIsIsIsIsI}", "pool", info->name, "waiting", (json_int_t)info->waiting,
			 "running", (json_int_t)info->running, "workers", (json_int_t)info->workers,
			 "callers", (json_int_t)info->callers, "done", (json_int_t)info->done);
}
