/* Waiting for several things at once, of whatever kind. */
#include "base/deadline.h"
#include "base/thread_error.h"
#include "os/go_on.h"
#include "pipe/pipe.h"
#include "poller/poller.h"
#include "poller/poller_add.h"
#include "poller/poller_session.h"

#include <poll.h>
#include <relevo/wait.h>
#include <stdlib.h>

/* As many as most programs wait for stand on the stack. */
enum { FEW = 64 };

/* ---- the entries ------------------------------------------------------------ */

/* The members of the union are pointers, all but one. */
static void *wait_object(const struct relevo_wait_entry *entry)
{
	return entry->what != RELEVO_WAIT_FOR_DESCRIPTOR ? entry->queue : NULL;
}

static int wait_check_entry(const struct relevo_wait_entry *entry, size_t index,
			    struct error *error)
{
	if (!known(relevo_wait_entry, entry))
		return RELEVO_BAD_ARGUMENT;
	if (entry->what < RELEVO_WAIT_FOR_QUEUE || entry->what > RELEVO_WAIT_FOR_DESCRIPTOR)
		return error_set(error, RELEVO_BAD_ARGUMENT, "entry %zu: %d is no kind of object",
				 index, (int)entry->what);
	if (entry->what == RELEVO_WAIT_FOR_DESCRIPTOR)
		return entry->descriptor >= 0 ? RELEVO_OK
					      : error_set(error, RELEVO_BAD_ARGUMENT,
							  "entry %zu has no descriptor", index);
	if (wait_object(entry) == NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT, "entry %zu has no object", index);
	if (entry->what == RELEVO_WAIT_FOR_PIPE)
		return pipe_check_receives(entry->pipe, error);
	return RELEVO_OK;
}

static int wait_check(struct relevo_wait_entry *entries, size_t count, struct error *error)
{
	int status = RELEVO_OK;
	for (size_t i = 0; i < count && status == RELEVO_OK; i++) {
		entries[i].ready = false;
		entries[i].status = RELEVO_OK;
		status = wait_check_entry(&entries[i], i, error);
	}
	return status;
}

static size_t count_ready(const struct relevo_wait_entry *entries, size_t count)
{
	size_t ready = 0;
	for (size_t i = 0; i < count; i++)
		ready += entries[i].ready;
	return ready;
}

/* ---- descriptors alone: one poll(2) ------------------------------------------ */

struct polling {
	struct relevo_wait_entry *entries;
	size_t count;
	struct pollfd *polled;
	struct error *error;
};

static bool is_descriptor(const struct relevo_wait_entry *entry)
{
	if (entry->what == RELEVO_WAIT_FOR_PIPE)
		return entry->pipe->remote == NULL;
	return entry->what == RELEVO_WAIT_FOR_DESCRIPTOR || entry->what == RELEVO_WAIT_FOR_LISTENER;
}

static bool all_are_descriptors(const struct relevo_wait_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_descriptor(&entries[i]))
			return false;
	}
	return true;
}

