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

__attribute__((format(printf, 4, 0))) static int error_put_reason(struct error *error, int status,
								  const char *reason,
								  const char *format,
								  va_list arguments)
{
	if (error == NULL)
		return status;
	struct error made = { .status = status };
	int used = vsnprintf(made.text, sizeof made.text, format, arguments);
	if (used >= 0 && (size_t)used < sizeof made.text)
		snprintf(made.text + used, sizeof made.text - (size_t)used, ": %s", reason);
	*error = made;
	return status;
}

int error_set_errno(struct error *error, int status, int errno_value, const char *format, ...)
{
	/* strerror_r() in glibc's form: strerror() is not safe in threads. */
	char reason[128];
	int shortage = error_descriptor_status(errno_value);
	if (shortage != RELEVO_SYSTEM && !MUTANT(shortage_untold))
		status = shortage;
	va_list arguments;
	va_start(arguments, format);
	error_put_reason(error, status, strerror_r(errno_value, reason, sizeof reason), format,
			 arguments);
	va_end(arguments);
	return status;
}

int error_set_process(struct error *error, int errno_value, const char *format, ...)
{
	char reason[128];
	const char *why = strerror_r(errno_value, reason, sizeof reason);
	int status = error_descriptor_status(errno_value);
	if (errno_value == EAGAIN && !MUTANT(shortage_untold)) {
		status = RELEVO_LIMIT;
		why = "the system allows no process or thread more";
	}
	va_list arguments;
	va_start(arguments, format);
	error_put_reason(error, status, why, format, arguments);
	va_end(arguments);
	return status;
}

const char *error_text(const struct error *error)
{
	return error->text[0] != '\0' ? error->text : relevo_error_message(error->status);
}
