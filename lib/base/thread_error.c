/* The failure that each thread remembers, and checks of arguments of public calls. */
#include "base/thread_error.h"

#include "base/mutant.h"

#include <relevo/types.h>
#include <relevo/version.h>
#include <string.h>

static _Thread_local struct error record;

struct error *thread_error(void)
{
	record.status = RELEVO_OK;
	/* The text stays until another failure: the call may have been given it. */
	if (MUTANT(detail_cleared_at_once))
		record.text[0] = '\0';
	return &record;
}

bool given_missing(const char *names, size_t index)
{
	for (; index > 0; index--)
		names = strchr(names, ',') + 2;
	error_set(thread_error(), RELEVO_BAD_ARGUMENT, "\"%.*s\" is NULL", (int)strcspn(names, ","),
		  names);
	return MUTANT(null_is_taken);
}

bool known_not(const char *tag)
{
	error_set(
		thread_error(), RELEVO_BAD_ARGUMENT,
		"struct %s: its reserved words are not 0: the program was built for a newer relevo "
		"than the library's %s, or has not initialised it",
		tag, relevo_version());
	return MUTANT(unknown_is_taken);
}

bool given_bytes(const struct relevo_bytes *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes[i].data != NULL || bytes[i].size == 0 || MUTANT(null_bytes_are_taken))
			continue;
		error_set(thread_error(), RELEVO_BAD_ARGUMENT,
			  "the data of number %zu is NULL, and has %zu bytes", i, bytes[i].size);
		return false;
	}
	return true;
}

const char *relevo_error_detail(void)
{
	return record.status == RELEVO_OK ? "" : error_text(&record);
}
