#ifndef WORKER_WORKER_PRESENCE_H
#define WORKER_WORKER_PRESENCE_H

#include <relevo/queue.h>
#include <relevo/session.h>

/*
 * How the broker knows who serves a pool: each worker has an empty queue there, whose name
 * tells the pool, the host and the process, and which ends with the worker's session.
 * NULL when it could not be made: then the worker does its work unseen.
 */
relevo_queue *worker_presence_open(relevo_session *session, const char *pool, const char *host);

/* Wake those who wait until somebody serves the pool: they have a queue that is deleted now. */
void worker_presence_tell(relevo_session *session, const char *pool);

/* What such a name says of a worker of the pool; false: it is one of another pool. `host` has
 * WORKER_HOST_SIZE bytes. */
enum { WORKER_HOST_SIZE = 65 };
bool worker_presence_parse(const char *queue, const char *pool, char *host, uint64_t *pid);

#endif
