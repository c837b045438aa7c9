#include "client/error.h"

#include "base/mutant.h"

#include <relevo/session.h>
#include <string.h>

static _Thread_local struct error record;

struct error *client_error(void)
{
	record.status = RELEVO_OK;
	/* The text stays until another failure: the call may have been given it. */
	if (MUTANT(detail_cleared_at_once))
		record.text[0] = '\0';
	return &record;
}

bool client_missing(const char *names, size_t index)
{
	for (; index > 0; index--)
		names = strchr(names, ',') + 2;
	error_set(client_error(), RELEVO_BAD_ARGUMENT, "\"%.*s\" is NULL", (int)strcspn(names, ","),
		  names);
	return MUTANT(null_is_taken);
}

const char *relevo_error_detail(void)
{
	return record.status == RELEVO_OK ? "" : error_text(&record);
}
