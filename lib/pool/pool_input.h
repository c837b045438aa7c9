#ifndef POOL_POOL_INPUT_H
#define POOL_POOL_INPUT_H

#include "base/error.h"

#include <relevo/pool.h>

/* Take the next argument and copy it into *argument, whose data is the caller's to free().
 * END_OF_STREAM; what the input failed with, named after its function; NO_MEMORY. */
int input_take(const struct relevo_input *input, const char *function,
	       struct relevo_bytes *argument, struct error *error);

#endif
