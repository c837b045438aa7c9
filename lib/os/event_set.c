/* Waits for any number of descriptors with epoll(7), and says so when it cannot. */
#include "os/event_set.h"

#include "base/mutant.h"
#include "os/descriptor.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

int event_set_open(struct event_set *events, struct error *error)
{
	events->fd = descriptor_raise(epoll_create1(EPOLL_CLOEXEC));
	if (events->fd >= 0)
		return RELEVO_OK;
	return error_set_errno(error, RELEVO_SYSTEM, errno,
			       "no descriptor to wait for others with");
}

void event_set_close(struct event_set *events)
{
	if (events->fd >= 0)
		close(events->fd);
	events->fd = -1;
}

int event_set_add(const struct event_set *events, int fd, uint64_t name, struct error *error)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = name };
	if (epoll_ctl(events->fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return RELEVO_OK;
	int status = errno == ENOMEM ? RELEVO_NO_MEMORY : RELEVO_SYSTEM;
	if (errno == ENOSPC)
		status = RELEVO_LIMIT;
	return error_set_errno(error, status, errno, "a descriptor cannot be waited for");
}

void event_set_remove(const struct event_set *events, int fd)
{
	epoll_ctl(events->fd, EPOLL_CTL_DEL, fd, NULL);
}

/* The end of a stream is told all the same; so by its edge, which is once. */
void event_set_mute(const struct event_set *events, int fd, uint64_t name, bool muted)
{
	struct epoll_event event = { .events = muted ? EPOLLET : EPOLLIN, .data.u64 = name };
	epoll_ctl(events->fd, EPOLL_CTL_MOD, fd, &event);
}

int event_set_wait(const struct event_set *events, nsec_t deadline, uint64_t names[EVENT_SET_MOST],
		   int *count, struct error *error)
{
	struct epoll_event found[EVENT_SET_MOST];
	int timeout = clock_poll_timeout(clock_now(), deadline);
	*count = epoll_wait(events->fd, found, EVENT_SET_MOST, timeout);
	if (*count < 0 && errno != EINTR && !MUTANT(failed_wait_is_silent))
		return error_set_errno(error, RELEVO_SYSTEM, errno,
				       "it cannot be waited for events");
	if (*count < 0)
		*count = 0;
	for (int i = 0; i < *count; i++)
		names[i] = found[i].data.u64;
	return RELEVO_OK;
}
