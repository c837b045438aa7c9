#ifndef SUPPORT_BROKER_H
#define SUPPORT_BROKER_H

#include "transport/address.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A relevod of its own for a test, on a socket in a folder of its own. What
 * goes wrong in here fails the test.
 */
struct test_broker {
	pid_t pid;
	char folder[64];
	char url[ADDRESS_MAX];  /* ipc:// */
	char more[ADDRESS_MAX]; /* of the second --listen, if there is one */
	char log[128];          /* file with what it printed */
	char data[96];          /* its --data, if there is one */
};

/* `arguments` are added to the command line; ended by NULL, may be NULL. */
void test_broker_start(struct test_broker *broker, const char *const *arguments);

/* SIGTERM. It has to end in order and to leave no socket behind. */
void test_broker_stop(struct test_broker *broker);

/* What it has printed so far; free() it. Its last lines may be on their way. */
char *test_broker_log(const struct test_broker *broker);

/* Wait until it has printed that. */
void test_broker_logs(const struct test_broker *broker, const char *text);

/* A folder for sockets, and its end with all that is in it. */
void test_folder_make(char folder[64]);
void test_folder_remove(const char *folder);

/* A key file that its owner alone can read. */
void test_key_write(const char *path, const char *key);

/* The value of a line of /proc/PID/status, such as "voluntary_ctxt_switches". */
long test_broker_status(const struct test_broker *broker, const char *line);

/* Whether it waits for something to happen; not, if only for the processor. */
bool test_broker_sleeps(const struct test_broker *broker);

/* Nanoseconds that its loop has been running. */
uint64_t test_broker_cpu(const struct test_broker *broker);

/* Run relevod with exactly these arguments until it ends by itself. Its exit
 * status; what it printed is in `output`. */
int test_broker_run(const char *const *arguments, char *output, size_t size);

/* The path of relevod. */
const char *test_broker_program(void);

/* Start relevod with exactly these arguments, its output going to `output` (a
 * descriptor; -1: it has no standard streams at all). `listen_fd`, unless -1, is passed on as
 * systemd does it. */
pid_t test_broker_spawn(const char *const *arguments, int output, int listen_fd);

/* Wait until the process ends; its exit status, or 128 + the signal. */
int test_wait(pid_t pid);

#endif
