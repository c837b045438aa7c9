/* Pollers: making and freeing them, and waiting for what is ready. */
#include "poller/poller.h"

#include "base/deadline.h"
#include "base/mutant.h"
#include "base/thread_error.h"
#include "os/descriptor.h"
#include "os/go_on.h"
#include "poller/poller_add.h"
#include "poller/poller_due.h"
#include "poller/poller_fork.h"
#include "poller/poller_session.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- beginning and end ---------------------------------------------------- */

static relevo_poller *poller_of(struct watcher *watcher)
{
	return container_of(watcher, relevo_poller, watcher);
}

static void poller_watch_due(struct watcher *watcher, struct watch *watch)
{
	poller_due(poller_of(watcher), watch);
}

static void poller_stir(struct watcher *watcher, const void *object)
{
	relevo_poller *poller = poller_of(watcher);
	const struct poller_key key = poller_key(object, -1);
	pthread_mutex_lock(&poller->lock);
	struct poller_entry *entry = poller_find(poller, &key);
	if (entry != NULL)
		poller_due(poller, entry->watch);
	pthread_mutex_unlock(&poller->lock);
}

static void poller_forget(struct watcher *watcher, const void *object)
{
	relevo_poller *poller = poller_of(watcher);
	const struct poller_key key = poller_key(object, -1);
	pthread_mutex_lock(&poller->lock);
	struct poller_entry *entry = poller_find(poller, &key);
	if (entry != NULL)
		poller_drop(entry);
	pthread_mutex_unlock(&poller->lock);
}

static void poller_dispose(relevo_poller *poller)
{
	map_fini(&poller->entries);
	map_fini(&poller->sessions);
	event_set_close(&poller->events);
	if (poller->wake >= 0)
		close(poller->wake);
	pthread_mutex_destroy(&poller->due_lock);
	pthread_mutex_destroy(&poller->lock);
	free(poller);
}

