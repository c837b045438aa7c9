/* What a forked process does not do, since it is its parent's to do. */
#include "process/inherited.h"

#include "base/mutant.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <unistd.h>

static void (*finish_process)(void);

/*
 * The list of all streams. There is no portable way to find it: glibc's links are in its headers,
 * and it is found by name since a program that is linked otherwise would get a copy of it.
 * NULL: there is none.
 */
static FILE *const *streams;
static pthread_once_t streams_found = PTHREAD_ONCE_INIT;

static void find_streams(void)
{
#ifdef __GLIBC__
	streams = dlsym(RTLD_DEFAULT, "_IO_list_all");
#endif
}

void inherited_prepare(void)
{
	pthread_once(&streams_found, find_streams);
}

/* Call it with every stream that has something to be written; without a list: the standard ones. */
static void for_streams_that_hold(int (*act)(FILE *stream))
{
	FILE *const standard[] = { stdout, stderr };
	inherited_prepare();
#ifdef __GLIBC__
	for (FILE *stream = streams != NULL ? *streams : NULL; stream != NULL;
	     stream = stream->_chain) {
		if (__fpending(stream) > 0)
			act(stream);
	}
#endif
	for (size_t i = 0; streams == NULL && i < sizeof standard / sizeof standard[0]; i++)
		act(standard[i]);
}

static int inherited_drop(FILE *stream)
{
	if (!MUTANT(inherited_output_kept))
		__fpurge(stream);
	return 0;
}

/* The first that was registered here is the last that is called. As exit(3) has it, no stream's
 * lock is waited for: another thread may have it, and wait for input. */
static void end_here(int code, void *unused)
{
	(void)unused;
	if (finish_process != NULL)
		finish_process();
	for_streams_that_hold(fflush_unlocked);
	_exit(code);
}

int inherited_leave(void (*finish)(void), struct error *error)
{
	finish_process = finish;
	for_streams_that_hold(inherited_drop);
	if (!MUTANT(inherited_handlers_run) && on_exit(end_here, NULL) != 0)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to begin a process");
	return RELEVO_OK;
}
