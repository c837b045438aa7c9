/* Which kinds of objects can be waited for, and how each is: see poller_add.h. */
#include "pipe/listener.h"
#include "pipe/pipe.h"
#include "poller/poller_add.h"
#include "pool/pool_async.h"
#include "queue/queue.h"
#include "sync/sync_watch.h"

#include <fcntl.h>

static int poller_check_object(const struct poller_object *object, struct error *error)
{
	int fd;
	switch (object->what) {
	case RELEVO_WAIT_FOR_PIPE:
		return pipe_check_receives(object->object, error);
	case RELEVO_WAIT_FOR_LISTENER:
		if (relevo_listener_fd(object->object, &fd) == RELEVO_OK)
			return RELEVO_OK;
		return error_set(error, RELEVO_CLOSED, "the listener is closed");
	case RELEVO_WAIT_FOR_DESCRIPTOR:
		if (fcntl(object->descriptor, F_GETFD) >= 0)
			return RELEVO_OK;
		return error_set(error, RELEVO_BAD_ARGUMENT, "descriptor %d is not open",
				 object->descriptor);
	default:
		return RELEVO_OK;
	}
}

static struct watch *poller_watch_of(const struct poller_object *object)
{
	switch (object->what) {
	case RELEVO_WAIT_FOR_QUEUE:
		return queue_watch(object->object);
	case RELEVO_WAIT_FOR_JOB:
		return job_watch(object->object);
	case RELEVO_WAIT_FOR_LOCK:
		return lock_watch(object->object);
	case RELEVO_WAIT_FOR_RLOCK:
		return rlock_watch(object->object);
	case RELEVO_WAIT_FOR_SEMAPHORE:
		return semaphore_watch(object->object);
	case RELEVO_WAIT_FOR_EVENT:
		return event_watch(object->object);
	case RELEVO_WAIT_FOR_PIPE:
		return pipe_watch(object->object);
	case RELEVO_WAIT_FOR_LISTENER:
		return listener_watch(object->object);
	case RELEVO_WAIT_FOR_DESCRIPTOR:
		return descriptor_watch(object->descriptor);
	default:
		return NULL;
	}
}

int poller_make_watch(const struct poller_object *object, struct watch **watch, struct error *error)
{
	int status = poller_check_object(object, error);
	if (status != RELEVO_OK)
		return status;
	*watch = poller_watch_of(object);
	if (*watch == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to wait for one thing more");
	return RELEVO_OK;
}
