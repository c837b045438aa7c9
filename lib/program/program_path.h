#ifndef PROGRAM_PROGRAM_PATH_H
#define PROGRAM_PROGRAM_PATH_H

#include "base/error.h"

/*
 * Where the program of that name is, to be executed in the folder `directory`
 * (a descriptor, -1: here). A name with a slash is its own place; others are looked for in
 * the PATH of the environment. free() *path. NOT_FOUND, DENIED, NO_MEMORY.
 */
int path_find(const char *name, const char *const *environment, int directory, char **path,
	      struct error *error);

#endif
