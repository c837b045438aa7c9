#ifndef CLI_TASK_PROTOCOL_H
#define CLI_TASK_PROTOCOL_H

#include <relevo/relevo.h>

/* What "pool map" and "pool serve" say to each other: the name of the function that runs
 * the command, its argument, and how it says that the command failed. */
#define TASK_FUNCTION "relevo.command"

/* A word for the command, and how long it may take in ms (0: any time), as a packed tuple.
 * *packed is to be freed by free(). A status of relevo's. */
int task_pack(const struct relevo_bytes *word, int64_t timeout, struct relevo_bytes *packed);

/* The other way round. `word` points into *tuple, which is to be freed. */
int task_unpack(const struct relevo_bytes *packed, relevo_tuple **tuple, struct relevo_bytes *word,
		int64_t *timeout);

/* Say how the command ended: its exit code, or minus the number of a signal, the end of what it
 * complained of, and what it wrote until then. Returns what the function has to. */
int task_fail(relevo_reply *reply, const struct relevo_program_output *output);

/* The same of one that was ended for a reason, which is another status. */
int task_fail_with(relevo_reply *reply, int status, const char *reason,
		   const struct relevo_program_output *output);

/* Both parts of such a failure: a text, and what the command wrote. They point into it. */
void task_split_failure(const struct relevo_bytes *failure, struct relevo_bytes *text,
			struct relevo_bytes *output);

/* What such a text says; false: it is another one. */
bool task_exit_code(const char *text, int *exit_code);

#endif
