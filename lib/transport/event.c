/* A descriptor that other threads make readable: see event.h. */
#include "transport/event.h"

#include "os/descriptor.h"

#include <sys/eventfd.h>
#include <unistd.h>

bool event_init(struct event *event)
{
	*event = (struct event){
		.fd = descriptor_raise(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
	};
	return event->fd >= 0;
}

void event_fini(struct event *event)
{
	if (event->fd >= 0)
		close(event->fd);
	event->fd = -1;
}

void event_set(struct event *event, bool raised)
{
	if (event->fd < 0 || event->raised == raised)
		return;
	eventfd_t count;
	int failed = raised ? eventfd_write(event->fd, 1) : eventfd_read(event->fd, &count);
	if (failed == 0)
		event->raised = raised;
}
