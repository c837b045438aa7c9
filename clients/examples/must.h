#ifndef MUST_H
#define MUST_H

#include <relevo/relevo.h>
#include <stdio.h>
#include <stdlib.h>

/* What these examples do about errors: say what went wrong, and end. */
static inline void must(int status)
{
	if (status == RELEVO_OK)
		return;
	fprintf(stderr, "%s: %s\n", relevo_error_name(status), relevo_error_detail());
	exit(EXIT_FAILURE);
}

#endif
