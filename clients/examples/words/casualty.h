#ifndef EXAMPLES_CASUALTY_H
#define EXAMPLES_CASUALTY_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Killing a worker in the middle of a task, for certain.
 *
 * From outside nobody sees whether a worker computes or waits. So the local
 * workers, who are forked from this program, write their pids into memory that
 * they share with it while they are in a task. What a dead worker has written
 * stays: if its pid is there after its death, it died before its task was done.
 */
struct casualty_marks;

/* NULL when there is no memory. Make it before the workers are forked. */
struct casualty_marks *casualty_marks_new(void);
void casualty_marks_free(struct casualty_marks *marks);

/* Called by a worker at the begin and at the end of a task. `marks` may be NULL:
 * workers on other hosts share no memory. */
void casualty_enter(struct casualty_marks *marks);
void casualty_leave(struct casualty_marks *marks);

/* Whether a worker is in a task, or was when it died. */
bool casualty_in_task(const struct casualty_marks *marks, pid_t worker);

/* End a process with SIGKILL and wait until it is dead; it need not be a child.
 * False when it cannot be done. */
bool casualty_kill(pid_t worker);

#endif
