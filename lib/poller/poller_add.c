/* What stands in a poller: how it comes there, and goes. */
#include "poller/poller_add.h"

#include "base/thread_error.h"
#include "poller/poller_due.h"
#include "poller/poller_session.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct poller_key poller_key(const void *object, int descriptor)
{
	if (object != NULL)
		return (struct poller_key){ 0, (uint64_t)(uintptr_t)object };
	return (struct poller_key){ 1, (uint64_t)descriptor };
}

struct poller_entry *poller_find(const relevo_poller *poller, const struct poller_key *key)
{
	struct map_node *node = map_find(&poller->entries, key, sizeof *key);
	return node != NULL ? container_of(node, struct poller_entry, node) : NULL;
}

int poller_check(const relevo_poller *poller, struct error *error)
{
	if (poller->process == getpid())
		return RELEVO_OK;
	return error_set(error, RELEVO_FORKED, "the poller is the parent's alone");
}

/* ---- going ----------------------------------------------------------------- */

static void poller_leave_events(const struct poller_entry *entry)
{
	for (int i = 0; i < entry->polled; i++) {
		if (entry->watch->fds[i] >= 0)
			event_set_remove(&entry->poller->events, entry->watch->fds[i]);
	}
}

static bool poller_end(struct poller_entry *entry)
{
	struct watch *watch = entry->watch;
	if (entry->session == NULL)
		return watch->kind->end(watch);
	pthread_mutex_lock(&watch->handle->session->lock);
	bool ready = watch->kind->end(watch);
	pthread_mutex_unlock(&watch->handle->session->lock);
	return ready;
}

bool poller_drop(struct poller_entry *entry)
{
	relevo_poller *poller = entry->poller;
	struct watch *watch = entry->watch;
	poller_leave_events(entry);
	bool ready = poller_end(entry);
	if (watch->slot != NULL)
		atomic_store(watch->slot, NULL);
	poller_not_due(poller, watch);
	map_remove(&poller->entries, &entry->node);
	if (entry->session != NULL)
		poller_session_leave(entry->session);
	free(watch);
	free(entry);
	return ready;
}

static int poller_remove(relevo_poller *poller, const struct poller_key *key)
{
	struct error *error = thread_error();
	int status = poller_check(poller, error);
	if (status != RELEVO_OK)
		return status;
	pthread_mutex_lock(&poller->lock);
	struct poller_entry *entry = poller_find(poller, key);
	if (entry != NULL)
		poller_drop(entry);
	pthread_mutex_unlock(&poller->lock);
	if (entry == NULL)
		status = error_set(error, RELEVO_NOT_FOUND, "it is not in this poller");
	return status;
}

int relevo_poller_remove(relevo_poller *poller, const void *object)
{
	if (!given(poller, object))
		return RELEVO_BAD_ARGUMENT;
	const struct poller_key key = poller_key(object, -1);
	return poller_remove(poller, &key);
}

int relevo_poller_remove_fd(relevo_poller *poller, int fd)
{
	if (!given(poller))
		return RELEVO_BAD_ARGUMENT;
	const struct poller_key key = poller_key(NULL, fd);
	return poller_remove(poller, &key);
}

/* ---- coming ---------------------------------------------------------------- */

static void poller_entry_heard(struct poller_source *source)
{
	struct poller_entry *entry = container_of(source, struct poller_entry, source);
	poller_due(entry->poller, entry->watch);
}

/* Files are always ready, and epoll(7) does not take them. */
static bool is_a_file(int fd)
{
	struct stat about;
	return fstat(fd, &about) == 0 && (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode));
}

static int poller_enter_events(struct poller_entry *entry, struct error *error)
{
	struct watch *watch = entry->watch;
	int status = RELEVO_OK;
	entry->always = watch->fds[0] >= 0 && is_a_file(watch->fds[0]);
	if (entry->always) {
		watch_due(watch);
		return status;
	}
	for (int i = 0; i < 2 && status == RELEVO_OK; i++) {
		if (watch->fds[i] >= 0)
			status = event_set_add(&entry->poller->events, watch->fds[i],
					       (uint64_t)(uintptr_t)&entry->source, error);
		entry->polled += status == RELEVO_OK;
	}
	return status;
}

