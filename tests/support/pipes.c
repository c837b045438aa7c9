/* Both ends of a pipe in one process, and texts through them. */
#include "support/pipes.h"

struct ends pipe_of(enum relevo_direction direction)
{
	struct ends made = { { NULL, NULL } };
	assert_ok(relevo_pipe_pair(direction, made.ends));
	return made;
}

void close_both(struct ends *made)
{
	relevo_pipe_close(made->ends[0]);
	relevo_pipe_close(made->ends[1]);
}

void pipe_send_text(relevo_pipe *pipe, const char *text)
{
	assert_ok(relevo_pipe_send(pipe, text, strlen(text), TEST_PATIENCE));
}

void pipe_expect_text(relevo_pipe *pipe, const char *text)
{
	void *data = NULL;
	size_t size = 0;
	assert_ok(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size));
	assert_int_equal(size, strlen(text));
	assert_string_equal(data, text);
	free(data);
}
