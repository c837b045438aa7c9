/* Objects that are kept on disk: only where there is a data folder. */
#include "core/durable.h"

#include "core/core.h"

int durable_check(const struct engine *engine, const char *noun, const char *name, bool asked,
		  struct error *error)
{
	if (!asked || engine->recorder != NULL)
		return RELEVO_OK;
	return error_set(error, RELEVO_NOT_DURABLE,
			 "the %s \"%s\" cannot be durable: the broker keeps nothing on disk, "
			 "unless it is started as relevod --data DIR",
			 noun, name);
}
