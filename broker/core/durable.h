#ifndef CORE_DURABLE_H
#define CORE_DURABLE_H

#include "base/error.h"

#include <stdbool.h>

struct engine;

/* Whether an object that is to be made can be as durable as `asked`. NOT_DURABLE, naming it. */
int durable_check(const struct engine *engine, const char *noun, const char *name, bool asked,
		  struct error *error);

#endif
