#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <relevo/status.h>

/* The longest name, and a sentence around it. */
#define ERROR_TEXT_SIZE 384

/*
 * How a failure travels inside relevo: functions that can fail for more than
 * one reason return a `relevo_status` and, when they have something to name,
 * write one sentence into the `struct error` they were given.
 */
/* Not an outcome that a program is told of: nothing can be done without waiting. It stands
 * beside the statuses where those below hand something on to those above. */
enum { TRY_AGAIN = -1 };

struct error {
	int status;
	char text[ERROR_TEXT_SIZE];
};

/* Fill `error` (may be NULL) and return `status`, so that it can stand in a
 * return statement. A text that does not fit is cut. What it is made of may be the text
 * that stands there. */
int error_set(struct error *error, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a failed system call: adds the meaning of `errno_value`. A shortage is
 * told as error_descriptor_status() has it, whatever `status` says. */
int error_set_errno(struct error *error, int status, int errno_value, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same where a process or a thread could not be made: LIMIT when there may be none more, of
 * this user, in this container or in the system; a shortage, else SYSTEM. */
int error_set_process(struct error *error, int errno_value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What to say of a system call that could not make a descriptor: NO_DESCRIPTORS when this
 * process or the system has none left, NO_MEMORY, else SYSTEM. */
int error_descriptor_status(int errno_value);

/* The sentence in `error`, or the general one of its status when it is empty. */
const char *error_text(const struct error *error);

#endif
