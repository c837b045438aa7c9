/* Which PID namespace this process is in. */
#include "os/pid_space.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

/* A process never leaves its own; but its children may be in another. */
static _Atomic uint64_t known;
static pthread_once_t handlers_installed = PTHREAD_ONCE_INIT;

static void pid_space_forget(void)
{
	atomic_store_explicit(&known, 0, memory_order_relaxed);
}

static void pid_space_install_handlers(void)
{
	pthread_atfork(NULL, NULL, pid_space_forget);
}

uint64_t pid_space(void)
{
	uint64_t space = atomic_load_explicit(&known, memory_order_relaxed);
	if (space != 0)
		return space;
	/* All namespaces are files of one file system. */
	struct stat file;
	pthread_once(&handlers_installed, pid_space_install_handlers);
	if (stat("/proc/self/ns/pid", &file) != 0)
		return 0;
	atomic_store_explicit(&known, (uint64_t)file.st_ino, memory_order_relaxed);
	return (uint64_t)file.st_ino;
}
