/* Ending a daemon with its parent: see daemon.h. */
#include "process/daemon.h"

#include "base/mutant.h"
#include "base/thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

static void *daemon_watch_here(void *argument)
{
	struct pollfd entry = { .fd = (int)(intptr_t)argument, .events = POLLIN };
	while (poll(&entry, 1, -1) < 0 && errno == EINTR)
		continue;
	if (!MUTANT(daemon_outlives))
		kill(getpid(), SIGKILL);
	return NULL;
}

bool daemon_watch(int parent_fd)
{
	pthread_t thread;
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	int failure =
		thread_start(&thread, &attributes, daemon_watch_here, (void *)(intptr_t)parent_fd);
	pthread_attr_destroy(&attributes);
	return failure == 0;
}
