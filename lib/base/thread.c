/* Starting the library's own threads, with all signals blocked. */
#include "base/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>

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
