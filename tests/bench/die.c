/* Ending a measurement that went wrong. */
#include "bench/die.h"

#include <relevo/relevo.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void die(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	/* Not exit(): in an actor, what stdout holds is the parent's. */
	_exit(1);
}

void die_errno(const char *what)
{
	die("%s: %s", what, strerror(errno));
}

void must(int status, const char *what)
{
	if (status != RELEVO_OK)
		die("%s: %s (%s)", what, relevo_error_message(status), relevo_error_detail());
}
