#ifndef SUPPORT_PROCESS_H
#define SUPPORT_PROCESS_H

#include "support/test.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

/* Milliseconds, from some moment on. */
int64_t test_now(void);

/* Between these, and a busy machine or a sanitizer may add half a second. */
#define assert_between(value, least, most) assert_in_range((uint64_t)(value), (least), (most) + 500)

/* The call succeeds; otherwise the test says why not. */
#define assert_ok(call)                                                                            \
	do {                                                                                       \
		int status_ = (call);                                                              \
		if (status_ != RELEVO_OK)                                                          \
			fail_msg("%s: %s: %s", #call, relevo_error_name(status_),                  \
				 relevo_error_detail());                                           \
	} while (0)

/* The call fails like this, and the sentence about it holds `text`. */
#define assert_fails(call, status, text)                                                           \
	do {                                                                                       \
		assert_status(call, status);                                                       \
		if (strstr(relevo_error_detail(), (text)) == NULL)                                 \
			fail_msg("%s: \"%s\" does not say \"%s\"", #call, relevo_error_detail(),   \
				 (text));                                                          \
	} while (0)

#define assert_status(call, status)                                                                \
	assert_string_equal(relevo_error_name(call), relevo_error_name(status))

/* In child processes and threads, where cmocka cannot fail a test: the process
 * ends, which the parent sees. */
#define child_check(condition)                                                                     \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			_exit(EXIT_FAILURE);                                                       \
		}                                                                                  \
	} while (0)

/* What every child of child_start() does last; NULL: nothing. */
extern void (*child_at_end)(void);

/* Fork a child that runs this and ends with success; an assertion that fails aborts it. */
pid_t child_start(void (*body)(void *argument), void *argument);

/* SIGSTOP for a child: when this returns, it does nothing any more. And SIGCONT. */
void process_stop(pid_t pid);
void process_go_on(pid_t pid);

/* Wait until it ends; 128 + signal, or its exit status. Fails the test when it
 * takes longer than TEST_PATIENCE. */
int child_wait(pid_t pid);

/* It ends with success. */
void child_join(pid_t pid);

/* SIGKILL, and wait. */
void child_kill(pid_t pid);

/* Wait until a process that need not be a child has ended. False after `msec`. */
bool process_ends(pid_t pid, int msec);

/* Whether a process of that id exists and is no zombie. */
bool process_runs(pid_t pid);

/* The parent of a process; -1: there is no such process, or it has ended. */
pid_t process_parent(pid_t pid);

/* Children of that process; at most `count` are stored. Returns how many. */
size_t process_children(pid_t pid, pid_t *children, size_t count);

/* The workers of a process that serves a pool: another one keeps them, which is no child of it. */
size_t process_workers(pid_t server, pid_t *workers, size_t count);

/* How often threads of that process have gone to sleep, but for the one that asks. */
long process_sleeps(pid_t pid);

/* Send a signal to the process, and to all below it. */
void process_signal_all(pid_t pid, int number);

/* The same for a process that serves a pool, and for those that it has for that. */
void process_signal_server(pid_t server, int number);

/* Wait until the thread has ended. The program ends after TEST_PATIENCE, saying what did not
 * come: the thread may be using what the test has on its stack. */
void thread_join(pthread_t thread, const char *what);

/*
 * A gate, through which processes and threads tell each other that something has
 * happened: each gate_pass() takes one gate_open(), and waits for it.
 */
struct gate {
	int ends[2];
};

void gate_make(struct gate *gate);
void gate_close(struct gate *gate);
void gate_open(struct gate *gate);
void gate_pass(struct gate *gate); /* ends the process after TEST_PATIENCE */

/* Wait until the condition holds, looking again and again; false after
 * TEST_PATIENCE. Only for what sends no event. */
bool eventually(bool (*holds)(void *argument), void *argument);

#endif
