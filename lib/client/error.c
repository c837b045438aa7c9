#include "client/error.h"

#include "base/mutant.h"

#include <relevo/session.h>

static _Thread_local struct error record;

struct error *client_error(void)
{
	record.status = RELEVO_OK;
	/* The text stays until another failure: the call may have been given it. */
	if (MUTANT(detail_cleared_at_once))
		record.text[0] = '\0';
	return &record;
}

const char *relevo_error_detail(void)
{
	return record.status == RELEVO_OK ? "" : error_text(&record);
}
