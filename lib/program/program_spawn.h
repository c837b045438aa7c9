#ifndef PROGRAM_PROGRAM_SPAWN_H
#define PROGRAM_PROGRAM_SPAWN_H

#include "base/error.h"

#include <relevo/program.h>
#include <sys/types.h>

/* A program to be executed in a process of its own. Everything has been looked up and
 * opened before: the child only does system calls. */
struct spawn {
	const char *path;
	const char *const *arguments;
	/* Those of the shell that runs `path`, if the kernel cannot since nothing says how. */
	const char *const *shell_arguments;
	const char *const *environment;
	int directory;  /* descriptor; -1: where this process is */
	int streams[3]; /* descriptors here that are 0, 1 and 2 there; -1: closed there */
	const int *keep;
	size_t keep_count; /* in ascending order, each 3 or more */
	enum relevo_program_group group;
	bool daemon;
	/* Filled in: */
	pid_t pid;
	int pidfd;
	pid_t parent;
	const char *failed; /* what the child could not do */
	int failure;        /* errno of that */
};

/* Start it; `pid` and `pidfd` are the caller's then. NOT_FOUND, DENIED, LIMIT, NO_DESCRIPTORS,
 * NO_MEMORY, SYSTEM.
 */
int spawn_run(struct spawn *spawn, struct error *error);

#endif
