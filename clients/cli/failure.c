/* Error messages and exit statuses, from the statuses of the library or from errno. */
#include "cli/failure.h"

#include "cli/visible.h"

#include <errno.h>
#include <relevo/relevo.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *command = "";

const char failure_help[] =
	"Exit status:\n"
	"  0    done\n"
	"  1    the operation failed\n"
	"  2    the command line is wrong\n"
	"  3    no broker answers, or the connection was lost\n"
	"  4    nothing was there, or time ran out\n"
	"  5    the queue is full and rejects, a quota or limit is used up, or no\n"
	"       descriptor is left\n"
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
	case RELEVO_UNANSWERED:
		return EXIT_NO_BROKER;
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
__attribute__((format(printf, 2, 0))) static void
failure_print(enum visible_mode mode, const char *format, va_list arguments, const char *rest)
{
	char text[1024], shown[VISIBLE_MOST * sizeof text];
	/* Whatever stands there already comes first. */
	fflush(stdout);
	vsnprintf(text, sizeof text, format, arguments);
	visible_text(shown, sizeof shown, text, strlen(text), mode);
	fprintf(stderr, "relevo: %s%s%s%s\n", command, command[0] != '\0' ? ": " : "", shown, rest);
}

__attribute__((format(printf, 3, 0))) static int
failure_say_here(enum visible_mode mode, int status, const char *format, va_list arguments)
{
	char name[64];
	snprintf(name, sizeof name, " (%s)", relevo_error_name(status));
	failure_print(mode, format, arguments, name);
	return exit_status_of(status);
}

int failure_say(int status, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int result = failure_say_here(VISIBLE_LINE, status, format, arguments);
	va_end(arguments);
	return result;
}

int failure_say_lines(int status, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int result = failure_say_here(VISIBLE_LINES, status, format, arguments);
	va_end(arguments);
	return result;
}

int failure_of(int status)
{
	const char *detail = relevo_error_detail();
	return failure_say(status, "%s", detail[0] != '\0' ? detail : relevo_error_message(status));
}

/* What the library would say of it. */
static int status_of_errno(int number)
{
	switch (number) {
	case EMFILE:
	case ENFILE:
		return RELEVO_NO_DESCRIPTORS;
	case ENOMEM:
	case ENOBUFS:
		return RELEVO_NO_MEMORY;
	case EACCES:
	case EPERM:
		return RELEVO_DENIED;
	default:
		return RELEVO_SYSTEM;
	}
}

int failure_system(const char *format, ...)
{
	char reason[256];
	va_list arguments;
	if (errno == EPIPE)
		return EXIT_PIPE;
	int status = status_of_errno(errno);
	snprintf(reason, sizeof reason, ": %s (%s)", strerror(errno), relevo_error_name(status));
	va_start(arguments, format);
	failure_print(VISIBLE_LINE, format, arguments, reason);
	va_end(arguments);
	return exit_status_of(status);
}

void failure_warn(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	failure_print(VISIBLE_LINE, format, arguments, "");
	va_end(arguments);
}

int failure_usage(const char *format, ...)
{
	char advice[128];
	va_list arguments;
	snprintf(advice, sizeof advice, "\nTry: relevo %s%s--help", command,
		 command[0] != '\0' ? " " : "");
	va_start(arguments, format);
	failure_print(VISIBLE_LINE, format, arguments, advice);
	va_end(arguments);
	return EXIT_USAGE;
}
