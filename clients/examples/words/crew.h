#ifndef EXAMPLES_CREW_H
#define EXAMPLES_CREW_H

#include <relevo/relevo.h>
#include <stdbool.h>

/* Who has worked for the pool, and how much. */
struct crew_member {
	pid_t pid;
	char host[64];
	bool local;  /* one of the pool's own workers */
	bool late;   /* came in the place of one that died */
	bool killed; /* by us */
	size_t tasks;
};

struct crew {
	struct crew_member *members;
	size_t count;
	bool complete; /* whoever comes from now on is late */
};

/* The member that has sent a result, taken in if it is new; NULL when there is
 * no memory. Belongs to the crew, until the next is taken in. */
struct crew_member *crew_find(struct crew *crew, relevo_pool *pool,
			      const struct relevo_result *result);

/* A local worker is dead. */
void crew_killed(struct crew *crew, pid_t pid);

void crew_free(struct crew *crew);

#endif
