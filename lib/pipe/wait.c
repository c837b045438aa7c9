/* Waiting for several pipes and other descriptors at once. */
#include "base/deadline.h"
#include "base/thread_error.h"
#include "pipe/pipe.h"
#include "pipe/pipe_remote.h"
#include "session/session.h"

#include <errno.h>
#include <relevo/wait.h>
#include <stdlib.h>

/* As many as most programs wait for stand on the stack. */
enum { FEW = 64 };

/* One wait. Behind the descriptors of the entries stand those of the pipes to other hosts among
 * them, which have something to read before they have a message. */
struct waiting {
	struct relevo_wait_entry *entries;
	size_t count;
	struct pollfd *polled;
	size_t remotes;
	struct error *error;
};

static struct pipe_remote *remote_of(const struct relevo_wait_entry *entry)
{
	return entry->pipe != NULL ? entry->pipe->remote : NULL;
}

static int wait_check(const struct relevo_wait_entry *entries, size_t count, struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		int status = RELEVO_OK;
		if (entries[i].pipe != NULL)
			status = pipe_check_receives(entries[i].pipe, error);
		else if (entries[i].descriptor < 0)
			status = error_set(error, RELEVO_BAD_ARGUMENT,
					   "entry %zu has neither a pipe nor a descriptor", i);
		if (status != RELEVO_OK)
			return status;
	}
	return RELEVO_OK;
}

static size_t count_ready(const struct waiting *waiting)
{
	size_t ready = 0;
	for (size_t i = 0; i < waiting->count; i++)
		ready += waiting->entries[i].ready;
	return ready;
}

/* What can be said at once, and what to poll for. */
static void wait_describe(struct waiting *waiting)
{
	for (size_t i = 0; i < waiting->count; i++) {
		struct relevo_wait_entry *entry = &waiting->entries[i];
		entry->ready = entry->pipe != NULL && pipe_has_kept(entry->pipe);
		/* poll() passes over the -1 of a remote one. */
		waiting->polled[i] = (struct pollfd){
			.fd = entry->pipe != NULL ? entry->pipe->local.fd : entry->descriptor,
			.events = POLLIN,
		};
	}
}

/* Marks what the poll has found. */
static int mark(struct waiting *waiting)
{
	for (size_t i = 0; i < waiting->count; i++) {
		const struct pollfd *polled = &waiting->polled[i];
		struct pipe_remote *remote = remote_of(&waiting->entries[i]);
		if ((polled->revents & POLLNVAL) != 0)
			return error_set(waiting->error, RELEVO_BAD_ARGUMENT,
					 "entry %zu: descriptor %d is not open", i, polled->fd);
		if (polled->revents != 0 || (remote != NULL && remote->ops->look(remote)))
			waiting->entries[i].ready = true;
	}
	return RELEVO_OK;
}

static int poll_until_ready(struct waiting *waiting, nsec_t deadline)
{
	nfds_t count = (nfds_t)(waiting->count + waiting->remotes * PIPE_REMOTE_ENTRIES);
	for (;;) {
		/* What lies here unread is ready, and others may be too. */
		if (count_ready(waiting) > 0)
			deadline = 0;
		int found = poll(waiting->polled, count, clock_poll_timeout(clock_now(), deadline));
		if (found < 0 && errno == EINVAL)
			return error_set(waiting->error, RELEVO_LIMIT, "%zu entries are too many",
					 waiting->count);
		if (found < 0 && errno != EINTR)
			return error_set_errno(waiting->error, RELEVO_SYSTEM, errno, "cannot wait");
		int status = found > 0 ? mark(waiting) : RELEVO_OK;
		if (status != RELEVO_OK || count_ready(waiting) > 0 || deadline == 0)
			return status;
		if (found == 0 && clock_now() >= deadline)
			return RELEVO_OK;
	}
}

/* Without waiting, each of these pipes is asked in turn. */
static int ask_now(struct waiting *waiting)
{
	for (size_t i = 0; i < waiting->count; i++) {
		struct relevo_wait_entry *entry = &waiting->entries[i];
		struct pipe_remote *remote = remote_of(entry);
		if (remote == NULL || entry->ready)
			continue;
		int status = remote->ops->poll(remote, 0, waiting->error);
		entry->ready = status != RELEVO_TIMED_OUT;
		if (status == RELEVO_FORKED)
			return status;
	}
	return RELEVO_OK;
}

/* Ask for what comes; then wait for all. */
static int wait_ask_and_poll(struct waiting *waiting, nsec_t deadline)
{
	struct pollfd *next = waiting->polled + waiting->count;
	size_t asked = 0;
	int status = RELEVO_OK;
	for (; asked < waiting->count; asked++) {
		struct pipe_remote *remote = remote_of(&waiting->entries[asked]);
		if (remote == NULL)
			continue;
		status = remote->ops->ask(remote, next, waiting->error);
		if (status != RELEVO_OK)
			break;
		next += PIPE_REMOTE_ENTRIES;
	}
	if (status == RELEVO_OK)
		status = poll_until_ready(waiting, deadline);
	for (size_t i = 0; i < asked; i++) {
		struct pipe_remote *remote = remote_of(&waiting->entries[i]);
		if (remote != NULL && remote->ops->withdraw(remote))
			waiting->entries[i].ready = true;
	}
	return status;
}

static int wait_for_all(struct waiting *waiting, nsec_t deadline)
{
	wait_describe(waiting);
	int status = RELEVO_OK;
	if (waiting->remotes > 0)
		status = ask_now(waiting);
	if (status != RELEVO_OK)
		return status;
	if (waiting->remotes > 0 && deadline != 0 && count_ready(waiting) == 0)
		return wait_ask_and_poll(waiting, deadline);
	waiting->remotes = 0;
	return poll_until_ready(waiting, deadline);
}

static bool wait_make_room(struct waiting *waiting, struct pollfd few[FEW])
{
	for (size_t i = 0; i < waiting->count; i++)
		waiting->remotes += remote_of(&waiting->entries[i]) != NULL;
	size_t needed = waiting->count + waiting->remotes * PIPE_REMOTE_ENTRIES;
	waiting->polled = needed > FEW ? calloc(needed, sizeof *few) : few;
	return waiting->polled != NULL;
}

int relevo_wait(struct relevo_wait_entry *entries, size_t count, int64_t timeout, size_t *ready)
{
	if (!given(ready) || (count > 0 && !given(entries)))
		return RELEVO_BAD_ARGUMENT;
	struct waiting waiting = { .entries = entries, .count = count, .error = thread_error() };
	struct pollfd few[FEW];
	nsec_t deadline;
	*ready = 0;
	int status = deadline_after(timeout, &deadline, waiting.error);
	if (status == RELEVO_OK)
		status = wait_check(entries, count, waiting.error);
	if (status != RELEVO_OK)
		return status;
	if (!wait_make_room(&waiting, few))
		return error_set(waiting.error, RELEVO_NO_MEMORY, "no memory to wait for %zu",
				 count);
	status = wait_for_all(&waiting, deadline);
	*ready = count_ready(&waiting);
	if (waiting.polled != few)
		free(waiting.polled);
	if (status == RELEVO_OK && *ready == 0)
		status = error_set(waiting.error, RELEVO_TIMED_OUT, "none of %zu is ready", count);
	return status;
}
