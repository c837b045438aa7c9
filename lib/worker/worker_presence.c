/* How the broker knows who serves a pool: see worker_presence.h. */
#include "worker/worker_presence.h"

#include "base/mutant.h"
#include "worker/pool_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Bytes of the process's id, the slashes and the end. */
enum { REST = 16 };

relevo_queue *worker_presence_open(relevo_session *session, const char *pool, const char *host)
{
	const struct relevo_queue_options options = { .lifetime = RELEVO_LIFETIME_SESSION };
	char name[NAME_MAX_BYTES + 1];
	struct error ignored;
	relevo_queue *queue;
	if (pool_queue_name(POOL_WORKER, pool, name, &ignored) != RELEVO_OK)
		return NULL;
	size_t length = strlen(name);
	int room = NAME_MAX_BYTES - REST - (int)length;
	snprintf(name + length, sizeof name - length, "/%.*s/%d", room, host, (int)getpid());
	return relevo_queue_open(session, name, &options, &queue) == RELEVO_OK ? queue : NULL;
}

void worker_presence_tell(relevo_session *session, const char *pool)
{
	char name[NAME_MAX_BYTES + 1];
	struct error ignored;
	if (pool_queue_name(POOL_AWAITED, pool, name, &ignored) == RELEVO_OK &&
	    !MUTANT(server_comes_unseen))
		relevo_queue_delete(session, name);
}

bool worker_presence_parse(const char *queue, const char *pool, char *host, uint64_t *pid)
{
	size_t prefix = strlen(POOL_WORKER_PREFIX), length = strlen(pool);
	if (strncmp(queue, POOL_WORKER_PREFIX, prefix) != 0 ||
	    strncmp(queue + prefix, pool, length) != 0 || queue[prefix + length] != '/')
		return false;
	const char *from = queue + prefix + length + 1;
	const char *slash = strchr(from, '/');
	/* The name of another pool may begin with this one's. */
	if (slash == NULL || strchr(slash + 1, '/') != NULL)
		return false;
	snprintf(host, WORKER_HOST_SIZE, "%.*s", (int)(slash - from), from);
	return sscanf(slash + 1, "%" SCNu64, pid) == 1;
}
