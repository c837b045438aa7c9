#include "client/error.h"
#include "client/pipe.h"
#include "client/session.h"

#include <errno.h>
#include <poll.h>
#include <relevo/wait.h>
#include <stdlib.h>

/* As many as most programs wait for stand on the stack. */
enum { FEW = 64 };

static int check(const struct relevo_wait_entry *entries, size_t count, struct error *error)
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

static void describe(struct pollfd *polled, struct relevo_wait_entry *entry)
{
	relevo_pipe *pipe = entry->pipe;
	entry->ready = pipe != NULL && pipe_has_kept(pipe);
	*polled = (struct pollfd){
		.fd = pipe != NULL ? pipe->local.fd : entry->descriptor,
		.events = POLLIN,
	};
}

/* Marks what the poll has found. */
static int mark(struct relevo_wait_entry *entries, const struct pollfd *polled, size_t count,
		struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		if ((polled[i].revents & POLLNVAL) != 0)
			return error_set(error, RELEVO_BAD_ARGUMENT,
					 "entry %zu: descriptor %d is not open", i, polled[i].fd);
		if (polled[i].revents != 0)
			entries[i].ready = true;
	}
	return RELEVO_OK;
}

static size_t count_ready(const struct relevo_wait_entry *entries, size_t count)
{
	size_t ready = 0;
	for (size_t i = 0; i < count; i++)
		ready += entries[i].ready;
	return ready;
}

static int wait_for(struct relevo_wait_entry *entries, struct pollfd *polled, size_t count,
		    nsec_t deadline, struct error *error)
{
	for (size_t i = 0; i < count; i++)
		describe(&polled[i], &entries[i]);
	/* What lies here unread is ready without waiting, and others may be too. */
	if (count_ready(entries, count) > 0)
		deadline = 0;
	for (;;) {
		nsec_t now = clock_now();
		int found = poll(polled, (nfds_t)count, clock_poll_timeout(now, deadline));
		if (found < 0 && errno == EINVAL)
			return error_set(error, RELEVO_LIMIT, "%zu entries are too many", count);
		if (found < 0 && errno != EINTR)
			return error_set_errno(error, RELEVO_SYSTEM, errno, "cannot wait");
		if (found > 0)
			return mark(entries, polled, count, error);
		if (found == 0 && clock_now() >= deadline)
			return RELEVO_OK;
	}
}

int relevo_wait(struct relevo_wait_entry *entries, size_t count, int64_t timeout, size_t *ready)
{
	struct error *error = client_error();
	struct pollfd few[FEW], *polled = few;
	nsec_t deadline;
	*ready = 0;
	int status = session_deadline(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = check(entries, count, error);
	if (status != RELEVO_OK)
		return status;
	if (count > FEW)
		polled = calloc(count, sizeof *polled);
	if (polled == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to wait for %zu", count);
	status = wait_for(entries, polled, count, deadline, error);
	*ready = count_ready(entries, count);
	if (polled != few)
		free(polled);
	if (status == RELEVO_OK && *ready == 0)
		status = error_set(error, deadline == 0 ? RELEVO_TRY_AGAIN : RELEVO_TIMED_OUT,
				   "none of %zu is ready", count);
	return status;
}