/* The eventfd is the one event that is for nobody. */
static int poller_open(relevo_poller *poller, struct error *error)
{
	int status = event_set_open(&poller->events, error);
	if (status != RELEVO_OK)
		return status;
	poller->wake = descriptor_raise(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (poller->wake < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "no descriptor to be woken by");
	return event_set_add(&poller->events, poller->wake, 0, error);
}

int poller_new(relevo_poller **out, struct error *error)
{
	relevo_poller *poller = calloc(1, sizeof *poller);
	if (poller == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a poller");
	poller->watcher.due = poller_watch_due;
	poller->watcher.stir = poller_stir;
	poller->watcher.forget = poller_forget;
	poller->process = getpid();
	poller->wake = poller->events.fd = -1;
	pthread_mutex_init(&poller->lock, NULL);
	pthread_mutex_init(&poller->due_lock, NULL);
	map_init(&poller->entries, 0);
	map_init(&poller->sessions, 0);
	list_init(&poller->unsent);
	list_init(&poller->due);
	int status = poller_open(poller, error);
	if (status == RELEVO_OK && !poller_register(poller))
		status = error_set(error, RELEVO_NO_MEMORY, "no memory for a poller");
	if (status != RELEVO_OK) {
		poller_dispose(poller);
		return status;
	}
	*out = poller;
	return RELEVO_OK;
}

int relevo_poller_new(relevo_poller **poller)
{
	if (!given(poller))
		return RELEVO_BAD_ARGUMENT;
	return poller_new(poller, thread_error());
}

/* In a child nothing of it is touched but its memory: what it polls is the parent's, too. */
static void poller_drop_all(relevo_poller *poller, bool forked)
{
	struct map_node *node;
	while ((node = map_next(&poller->entries, NULL)) != NULL) {
		struct poller_entry *entry = container_of(node, struct poller_entry, node);
		if (!forked) {
			poller_drop(entry);
			continue;
		}
		map_remove(&poller->entries, node);
		free(entry->watch);
		free(entry);
	}
	while ((node = map_next(&poller->sessions, NULL)) != NULL) {
		map_remove(&poller->sessions, node);
		free(container_of(node, struct poller_session, node));
	}
}

void relevo_poller_free(relevo_poller *poller)
{
	if (poller == NULL)
		return;
	watch_lock_all();
	poller_unregister(poller);
	pthread_mutex_lock(&poller->lock);
	poller_drop_all(poller, poller->process != getpid());
	pthread_mutex_unlock(&poller->lock);
	watch_unlock_all();
	poller_dispose(poller);
}

int relevo_poller_fd(const relevo_poller *poller, int *fd)
{
	if (!given(poller, fd))
		return RELEVO_BAD_ARGUMENT;
	int status = poller_check(poller, thread_error());
	if (status == RELEVO_OK)
		*fd = poller->events.fd;
	return status;
}

/* ---- looking --------------------------------------------------------------- */

/* For a mutant: as if everything might be ready. */
static void poller_all_due(relevo_poller *poller)
{
	for (struct map_node *node = map_next(&poller->entries, NULL); node != NULL;
	     node = map_next(&poller->entries, node))
		poller_due(poller, container_of(node, struct poller_entry, node)->watch);
}

static int poller_hear(relevo_poller *poller, struct error *error)
{
	uint64_t names[EVENT_SET_MOST];
	int count;
	int status = event_set_wait(&poller->events, 0, names, &count, error);
	for (int i = 0; i < count && status == RELEVO_OK; i++) {
		struct poller_source *source = (struct poller_source *)(uintptr_t)names[i];
		if (source != NULL)
			source->heard(source);
	}
	return status;
}

static enum watch_state poller_look_at(struct poller_entry *entry)
{
	struct watch *watch = entry->watch;
	if (entry->session == NULL)
		return watch->kind->look(watch);
	pthread_mutex_lock(&watch->handle->session->lock);
	enum watch_state state = watch->kind->look(watch);
	if (state == WATCH_WAITS)
		watch->status = poller_session_poll(entry->session, NULL);
	pthread_mutex_unlock(&watch->handle->session->lock);
	return watch->status == RELEVO_OK ? state : WATCH_OVER;
}

static void poller_report(struct poller_entry *entry, struct poller_ready *found)
{
	found->ready[found->count++] = (struct relevo_ready){
		.what = entry->what,
		.object = entry->object,
		.descriptor = entry->descriptor,
		.user = entry->user,
		.status = entry->watch->status,
		.grant = entry->watch->grant,
	};
}

/* The entry has left the list. */
static void poller_take(struct poller_entry *entry, struct poller_ready *found)
{
	relevo_poller *poller = entry->poller;
	enum watch_state state = poller_look_at(entry);
	if (state == WATCH_WAITS)
		return;
	poller_report(entry, found);
	if (state == WATCH_STAYS || (state == WATCH_READY && entry->always))
		poller_due(poller, entry->watch);
	else if (state == WATCH_OVER)
		poller_drop(entry);
}

/* Look once at all that may be ready. */
static int poller_collect(relevo_poller *poller, struct poller_ready *found, struct error *error)
{
	struct list due, *node;
	list_init(&due);
	poller_look(poller);
	int status = poller_hear(poller, error);
	if (MUTANT(crowd_is_looked_at))
		poller_all_due(poller);
	poller_take_due(poller, &due);
	while (status == RELEVO_OK && found->count < found->capacity &&
	       (node = list_first(&due)) != NULL) {
		list_remove(node);
		poller_take(container_of(node, struct watch, due)->owner, found);
	}
	poller_send(poller);
	poller_looked(poller, &due);
	return status;
}

/* ---- waiting --------------------------------------------------------------- */

/* One thread waits at a time. */
static int poller_enter(relevo_poller *poller, struct error *error)
{
	pthread_mutex_lock(&poller->lock);
	bool waiting = poller->waiting;
	poller->waiting = true;
	if (!waiting)
		return RELEVO_OK;
	pthread_mutex_unlock(&poller->lock);
	return error_set(error, RELEVO_BAD_STATE, "another thread waits with this poller");
}

static int poller_sleep(relevo_poller *poller, nsec_t deadline, struct error *error)
{
	struct pollfd entry = { .fd = poller->events.fd, .events = POLLIN };
	pthread_mutex_unlock(&poller->lock);
	int status = go_on_poll(go_on_of_process(), &entry, 1, deadline);
	pthread_mutex_lock(&poller->lock);
	if (status == RELEVO_TIMED_OUT || status == TRY_AGAIN)
		return RELEVO_OK;
	return go_on_tell(status, error);
}

int poller_wait(relevo_poller *poller, nsec_t deadline, struct poller_ready *found,
		struct error *error)
{
	int status = poller_enter(poller, error);
	if (status != RELEVO_OK)
		return status;
	status = poller_collect(poller, found, error);
	while (status == RELEVO_OK && found->count == 0 && clock_now() < deadline) {
		status = poller_sleep(poller, deadline, error);
		if (status == RELEVO_OK)
			status = poller_collect(poller, found, error);
	}
	poller->waiting = false;
	pthread_mutex_unlock(&poller->lock);
	if (status == RELEVO_OK && found->count == 0)
		status = error_set(error, RELEVO_TIMED_OUT, "nothing was ready in time");
	return status;
}

int relevo_poller_wait(relevo_poller *poller, int64_t timeout, struct relevo_ready *ready,
		       size_t capacity, size_t *count)
{
	if (!given(poller, ready, count))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct poller_ready found = { ready, capacity, 0 };
	nsec_t deadline;
	*count = 0;
	int status = deadline_after(timeout, &deadline, error);
	if (status == RELEVO_OK && capacity == 0)
		status = error_set(error, RELEVO_BAD_ARGUMENT, "no room for what is ready");
	if (status == RELEVO_OK)
		status = poller_check(poller, error);
	if (status == RELEVO_OK)
		status = poller_wait(poller, deadline, &found, error);
	*count = found.count;
	return status;
}
