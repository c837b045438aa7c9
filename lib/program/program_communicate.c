/* Giving a program all its input, and taking all its output. */
#include "base/deadline.h"
#include "base/thread_error.h"
#include "program/program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first bytes of what came through a pipe, as text with an end. */
static char *copy_text(const struct program_pipe *pipe, size_t size)
{
	char *text = malloc(size + 1);
	if (text == NULL)
		return NULL;
	if (size > 0)
		memcpy(text, buffer_data(&pipe->bytes), size);
	text[size] = '\0';
	return text;
}

static size_t program_communicate_size_of(const relevo_program *program,
					  const struct program_pipe *pipe)
{
	size_t size = buffer_size(&pipe->bytes);
	return program->max_output != 0 && size > program->max_output ? program->max_output : size;
}

bool program_take_output(relevo_program *program, struct relevo_program_output *output)
{
	struct program_pipe *from = &program->pipes[PROGRAM_OUTPUT];
	struct program_pipe *errors = &program->pipes[PROGRAM_ERRORS];
	output->output_size = program_communicate_size_of(program, from);
	output->errors_size = program_communicate_size_of(program, errors);
	output->output = from->piped ? copy_text(from, output->output_size) : NULL;
	output->errors = errors->piped ? copy_text(errors, output->errors_size) : NULL;
	if ((from->piped && output->output == NULL) || (errors->piped && output->errors == NULL)) {
		relevo_program_output_free(output);
		return false;
	}
	buffer_consume(&from->bytes, output->output_size);
	buffer_consume(&errors->bytes, output->errors_size);
	return true;
}

void relevo_program_output_free(struct relevo_program_output *output)
{
	if (!given(output))
		return;
	free(output->output);
	free(output->errors);
	output->output = output->errors = NULL;
	output->output_size = output->errors_size = 0;
}

static int take_input(relevo_program *program, const struct relevo_bytes *input,
		      struct error *error)
{
	struct program_pipe *pipe = &program->pipes[PROGRAM_INPUT];
	if (input->data == NULL && input->size > 0)
		return error_set(error, RELEVO_BAD_ARGUMENT, "an input of %zu bytes is NULL",
				 input->size);
	if (!pipe->piped || pipe->fd < 0 || program->input_given)
		return error_set(error, RELEVO_BAD_STATE,
				 "the program \"%s\" takes no input, or has been given it",
				 program->name);
	if (input->size > 0 && !buffer_append(&pipe->bytes, input->data, input->size))
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the input of \"%s\"",
				 program->name);
	program->input_given = true;
	return RELEVO_OK;
}

static int program_communicate_begin(relevo_program *program, const struct relevo_bytes *input,
				     struct error *error)
{
	if (program->owner != getpid())
		return error_set(error, RELEVO_FORKED,
				 "the program \"%s\" is the child of another process",
				 program->name);
	pthread_mutex_lock(&program->lock);
	int status = RELEVO_OK;
	if (program->communicating)
		status = error_set(error, RELEVO_BAD_STATE,
				   "another thread communicates with \"%s\"", program->name);
	else if (input != NULL)
		status = take_input(program, input, error);
	program->communicating = program->communicating || status == RELEVO_OK;
	pthread_mutex_unlock(&program->lock);
	return status;
}

static void program_communicate_end(relevo_program *program)
{
	pthread_mutex_lock(&program->lock);
	program->communicating = false;
	pthread_mutex_unlock(&program->lock);
}

int relevo_program_communicate(relevo_program *program, const struct relevo_bytes *input,
			       int64_t timeout, struct relevo_program_output *output)
{
	if (!given(program, output))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	nsec_t deadline;
	*output = (struct relevo_program_output){ 0 };
	int status = deadline_after(timeout, &deadline, error);
	if (status == RELEVO_OK)
		status = program_communicate_begin(program, input, error);
	if (status != RELEVO_OK)
		return status;
	status = program_serve(program, deadline, error);
	if (status == RELEVO_OK)
		status = program_wait(program, deadline, &output->exit_code, error);
	if ((status == RELEVO_OK || status == RELEVO_TOO_LARGE || status == RELEVO_GONE) &&
	    !program_take_output(program, output))
		status = error_set(error, RELEVO_NO_MEMORY, "no memory for what \"%s\" wrote",
				   program->name);
	program_communicate_end(program);
	return status;
}
