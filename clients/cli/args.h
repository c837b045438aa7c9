#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include "cli/command.h"

enum args_result {
	ARGS_RUN,   /* everything is in place */
	ARGS_HELP,  /* --help was asked for */
	ARGS_DONE,  /* --version was, and is printed */
	ARGS_WRONG, /* has been said */
};

/*
 * Parse options that stand before the command: those that every command has.
 * *used tells how many words they are, the program's name included.
 */
enum args_result args_parse_global(int argc, char **argv, struct context *context, int *used);

/* Parse options and arguments of context->command. argv[0] is not looked at. The
 * arguments point into argv. */
enum args_result args_parse(int argc, char **argv, struct context *context);

/* Print these options, or with NULL those that every command has. */
void args_print_options(const struct option_row *rows);

#endif