static int poller_join_session(struct poller_entry *entry, struct error *error)
{
	if (entry->watch->handle == NULL)
		return RELEVO_OK;
	entry->session = poller_session_join(entry->poller, entry->watch->handle->session);
	if (entry->session == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to poll a session");
	return RELEVO_OK;
}

static int poller_begin(struct poller_entry *entry, struct error *error)
{
	struct watch *watch = entry->watch;
	int status = poller_join_session(entry, error);
	if (status != RELEVO_OK)
		return status;
	if (entry->session == NULL) {
		status = watch->kind->begin(watch, error);
		return status == RELEVO_OK ? poller_enter_events(entry, error) : status;
	}
	pthread_mutex_lock(&watch->handle->session->lock);
	status = watch->kind->begin(watch, error);
	if (status == RELEVO_OK)
		status = poller_session_poll(entry->session, error);
	pthread_mutex_unlock(&watch->handle->session->lock);
	return status;
}

/* It is in this poller then, and in no other. */
static int poller_claim(struct poller_entry *entry, struct error *error)
{
	relevo_poller *poller = entry->poller;
	watch_slot *slot = entry->watch->slot;
	struct watcher *nobody = NULL;
	if (poller_find(poller, &entry->key) != NULL ||
	    (slot != NULL && !atomic_compare_exchange_strong(slot, &nobody, &poller->watcher)))
		return error_set(error, RELEVO_BAD_STATE, "it is waited for already");
	if (map_insert(&poller->entries, &entry->node, &entry->key, sizeof entry->key))
		return RELEVO_OK;
	if (slot != NULL)
		atomic_store(slot, NULL);
	return error_set(error, RELEVO_NO_MEMORY, "no memory for one thing more");
}

/* The poller is locked. From here on it has the watch, unless this fails. */
static int poller_add_watch(relevo_poller *poller, const struct poller_object *object,
			    struct watch *watch, struct error *error)
{
	struct poller_entry *entry = calloc(1, sizeof *entry);
	if (entry == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for an entry");
	*entry = (struct poller_entry){
		.source.heard = poller_entry_heard,
		.poller = poller,
		.key = poller_key(object->object, object->descriptor),
		.watch = watch,
		.what = object->what,
		.object = object->object,
		.descriptor = object->descriptor,
		.user = object->user,
	};
	int status = poller_claim(entry, error);
	if (status != RELEVO_OK) {
		free(entry);
		return status;
	}
	watch->watcher = &poller->watcher;
	watch->owner = entry;
	return RELEVO_OK;
}

/* What cannot begin has never been there, but for its watch. */
static int poller_add_locked(relevo_poller *poller, const struct poller_object *object,
			     struct watch *watch, struct error *error)
{
	int status = poller_add_watch(poller, object, watch, error);
	if (status != RELEVO_OK) {
		free(watch);
		return status;
	}
	struct poller_entry *entry = watch->owner;
	status = poller_begin(entry, error);
	poller_send(poller);
	if (status != RELEVO_OK)
		poller_drop(entry);
	return status;
}

/* Connects the session, and finds the object again, if need be. */
static int poller_prepare(const struct watch *watch, nsec_t deadline, struct error *error)
{
	if (watch->handle == NULL)
		return RELEVO_OK;
	int status = handle_enter(watch->handle, deadline, error);
	if (status == RELEVO_OK)
		session_leave(watch->handle->session);
	return status;
}

int poller_add(relevo_poller *poller, const struct poller_object *object, nsec_t deadline,
	       struct error *error)
{
	struct watch *watch;
	int status = poller_check(poller, error);
	if (status == RELEVO_OK)
		status = poller_make_watch(object, &watch, error);
	if (status != RELEVO_OK)
		return status;
	status = poller_prepare(watch, deadline, error);
	if (status != RELEVO_OK) {
		free(watch);
		return status;
	}
	pthread_mutex_lock(&poller->lock);
	status = poller_add_locked(poller, object, watch, error);
	pthread_mutex_unlock(&poller->lock);
	return status;
}

/* ---- the public calls ------------------------------------------------------- */

static int poller_add_object(relevo_poller *poller, enum relevo_wait_for what, void *object,
			     void *user)
{
	const struct poller_object added = { what, object, -1, user };
	return poller_add(poller, &added, NSEC_NEVER, thread_error());
}

int relevo_poller_add_queue(relevo_poller *poller, relevo_queue *queue, void *user)
{
	if (!given(poller, queue))
		return RELEVO_BAD_ARGUMENT;
	return poller_add_object(poller, RELEVO_WAIT_FOR_QUEUE, queue, user);
}

int relevo_poller_add_job(relevo_poller *poller, relevo_job *job, void *user)
{
	if (!given(poller, job))
		return RELEVO_BAD_ARGUMENT;
	return poller_add_object(poller, RELEVO_WAIT_FOR_JOB, job, user);
}

int relevo_poller_add_lock(relevo_poller *poller, relevo_lock *lock, void *user)
{
	if (!given(poller, lock))
		return RELEVO_BAD_ARGUMENT;
	return poller_add_object(poller, RELEVO_WAIT_FOR_LOCK, lock, user);
}

int relevo_poller_add_rlock(relevo_poller *poller, relevo_rlock *lock, void *user)
{
	if (!given(poller, lock))
		return RELEVO_BAD_ARGUMENT;
	return poller_add_object(poller, RELEVO_WAIT_FOR_RLOCK, lock, user);
}

int relevo_poller_add_semaphore(relevo_poller *poller, relevo_semaphore *semaphore, void *user)
{
	if (!given(poller, semaphore))
		return RELEVO_BAD_ARGUMENT;
	return poller_add_object(poller, RELEVO_WAIT_FOR_SEMAPHORE, semaphore, user);
}

int relevo_poller_add_event(relevo_poller *poller, relevo_event *event, void *user)
{
	if (!given(poller, event))
		return RELEVO_BAD_ARGUMENT;
	return poller_add_object(poller, RELEVO_WAIT_FOR_EVENT, event, user);
}

int relevo_poller_add_pipe(relevo_poller *poller, relevo_pipe *pipe, void *user)
{
	if (!given(poller, pipe))
		return RELEVO_BAD_ARGUMENT;
	return poller_add_object(poller, RELEVO_WAIT_FOR_PIPE, pipe, user);
}

int relevo_poller_add_listener(relevo_poller *poller, relevo_listener *listener, void *user)
{
	if (!given(poller, listener))
		return RELEVO_BAD_ARGUMENT;
	return poller_add_object(poller, RELEVO_WAIT_FOR_LISTENER, listener, user);
}

int relevo_poller_add_fd(relevo_poller *poller, int fd, void *user)
{
	if (!given(poller))
		return RELEVO_BAD_ARGUMENT;
	const struct poller_object added = { RELEVO_WAIT_FOR_DESCRIPTOR, NULL, fd, user };
	return poller_add(poller, &added, NSEC_NEVER, thread_error());
}
