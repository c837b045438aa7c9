#ifndef SUPPORT_RUNNER_H
#define SUPPORT_RUNNER_H

#include <signal.h>
#include <stdbool.h>
#include <time.h>

/* The parts of the test runner; see runner.c. */

/* Print a finding. It makes the test fail. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- runner_processes.c ------------------------------------------------ */

struct timespec deadline_in(long seconds);

/* Wait for one of the (blocked) signals until the deadline: its number, or 0
 * when time ran out. */
int wait_signal(const sigset_t *set, const struct timespec *deadline);

/* Give all children `grace` seconds to end by themselves, then kill what is
 * left, and complain about it if `report`. None is left afterwards. */
void processes_end(long grace, bool report);

/* ---- runner_folders.c -------------------------------------------------- */

/* The private folders of a test. Short: a socket's path has 107 bytes. */
struct folders {
	char top[32];
	char temporary[40]; /* TMPDIR */
	char runtime[40];   /* XDG_RUNTIME_DIR */
	const char *shm;    /* not owned */
	char **shm_before;  /* names, ended by NULL */
};

/* False, having said why, when they cannot be made. */
bool folders_make(struct folders *folders, const char *shm);

/* Complain about every file left in them, and about new shared memory of this
 * user's. */
void folders_check(const struct folders *folders);

/* Remove them with all they hold. */
void folders_remove(struct folders *folders);

#endif
