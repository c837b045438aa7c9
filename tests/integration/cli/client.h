#ifndef INTEGRATION_CLI_CLIENT_H
#define INTEGRATION_CLI_CLIENT_H

#include "support/queues.h"

#include <jansson.h>

/*
 * The program relevo, run by a test: at the scene's broker, which RELEVO_URL
 * names.
 */

/* Setup and teardown: a scene whose URL is in the environment. */
int client_setup(void **state);
int client_teardown(void **state);

#define client_unit_test(function)                                                                 \
	cmocka_unit_test_setup_teardown(function, client_setup, client_teardown)

/* What became of it. */
struct outcome {
	int status;
	char *out, *error; /* what it printed, a 0 behind it */
	size_t size;       /* of out */
};

/* Run it with these words until it ends; `input` is its standard input. */
struct outcome client_run(const char *input, size_t size, const char *const *words);
void outcome_free(struct outcome *outcome);

#define client(input, ...)                                                                         \
	client_run((input), strlen(input), (const char *const[]){ __VA_ARGS__, NULL })

/* Start it with these descriptors (-1: the test's own). */
pid_t client_start(int input, int output, const char *const *words);

#define client_begin(input, output, ...)                                                           \
	client_start((input), (output), (const char *const[]){ __VA_ARGS__, NULL })

/* ---- expectations: each frees the outcome ------------------------------- */

/* It went well, printed exactly this, and complained of nothing. */
void expect_output(struct outcome outcome, const char *output);

/* It ended with this status, and its complaint begins with "relevo: " and this. */
void expect_failure(struct outcome outcome, int status, const char *complaint);

/* It went well and printed one line, which is this value. json_decref() it. */
json_t *expect_json(struct outcome outcome);

#endif
