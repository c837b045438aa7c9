/* Run a program and wait for it; and one that fails, whose output is there all the same. */
#include <relevo/relevo.h>
#include <stdio.h>
#include <stdlib.h>

static void run(const char *script)
{
	const char *const command[] = { "sh", "-c", script, NULL };
	struct relevo_run_options options = {
		.program = { .output.kind = RELEVO_STREAM_PIPE, .errors.kind = RELEVO_STREAM_PIPE },
		.check = true,
	};
	struct relevo_program_output output;
	int status = relevo_program_run(command, &options, &output);
	if (status == RELEVO_OK)
		printf("it went well, and it said: %s", output.output);
	else
		printf("%s: %s\nuntil then it said: %sand complained: %s",
		       relevo_error_name(status), relevo_error_detail(), output.output,
		       output.errors);
	relevo_program_output_free(&output);
}

int main(void)
{
	run("echo hola");
	run("echo half of it; echo no more paper >&2; exit 3");
	return EXIT_SUCCESS;
}
