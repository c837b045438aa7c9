/* Waiting for a descriptor beside other things: see watch.h. */
#include "session/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

/* Whoever polls says when to look. */
static int descriptor_watch_begin(struct watch *watch, struct error *error)
{
	(void)watch;
	(void)error;
	return RELEVO_OK;
}

static enum watch_state descriptor_watch_look(struct watch *watch)
{
	struct pollfd entry = { .fd = watch->fds[0], .events = POLLIN };
	int found = poll(&entry, 1, 0);
	if (found <= 0)
		return WATCH_WAITS;
	if ((entry.revents & POLLNVAL) == 0)
		return WATCH_READY;
	watch->status = RELEVO_CLOSED;
	return WATCH_OVER;
}

static bool descriptor_watch_end(struct watch *watch)
{
	(void)watch;
	return false;
}

static const struct watch_kind descriptor_watch_kind = {
	.begin = descriptor_watch_begin,
	.look = descriptor_watch_look,
	.end = descriptor_watch_end,
};

struct watch *descriptor_watch(int fd)
{
	struct watch *watch = calloc(1, sizeof *watch);
	if (watch == NULL)
		return NULL;
	watch_init(watch, &descriptor_watch_kind, NULL, NULL);
	watch->fds[0] = fd;
	return watch;
}
