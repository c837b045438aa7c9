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
	case RELEVO_NO_DESCRIPTORS:
		return EXIT_FULL;
	case RELEVO_NOT_FOUND:
	case RELEVO_GONE:
		return EXIT_NOT_FOUND;
	default:
		return EXIT_FAILED;
	}
}

/* One line, or more with `rest`, in one write: others may write there too. */
__attribute__((format(printf, 1, 0))) static void print(const char *format, va_list arguments,
							const char *rest)
{
	char text[1024];
	/* Whatever stands there already comes first. */
	fflush(stdout);
	vsnprintf(text, sizeof text, format, arguments);
	fprintf(stderr, "relevo: %s%s%s%s\n", command, command[0] != '\0' ? ": " : "", text, rest);
}

int failure_say(int status, const char *format, ...)
{
	char name[64];
	va_list arguments;
	snprintf(name, sizeof name, " (%s)", relevo_error_name(status));
	va_start(arguments, format);
	print(format, arguments, name);
	va_end(arguments);
	return exit_status_of(status);
}

int failure_of(int status)
{
	const char *detail = relevo_error_detail();
	return failure_say(status, "%s", detail[0] != '\0' ? detail : relevo_error_message(status));
}

int failure_system(const char *format, ...)
{
	char reason[256];
	va_list arguments;
	if (errno == EPIPE)
		return EXIT_PIPE;
	snprintf(reason, sizeof reason, ": %s", strerror(errno));
	va_start(arguments, format);
	print(format, arguments, reason);
	va_end(arguments);
	return EXIT_FAILED;
}

int failure_usage(const char *format, ...)
{
	char advice[128];
	va_list arguments;
	snprintf(advice, sizeof advice, "\nTry: relevo %s%s--help", command,
		 command[0] != '\0' ? " " : "");
	va_start(arguments, format);
	print(format, arguments, advice);
	va_end(arguments);
	return EXIT_USAGE;
}
