/* Starting the library's own threads, with all signals blocked; a lock with a limit. */
#include "os/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <time.h>

/* Whether there is no room for its stack: pthread_create() calls that EAGAIN, too. */
static bool thread_lacks_memory(const pthread_attr_t *attributes)
{
	pthread_attr_t defaults;
	size_t size = 0;
	if (attributes != NULL) {
		pthread_attr_getstacksize(attributes, &size);
	} else if (pthread_getattr_default_np(&defaults) == 0) {
		pthread_attr_getstacksize(&defaults, &size);
		pthread_attr_destroy(&defaults);
	}
	void *stack = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack == MAP_FAILED)
		return errno == ENOMEM;
	munmap(stack, size);
	return false;
}

/* Blocked before it begins: it inherits them. */
int thread_start(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
		 void *argument)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failure = pthread_create(thread, attributes, run, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failure == EAGAIN && thread_lacks_memory(attributes) ? ENOMEM : failure;
}

#ifdef __SANITIZE_THREAD__
/* The thread sanitizer (of gcc 12) does not see pthread_mutex_clocklock(); the call that it sees
 * minds another clock, which nobody sets in its tests. */
bool thread_lock_by(pthread_mutex_t *mutex, nsec_t deadline)
{
	struct timespec now;
	const nsec_t most = 3600 * NSEC_PER_SEC;
	nsec_t left = deadline - clock_now();
	if (left > most)
		left = most;
	clock_gettime(CLOCK_REALTIME, &now);
	nsec_t until = (nsec_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec + (left > 0 ? left : 0);
	const struct timespec limit = clock_timespec(until);
	return pthread_mutex_timedlock(mutex, &limit) == 0;
}
#else
bool thread_lock_by(pthread_mutex_t *mutex, nsec_t deadline)
{
	const struct timespec until = clock_timespec(deadline);
	return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &until) == 0;
}
#endif
