/* Running a program to its end, with its input and output, in one call. */
#include "base/deadline.h"
#include "base/thread_error.h"
#include "program/program.h"

#include <signal.h>
#include <string.h>

/* It is not to go on: end it, and take what its pipes still hold. What it has started may
 * have them too, so nobody waits for their end. */
static void program_run_stop(relevo_program *program, int *exit_code)
{
	struct error ignored = { 0 };
	program_signal(program, SIGKILL, &ignored);
	program_wait_killed(program, exit_code, &ignored);
	program_serve(program, 0, &ignored);
}

static int program_run_judge(const relevo_program *program, int exit_code, struct error *error)
{
	if (exit_code == 0)
		return RELEVO_OK;
	if (exit_code > 0)
		return error_set(error, RELEVO_REMOTE, "the program \"%s\" ended with exit code %d",
				 program->name, exit_code);
	const char *name = sigdescr_np(-exit_code);
	return error_set(error, RELEVO_REMOTE, "the program \"%s\" was killed by signal %d (%s)",
			 program->name, -exit_code, name != NULL ? name : "of real time");
}

/* The deadline, and the options with a pipe for the input if there is one. */
static int program_run_prepare(const struct relevo_run_options *options,
			       struct relevo_program_options *started, nsec_t *deadline,
			       struct error *error)
{
	if (!known(relevo_run_options, options) || !program_options_known(&options->program))
		return RELEVO_BAD_ARGUMENT;
	*started = options->program;
	if (options->input.data != NULL)
		started->input.kind = RELEVO_STREAM_PIPE;
	int64_t timeout = options->timeout != 0 ? options->timeout : RELEVO_FOREVER;
	return deadline_after(timeout, deadline, error);
}

static int program_run_feed(relevo_program *program, const struct relevo_bytes *input,
			    struct error *error)
{
	struct buffer *bytes = &program->pipes[PROGRAM_INPUT].bytes;
	if (input->data == NULL || input->size == 0 ||
	    buffer_append(bytes, input->data, input->size))
		return RELEVO_OK;
	return error_set(error, RELEVO_NO_MEMORY, "no memory for the input of \"%s\"",
			 program->name);
}

static int program_run_finish(relevo_program *program, const struct relevo_run_options *options,
			      nsec_t deadline, struct relevo_program_output *output)
{
	struct error *error = thread_error();
	int status = program_run_feed(program, &options->input, error);
	if (status == RELEVO_OK)
		status = program_serve(program, deadline, error);
	if (status == RELEVO_OK)
		status = program_wait(program, deadline, &output->exit_code, error);
	if (status != RELEVO_OK && status != RELEVO_GONE)
		program_run_stop(program, &output->exit_code);
	if (!program_take_output(program, output) && status == RELEVO_OK)
		status = error_set(error, RELEVO_NO_MEMORY, "no memory for what \"%s\" wrote",
				   program->name);
	if (status == RELEVO_OK && options->check)
		status = program_run_judge(program, output->exit_code, error);
	return status;
}

int relevo_program_run(const char *const *arguments, const struct relevo_run_options *options,
		       struct relevo_program_output *output)
{
	static const struct relevo_run_options defaults;
	struct error *error = thread_error();
	struct relevo_program_output collected = { 0 };
	struct relevo_program_options started;
	relevo_program *program = NULL;
	nsec_t deadline;
	options = options != NULL ? options : &defaults;
	int status = program_run_prepare(options, &started, &deadline, error);
	if (status == RELEVO_OK)
		status = program_start(arguments, &started, &program, error);
	if (status == RELEVO_OK)
		status = program_run_finish(program, options, deadline, &collected);
	relevo_program_close(program);
	if (output != NULL)
		*output = collected;
	else
		relevo_program_output_free(&collected);
	return status;
}