/* What can be said at once, and what to poll for. */
static int wait_describe(struct polling *polling)
{
	for (size_t i = 0; i < polling->count; i++) {
		struct relevo_wait_entry *entry = &polling->entries[i];
		int fd = entry->descriptor;
		int status = RELEVO_OK;
		if (entry->what == RELEVO_WAIT_FOR_LISTENER)
			status = relevo_listener_fd(entry->listener, &fd);
		if (status != RELEVO_OK)
			return status;
		if (entry->what == RELEVO_WAIT_FOR_PIPE) {
			entry->ready = pipe_has_kept(entry->pipe);
			fd = entry->pipe->local.fd;
		}
		polling->polled[i] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
	return RELEVO_OK;
}

/* Marks what the poll has found. */
static int mark(const struct polling *polling)
{
	for (size_t i = 0; i < polling->count; i++) {
		const struct pollfd *polled = &polling->polled[i];
		if ((polled->revents & POLLNVAL) != 0)
			return error_set(polling->error, RELEVO_BAD_ARGUMENT,
					 "entry %zu: descriptor %d is not open", i, polled->fd);
		if (polled->revents != 0)
			polling->entries[i].ready = true;
	}
	return RELEVO_OK;
}

static int poll_until_ready(const struct polling *polling, nsec_t deadline)
{
	for (;;) {
		/* What lies here unread is ready, and others may be too. */
		if (count_ready(polling->entries, polling->count) > 0)
			deadline = 0;
		const struct go_on *go_on = deadline != 0 ? go_on_of_process() : NULL;
		int found = go_on_poll(go_on, polling->polled, (nfds_t)polling->count, deadline);
		if (found == RELEVO_NO_DESCRIPTORS)
			return error_set(polling->error, RELEVO_LIMIT, "%zu entries are too many",
					 polling->count);
		if (found == RELEVO_NO_MEMORY || found == RELEVO_INTERRUPTED)
			return go_on_tell(found, polling->error);
		int status = found == RELEVO_OK ? mark(polling) : RELEVO_OK;
		if (status != RELEVO_OK || count_ready(polling->entries, polling->count) > 0 ||
		    deadline == 0)
			return status;
		if (found == RELEVO_TIMED_OUT && clock_now() >= deadline)
			return RELEVO_OK;
	}
}

static int wait_by_poll(struct relevo_wait_entry *entries, size_t count, nsec_t deadline,
			struct error *error)
{
	struct pollfd few[FEW];
	struct polling polling = { entries, count, few, error };
	if (count > FEW)
		polling.polled = calloc(count, sizeof *few);
	if (polling.polled == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to wait for %zu", count);
	int status = wait_describe(&polling);
	if (status == RELEVO_OK)
		status = poll_until_ready(&polling, deadline);
	if (polling.polled != few)
		free(polling.polled);
	return status;
}

/* ---- others: a poller for the time ------------------------------------------- */

static int wait_add_all(relevo_poller *poller, struct relevo_wait_entry *entries, size_t count,
			nsec_t deadline, struct error *error)
{
	int status = RELEVO_OK;
	for (size_t i = 0; i < count && status == RELEVO_OK; i++) {
		const struct poller_object object = {
			.what = entries[i].what,
			.object = wait_object(&entries[i]),
			.descriptor = wait_object(&entries[i]) == NULL ? entries[i].descriptor : -1,
			.user = &entries[i],
		};
		struct error why = { 0 };
		status = poller_add(poller, &object, deadline, &why);
		if (status != RELEVO_OK)
			error_set(error, status, "entry %zu: %s", i, error_text(&why));
	}
	return status;
}

/* What made a queue ready stays for the caller, who is about to come for it. */
static void wait_tell(relevo_poller *poller, const struct relevo_ready *ready)
{
	struct relevo_wait_entry *entry = ready->user;
	const struct poller_key key = poller_key(ready->object, ready->descriptor);
	struct poller_entry *watched = poller_find(poller, &key);
	entry->ready = true;
	entry->status = ready->status;
	entry->grant = ready->grant;
	if (watched != NULL)
		watched->watch->keeps = true;
}

static void wait_remove_all(relevo_poller *poller, struct relevo_wait_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct relevo_wait_entry *entry = &entries[i];
		const struct poller_key key = poller_key(wait_object(entry), entry->descriptor);
		pthread_mutex_lock(&poller->lock);
		struct poller_entry *watched = poller_find(poller, &key);
		if (watched != NULL && watched->user == entry && poller_drop(watched))
			entry->ready = true;
		pthread_mutex_unlock(&poller->lock);
	}
}

/* All have been added. Who does not wait still asks for what is there. */
static int wait_for_all(relevo_poller *poller, size_t count, nsec_t deadline, struct error *error)
{
	struct poller_ready found = { calloc(count, sizeof *found.ready), count, 0 };
	if (found.ready == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to wait for %zu", count);
	if (deadline == 0)
		poller_round_trip(poller, 0);
	int status = poller_wait(poller, deadline, &found, error);
	for (size_t i = 0; i < found.count; i++)
		wait_tell(poller, &found.ready[i]);
	free(found.ready);
	return status == RELEVO_TIMED_OUT ? RELEVO_OK : status;
}

static int wait_by_poller(struct relevo_wait_entry *entries, size_t count, nsec_t deadline,
			  struct error *error)
{
	relevo_poller *poller;
	int status = poller_new(&poller, error);
	if (status != RELEVO_OK)
		return status;
	status = wait_add_all(poller, entries, count, deadline, error);
	if (status == RELEVO_OK)
		status = wait_for_all(poller, count, deadline, error);
	wait_remove_all(poller, entries, count);
	relevo_poller_free(poller);
	return status;
}

int relevo_wait(struct relevo_wait_entry *entries, size_t count, int64_t timeout, size_t *ready)
{
	if (!given(ready) || (count > 0 && !given(entries)))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	nsec_t deadline;
	*ready = 0;
	int status = deadline_after(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = wait_check(entries, count, error);
	if (status != RELEVO_OK)
		return status;
	status = all_are_descriptors(entries, count)
			 ? wait_by_poll(entries, count, deadline, error)
			 : wait_by_poller(entries, count, deadline, error);
	*ready = count_ready(entries, count);
	/* What came at the last moment is not kept back. */
	if (status == RELEVO_INTERRUPTED && *ready > 0)
		status = RELEVO_OK;
	if (status == RELEVO_OK && *ready == 0)
		status = error_set(error, RELEVO_TIMED_OUT, "none of %zu is ready", count);
	return status;
}
