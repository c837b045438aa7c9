/* Starting programs in tests and checking how they end. */
#include "support/programs.h"

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>

struct relevo_program_options piped(void)
{
	return (struct relevo_program_options){
		.input.kind = RELEVO_STREAM_PIPE,
		.output.kind = RELEVO_STREAM_PIPE,
		.errors.kind = RELEVO_STREAM_PIPE,
	};
}

relevo_program *program_of(const char *const *command, const struct relevo_program_options *options)
{
	relevo_program *program = NULL;
	struct relevo_program_options all = piped();
	assert_ok(relevo_program_start(command, options != NULL ? options : &all, &program));
	return program;
}

int exit_code_of(relevo_program *program)
{
	int code = -1000;
	assert_ok(relevo_program_wait(program, TEST_PATIENCE, &code));
	return code;
}

void end_program(relevo_program *program)
{
	assert_ok(relevo_program_kill(program));
	exit_code_of(program);
	relevo_program_close(program);
}

struct relevo_program_output run_well(const char *const *command,
				      const struct relevo_program_options *options)
{
	struct relevo_program_output output;
	struct relevo_run_options how = { .timeout = TEST_PATIENCE, .check = true };
	if (options != NULL)
		how.program = *options;
	how.program.output.kind = RELEVO_STREAM_PIPE;
	if (how.program.errors.kind == RELEVO_STREAM_INHERIT)
		how.program.errors.kind = RELEVO_STREAM_PIPE;
	assert_ok(relevo_program_run(command, &how, &output));
	return output;
}

void read_line(relevo_program *program, char *line, size_t size)
{
	size_t used = 0;
	for (;;) {
		struct pollfd entry = {
			.fd = relevo_program_output_fd(program),
			.events = POLLIN,
		};
		assert_int_equal(poll(&entry, 1, TEST_PATIENCE), 1);
		assert_true(used < size);
		assert_int_equal(read(entry.fd, line + used, 1), 1);
		if (line[used] == '\n')
			break;
		used++;
	}
	line[used] = '\0';
}

static bool no_children(void *unused)
{
	siginfo_t info;
	(void)unused;
	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

void expect_no_children(void)
{
	assert_true(eventually(no_children, NULL));
}
