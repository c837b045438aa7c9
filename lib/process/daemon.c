/* Ending a daemon with its parent: see daemon.h. */
#include "process/daemon.h"

#include "base/mutant.h"
#include "os/readable.h"
#include "os/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

static void *daemon_watch_here(void *argument)
{
	bool ended = readable_until((int)(intptr_t)argument, NSEC_NEVER);
	if (ended && !MUTANT(daemon_outlives))
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
