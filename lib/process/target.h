#ifndef PROCESS_TARGET_H
#define PROCESS_TARGET_H

#include "base/error.h"

#include <limits.h>
#include <relevo/process.h>

enum { BUILD_ID_MAX = 64 };

/*
 * A function, so that another run of the program finds it: where it is in the program
 * or in which library, and the build id of that.
 */
struct target {
	char module[PATH_MAX]; /* "": the program itself */
	uint64_t offset;
	uint8_t build[BUILD_ID_MAX];
	size_t build_size; /* 0: it has none, which is not checked then */
};

/* BAD_ARGUMENT: the address belongs to nothing that is loaded. */
int target_describe(relevo_target *function, struct target *target, struct error *error);

/* Loads the library if it has to. NOT_FOUND: there is no such place any more. */
int target_find(const struct target *target, relevo_target **function, struct error *error);

#endif
