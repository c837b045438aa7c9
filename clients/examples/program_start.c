/* Start a program and go on; it runs beside this one, until it is told to end. */
#include "must.h"

static relevo_program *start(void)
{
	const char *const command[] = { "sort", "-n", NULL };
	const struct relevo_program_options options = {
		.input.kind = RELEVO_STREAM_PIPE,
		.output.kind = RELEVO_STREAM_PIPE,
	};
	relevo_program *program;
	must(relevo_program_start(command, &options, &program));
	return program;
}

int main(void)
{
	relevo_program *program = start();
	printf("started, and it %s\n", relevo_program_is_alive(program) ? "runs" : "has ended");

	int sum = 0;
	for (int i = 1; i <= 100; i++)
		sum += i;
	printf("meanwhile: 1 + 2 + ... + 100 = %d\n", sum);

	const struct relevo_bytes numbers = { "20\n3\n100\n", 9 };
	struct relevo_program_output output;
	must(relevo_program_communicate(program, &numbers, RELEVO_FOREVER, &output));
	printf("it ended with %d, and wrote:\n%s", output.exit_code, output.output);
	relevo_program_output_free(&output);
	relevo_program_close(program);
	return 0;
}
