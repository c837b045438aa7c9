/* Waiting for a descriptor, whatever the limit of descriptors. */
#include "os/readable.h"

#include "base/mutant.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/select.h>

/* poll(2) refuses more entries than there may be descriptors, even one where a program has set the
 * limit to 0. select(2) does not, but wants room for a bit for each descriptor up to this. */
static int readable_by_select(int fd, nsec_t deadline)
{
	enum { BITS = 8 * sizeof(fd_set) };
	size_t count = (size_t)fd / BITS + 1;
	fd_set *sets = calloc(count, sizeof *sets);
	if (sets == NULL)
		return -1;
	nsec_t now = clock_now();
	const struct timespec left = clock_timespec(deadline > now ? deadline - now : 0);
	FD_SET(fd % BITS, &sets[count - 1]);
	int found = pselect(fd + 1, sets, NULL, NULL, deadline != NSEC_NEVER ? &left : NULL, NULL);
	int why = errno;
	free(sets);
	errno = why;
	return found;
}

static int readable_by_poll(int fd, nsec_t deadline)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN };
	int found = poll(&entry, 1, clock_poll_timeout(clock_now(), deadline));
	if (found < 0 && errno == EINVAL && !MUTANT(low_limit_ends_waits))
		return readable_by_select(fd, deadline);
	return found > 0 && (entry.revents & POLLNVAL) != 0 ? -1 : found;
}

bool readable_until(int fd, nsec_t deadline)
{
	int found;
	if (fd < 0)
		return false;
	do {
		errno = 0;
		found = readable_by_poll(fd, deadline);
		/* A long time-out comes in parts. */
	} while (found == 0 ? clock_now() < deadline : found < 0 && errno == EINTR);
	return found > 0;
}
