#include "client/error.h"

#include <relevo/session.h>

static _Thread_local struct error record;

struct error *client_error(void)
{
	record.status = RELEVO_OK;
	record.text[0] = '\0';
	return &record;
}

const char *relevo_error_detail(void)
{
	return record.status == RELEVO_OK ? "" : error_text(&record);
}
