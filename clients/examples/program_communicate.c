/* Ask a program again and again, print what it answers, and stop when it fails. */
#include <relevo/relevo.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* It gives up after the third time. */
#define SCRIPT "if [ $1 -le 3 ]; then echo answer $1; else echo no answer >&2; exit 1; fi"

/* Whether to go on. */
static bool ask(int number)
{
	char text[20];
	snprintf(text, sizeof text, "%d", number);
	const char *const command[] = { "sh", "-c", SCRIPT, "sh", text, NULL };
	struct relevo_program_options options = {
		.output.kind = RELEVO_STREAM_PIPE,
		.errors.kind = RELEVO_STREAM_PIPE,
	};
	relevo_program *program;
	struct relevo_program_output output = { 0 };
	int status = relevo_program_start(command, &options, &program);
	if (status == RELEVO_OK) {
		status = relevo_program_communicate(program, NULL, RELEVO_FOREVER, &output);
		relevo_program_close(program);
	}
	if (status != RELEVO_OK)
		printf("it cannot be asked: %s\n", relevo_error_detail());
	else if (output.exit_code != 0)
		printf("it ended with %d: %s", output.exit_code, output.errors);
	else
		printf("%s", output.output);
	bool good = status == RELEVO_OK && output.exit_code == 0;
	relevo_program_output_free(&output);
	return good;
}

int main(void)
{
	int number = 1;
	while (ask(number))
		number++;
	return EXIT_SUCCESS;
}
