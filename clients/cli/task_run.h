#ifndef CLI_TASK_RUN_H
#define CLI_TASK_RUN_H

#include <relevo/relevo.h>

/* What a worker of "pool serve" does for each task. */
struct task_command {
	char *const *words; /* NULL behind the last */
	int64_t timeout;    /* ms; 0: any time */
};

/* A relevo_function; `user` is the struct task_command. */
int task_run(const struct relevo_bytes *argument, relevo_reply *reply, void *user);

#endif
