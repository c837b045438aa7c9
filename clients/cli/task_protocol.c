#include "cli/task_protocol.h"

#include <stdio.h>
#include <string.h>

/* The end of what a command complained of: about ten lines. */
enum { COMPLAINT = 800 };

/* Where they stand in the tuple. */
enum { WORD, TIMEOUT };

int task_pack(const struct relevo_bytes *word, int64_t timeout, struct relevo_bytes *packed)
{
	relevo_tuple *tuple;
	void *data = NULL;
	int status = relevo_tuple_new(&tuple);
	if (status != RELEVO_OK)
		return status;
	status = relevo_tuple_add_bytes(tuple, NULL, word->data, word->size);
	if (status == RELEVO_OK)
		status = relevo_tuple_add_int(tuple, NULL, timeout);
	if (status == RELEVO_OK)
		status = relevo_tuple_pack(tuple, &data, &packed->size);
	packed->data = data;
	relevo_tuple_free(tuple);
	return status;
}

int task_unpack(const struct relevo_bytes *packed, relevo_tuple **tuple, struct relevo_bytes *word,
		int64_t *timeout)
{
	int status = relevo_argument_tuple(packed, tuple);
	if (status != RELEVO_OK)
		return status;
	status = relevo_tuple_bytes(*tuple, WORD, &word->data, &word->size);
	if (status == RELEVO_OK)
		status = relevo_tuple_int(*tuple, TIMEOUT, timeout);
	if (status != RELEVO_OK)
		relevo_tuple_free(*tuple);
	return status;
}

int task_fail(relevo_reply *reply, int exit_code, const char *errors, size_t size)
{
	while (size > 0 && (errors[size - 1] == '\n' || errors[size - 1] == ' '))
		size--;
	if (size > COMPLAINT) {
		errors += size - COMPLAINT;
		size = COMPLAINT;
		/* Whole lines, if there are any. */
		const char *end = memchr(errors, '\n', size);
		size -= end != NULL ? (size_t)(end + 1 - errors) : 0;
		errors = end != NULL ? end + 1 : errors;
	}
	const char *colon = size > 0 ? ": " : "";
	if (exit_code >= 0)
		return relevo_reply_fail(reply, "exit code %d%s%.*s", exit_code, colon, (int)size,
					 errors);
	return relevo_reply_fail(reply, "signal %d (%s)%s%.*s", -exit_code, strsignal(-exit_code),
				 colon, (int)size, errors);
}

bool task_exit_code(const char *text, int *exit_code)
{
	if (sscanf(text, "exit code %d", exit_code) == 1)
		return true;
	if (sscanf(text, "signal %d (", exit_code) != 1)
		return false;
	*exit_code = -*exit_code;
	return true;
}
