/* Packing and unpacking what "pool map" and "pool serve" send each other. */
#include "cli/task_protocol.h"

#include <stdio.h>
#include <stdlib.h>
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

int task_fail_with(relevo_reply *reply, int status, const char *reason,
		   const struct relevo_program_output *output)
{
	/* A byte 0 between them: whoever takes it for text sees the reason. */
	size_t length = strlen(reason) + 1;
	char *both = malloc(length + output->output_size);
	if (both == NULL)
		return relevo_reply_fail_with(reply, status, reason, length - 1);
	memcpy(both, reason, length);
	if (output->output_size > 0)
		memcpy(both + length, output->output, output->output_size);
	status = relevo_reply_fail_with(reply, status, both, length + output->output_size);
	free(both);
	return status;
}

void task_split_failure(const struct relevo_bytes *failure, struct relevo_bytes *text,
			struct relevo_bytes *output)
{
	const char *data = failure->data;
	size_t length = strnlen(data, failure->size);
	size_t behind = length < failure->size ? length + 1 : length;
	*text = (struct relevo_bytes){ data, length };
	*output = (struct relevo_bytes){ data + behind, failure->size - behind };
}

/* The end of what it complained of: whole lines, if there are any. */
static struct relevo_bytes last_lines(const char *errors, size_t size)
{
	while (size > 0 && (errors[size - 1] == '\n' || errors[size - 1] == ' '))
		size--;
	if (size > COMPLAINT) {
		errors += size - COMPLAINT;
		size = COMPLAINT;
		const char *end = memchr(errors, '\n', size);
		size -= end != NULL ? (size_t)(end + 1 - errors) : 0;
		errors = end != NULL ? end + 1 : errors;
	}
	return (struct relevo_bytes){ errors, size };
}

int task_fail(relevo_reply *reply, const struct relevo_program_output *output)
{
	char text[COMPLAINT + 100];
	int code = output->exit_code;
	struct relevo_bytes errors = last_lines(output->errors, output->errors_size);
	const char *colon = errors.size > 0 ? ": " : "";
	if (code >= 0)
		snprintf(text, sizeof text, "exit code %d%s%.*s", code, colon, (int)errors.size,
			 (const char *)errors.data);
	else
		snprintf(text, sizeof text, "signal %d (%s)%s%.*s", -code, strsignal(-code), colon,
			 (int)errors.size, (const char *)errors.data);
	return task_fail_with(reply, RELEVO_REMOTE, text, output);
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
