/* Whether a deliberate fault was chosen: see mutant.h. */
#include "base/mutant.h"

#include <stdlib.h>
#include <string.h>

bool mutant_is_chosen(const char *name)
{
	/* Threads that come here at once find the same. */
	static const char *volatile chosen;
	if (chosen == NULL) {
		const char *named = secure_getenv("RELEVO_MUTANT");
		chosen = named != NULL ? named : "";
	}
	return strcmp(chosen, name) == 0;
}
