#include "examples/words/crew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Workers of other hosts may have any pid, so that ours are known by being in the
 * pool's list. */
static bool is_local(relevo_pool *pool, const struct relevo_result *result)
{
	enum { MOST = 256 };
	pid_t pids[MOST];
	size_t count = relevo_pool_workers(pool, pids, MOST);
	for (size_t i = 0; i < count && i < MOST; i++) {
		if (pids[i] == result->worker_pid)
			return true;
	}
	return false;
}

static struct crew_member *take_in(struct crew *crew, relevo_pool *pool,
				   const struct relevo_result *result)
{
	struct crew_member *members = reallocarray(crew->members, crew->count + 1, sizeof *members);
	if (members == NULL)
		return NULL;
	crew->members = members;
	struct crew_member *member = &members[crew->count++];
	*member = (struct crew_member){
		.pid = result->worker_pid,
		.local = is_local(pool, result),
		.late = crew->complete,
	};
	snprintf(member->host, sizeof member->host, "%s", result->worker_host);
	return member;
}

struct crew_member *crew_find(struct crew *crew, relevo_pool *pool,
			      const struct relevo_result *result)
{
	for (size_t i = 0; i < crew->count; i++) {
		struct crew_member *member = &crew->members[i];
		if (member->pid == result->worker_pid &&
		    strcmp(member->host, result->worker_host) == 0)
			return member;
	}
	return take_in(crew, pool, result);
}

void crew_killed(struct crew *crew, pid_t pid)
{
	for (size_t i = 0; i < crew->count; i++) {
		if (crew->members[i].local && crew->members[i].pid == pid)
			crew->members[i].killed = true;
	}
}

void crew_free(struct crew *crew)
{
	free(crew->members);
	*crew = (struct crew){ 0 };
}
