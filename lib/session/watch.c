/* What all that can be waited for beside others has in common: see watch.h. */
#include "session/watch.h"

void watch_init(struct watch *watch, const struct watch_kind *kind, void *object, watch_slot *slot)
{
	watch->kind = kind;
	watch->object = object;
	watch->slot = slot;
	watch->fds[0] = watch->fds[1] = -1;
}

static void watch_finished(struct call *call)
{
	watch_due(container_of(call, struct watch, call));
}

int watch_park(struct watch *watch, Relevo__Header *header)
{
	struct relevo_session *session = watch->handle->session;
	if (!session_is_connected(session) || watch->handle->epoch != session->connection.epoch)
		return RELEVO_DISCONNECTED;
	watch->call.finished = watch_finished;
	int status = call_park(session, &watch->call, header);
	watch->parked = status == RELEVO_OK;
	return status;
}

bool watch_answered(struct watch *watch)
{
	if (!watch->parked || !watch->call.done)
		return false;
	watch->parked = false;
	watch->status = watch->call.error.status;
	return true;
}

void watch_unpark(struct watch *watch)
{
	if (watch->parked)
		call_unpark(watch->handle->session, &watch->call);
	watch->parked = false;
}

static pthread_mutex_t watch_lock = PTHREAD_MUTEX_INITIALIZER;

void watch_lock_all(void)
{
	pthread_mutex_lock(&watch_lock);
}

void watch_unlock_all(void)
{
	pthread_mutex_unlock(&watch_lock);
}

void watch_stir(watch_slot *slot, const void *object)
{
	if (atomic_load(slot) == NULL)
		return;
	watch_lock_all();
	struct watcher *watcher = atomic_load(slot);
	if (watcher != NULL)
		watcher->stir(watcher, object);
	watch_unlock_all();
}

void watch_forget(watch_slot *slot, const void *object)
{
	if (atomic_load(slot) == NULL)
		return;
	watch_lock_all();
	struct watcher *watcher = atomic_load(slot);
	if (watcher != NULL)
		watcher->forget(watcher, object);
	watch_unlock_all();
}
