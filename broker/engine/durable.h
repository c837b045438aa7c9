#ifndef ENGINE_DURABLE_H
#define ENGINE_DURABLE_H

#include "engine/engine.h"

/* Whether an object that is to be made can be as durable as `asked`. NOT_DURABLE, naming it. */
int durable_check(const struct engine *engine, const char *noun, const char *name, bool asked,
		  struct error *error);

#endif
