#ifndef CLI_MAP_PATIENCE_H
#define CLI_MAP_PATIENCE_H

#include "cli/attendant.h"

#include <relevo/relevo.h>
#include <stdint.h>

/*
 * How long "pool map" goes on while nobody serves the pool. A thread waits for the last worker to
 * go, then for one to come, and so on; each makes `event` (an eventfd) readable.
 */
struct map_patience {
	relevo_session *session;
	const char *pool;
	int64_t wait; /* ms; RELEVO_FOREVER: nothing is watched */
	struct attendant attendant;
	int event;            /* -1: none */
	int64_t idle_until;   /* until then there was nothing to do, or something was done */
	pthread_mutex_t lock; /* of what follows */
	bool served;
	int64_t since; /* ms: when that began */
	int status;    /* why it is not known any more */
	char why[512];
};

/* session, pool and wait have been set. An exit status. */
int map_patience_open(struct map_patience *patience);
void map_patience_close(struct map_patience *patience);

/* Something is done by somebody, or nothing is to be done, now. */
void map_patience_renew(struct map_patience *patience);

/* When it ends if nobody comes, in ms of connect_now(); INT64_MAX: it does not. */
int64_t map_patience_end(struct map_patience *patience);

/* The event is readable, or that moment has come: an exit status, which has been said. */
int map_patience_look(struct map_patience *patience);

#endif
