#include "cli/failure.h"

#include <errno.h>
#include <relevo/relevo.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *command = "";

const char failure_help[] = "Exit status:\n"
			    "  0    done\n"
			    "  1    the operation failed\n"
			    "  2    the command line is wrong\n"
			    "  3    no broker answers, or the connection was lost\n"
			    "  4    nothing was there, or time ran out\n"
			    "  5    the queue is full, or a quota or limit is used up\n"
			    "  6    there is no object of that name, or it was deleted meanwhile\n"
			    "  141  nobody reads the output any more\n";

void failure_set_command(const char *name)
{
	command = name;
}

static int exit_status_of(int status)
{
	switch (status) {
	case RELEVO_NO_BROKER:
	case RELEVO_DISCONNECTED:
		return EXIT_NO_BROKER;
	case RELEVO_EMPTY:
	case RELEVO_TIMED_OUT:
		return EXIT_EMPTY;
	case RELEVO_FULL:
	case RELEVO_QUOTA:
	case RELEVO_LIMIT:
		return EXIT_FULL;
	case RELEVO_NOT_FOUND:
	case RELEVO_GONE:
		return EXIT_NOT_FOUND;
	default:
		return EXIT_FAILED;
	}
}

/* "relevo: queue put: " and the text, without the end of the line. */
__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list arguments)
{
	/* Whatever stands there already comes first. */
	fflush(stdout);
	fprintf(stderr, "relevo: %s%s", command, command[0] != '\0' ? ": " : "");
	vfprintf(stderr, format, arguments);
}

int failure_say(int status, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	fprintf(stderr, " (%s)\n", relevo_error_name(status));
	return exit_status_of(status);
}

int failure_of(int status)
{
	const char *detail = relevo_error_detail();
	return failure_say(status, "%s", detail[0] != '\0' ? detail : relevo_error_message(status));
}

int failure_system(const char *format, ...)
{
	int number = errno;
	if (number == EPIPE)
		return EXIT_PIPE;
	va_list arguments;
	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	fprintf(stderr, ": %s\n", strerror(number));
	return EXIT_FAILED;
}

int failure_usage(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	fprintf(stderr, "\nTry: relevo %s%s--help\n", command, command[0] != '\0' ? " " : "");
	return EXIT_USAGE;
}
