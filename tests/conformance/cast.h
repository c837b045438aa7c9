#ifndef CONFORMANCE_CAST_H
#define CONFORMANCE_CAST_H

#include "conformance/stage.h"

#include <relevo/process.h>

/*
 * Processes on the stage, started by the method that the case is played with; each case
 * once for every method. What they see they report, through a queue of the broker.
 * Not by fork under the thread sanitizer: there a process that was forked from one with
 * threads may not start any; for the same reason a case that forks besides is skipped,
 * where CAST_MAY_FORK is false.
 */
#ifndef __SANITIZE_THREAD__
enum { CAST_MAY_FORK = true };
#define CAST_CASE(name)                                                                            \
	{ #name "_fork", name, cast_setup, cast_teardown, &cast_fork }, CAST_OTHER_ROWS(name)
#else
enum { CAST_MAY_FORK = false };
#define CAST_CASE(name) CAST_OTHER_ROWS(name)
#endif
#define CAST_OTHER_ROWS(name)                                                                      \
	{ #name "_forkserver", name, cast_setup, cast_teardown, &cast_forkserver },                \
	{                                                                                          \
#name "_spawn", name, cast_setup, cast_teardown, &cast_spawn                       \
	}

/* For one method only. */
#define CAST_ONLY(name, method)                                                                    \
	{                                                                                          \
#name, name, cast_setup, cast_teardown, &method                                    \
	}

extern enum relevo_start_method cast_fork, cast_forkserver, cast_spawn;

/* Of the case that plays. */
extern enum relevo_start_method cast_method;
extern relevo_queue *cast_reports;

int cast_setup(void **state);
int cast_teardown(void **state);

/* Start what the program keeps open for good: the fork server. For the group's setup. */
int cast_prepare(void **state);

/* A process of the method, with the stage's broker; `name` and `arguments` may be NULL. */
relevo_process *cast_new(const struct stage *stage, relevo_target *target, const char *name,
			 const relevo_tuple *arguments);
relevo_process *cast_start(const struct stage *stage, relevo_target *target, const char *name,
			   const relevo_tuple *arguments);

/* Wait until it has ended, and free it. Its exit code. */
int cast_end(relevo_process *process);

/* In a child: wait until the case lets one of those that wait go on. */
void await_cue(void);
void give_cue(void);

/* In a child: say something. Leaves no wait for the broker to the child. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* In the case: the next report, whoever it is from, without its end. */
void expect_report(const struct stage *stage, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The next report, a number. */
int next_report_number(void);

#endif
