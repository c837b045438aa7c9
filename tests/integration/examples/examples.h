#ifndef EXAMPLES_H
#define EXAMPLES_H

#include "support/programs.h"

/* The example of that name, as a program to run. */
#define EXAMPLE(name) EXAMPLES "/" name

/* Before the tests of a file: a program that needs a broker starts this one, for itself. */
int examples_set_up(void **state);

/* It ends with 0 within the time that a test may take, writes exactly this, and complains
 * about nothing. */
void expect_output(const char *const *command, const char *expected);

/* The same, with that as its input. */
void expect_answer(const char *const *command, const char *input, const char *expected);

/* The same lines, whatever their order. */
void expect_lines(const char *const *command, const char *expected);

/* What it writes, to be looked at. Free it. */
char *output_of(const char *const *command);

#endif
