/* Recording a failure: its status, and the text that goes with it. */
#include "base/error.h"

#include "base/mutant.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *error, int status, const char *format, ...)
{
	if (error == NULL)
		return status;
	struct error made = { .status = status };
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(made.text, sizeof made.text, format, arguments);
	va_end(arguments);
	*error = made;
	return status;
}

int error_descriptor_status(int errno_value)
{
	switch (errno_value) {
	case EMFILE:
	case ENFILE:
		return RELEVO_NO_DESCRIPTORS;
	case ENOMEM:
	case ENOBUFS:
		return RELEVO_NO_MEMORY;
	default:
		return RELEVO_SYSTEM;
	}
}

int error_set_errno(struct error *error, int status, int errno_value, const char *format, ...)
{
	int shortage = error_descriptor_status(errno_value);
	if (shortage != RELEVO_SYSTEM && !MUTANT(shortage_untold))
		status = shortage;
	if (error == NULL)
		return status;
	struct error made = { .status = status };
	va_list arguments;
	va_start(arguments, format);
	int used = vsnprintf(made.text, sizeof made.text, format, arguments);
	va_end(arguments);
	*error = made;
	if (used < 0 || (size_t)used >= sizeof error->text)
		return status;
	/* strerror_r() in glibc's form: strerror() is not safe in threads. */
	char reason[128];
	snprintf(error->text + used, sizeof error->text - (size_t)used, ": %s",
		 strerror_r(errno_value, reason, sizeof reason));
	return status;
}

const char *error_text(const struct error *error)
{
	return error->text[0] != '\0' ? error->text : relevo_error_message(error->status);
}
