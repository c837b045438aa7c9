#ifndef SUPPORT_PROGRAMS_H
#define SUPPORT_PROGRAMS_H

#include "support/leaks.h"
#include "support/process.h"

#include <relevo/relevo.h>
#include <string.h>

/* The arguments of a program, ended. */
#define COMMAND(...)                                                                               \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

/* Those of a shell. */
#define SHELL(script) COMMAND("sh", "-c", (script))

/* All three streams are pipes. */
struct relevo_program_options piped(void);

/* Start it so, or as the options say. */
relevo_program *program_of(const char *const *command,
			   const struct relevo_program_options *options);

/* Wait for its end: what it ended with. */
int exit_code_of(relevo_program *program);

/* Kill it, wait, and close the handle. */
void end_program(relevo_program *program);

/* Run it with its output and errors collected; it ends with 0. Free the output. */
struct relevo_program_output run_well(const char *const *command,
				      const struct relevo_program_options *options);

/* Read one line from its output, without its end. */
void read_line(relevo_program *program, char *line, size_t size);

/* No child is left, not even a dead one. */
void expect_no_children(void);

#endif
