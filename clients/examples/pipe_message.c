/* One message through a pipe: the parent waits for what its child has to say. */
#include "must.h"

#include <unistd.h>

static int say_hello(relevo_tuple *arguments)
{
	relevo_pipe *pipe;
	must(relevo_tuple_take_pipe(arguments, 0, &pipe));
	usleep(100000);
	must(relevo_pipe_send(pipe, "Hello!", 6, RELEVO_FOREVER));
	relevo_pipe_close(pipe);
	return 0;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	relevo_pipe *ends[2];
	relevo_tuple *arguments;
	relevo_process *process;
	void *message;
	size_t size;
	/* The first end only receives, so the second only sends. */
	must(relevo_pipe_pair(RELEVO_DIRECTION_RECEIVE, ends));
	must(relevo_tuple_new(&arguments));
	must(relevo_tuple_add_pipe(arguments, NULL, ends[1]));
	const struct relevo_process_options options = { .arguments = arguments };
	must(relevo_process_new(say_hello, &options, &process));
	relevo_tuple_free(arguments);
	must(relevo_process_start(process));
	/* The child has one of its own now; and with none open here and its one closed, the
	 * pipe has come to its end. */
	relevo_pipe_close(ends[1]);
	must(relevo_pipe_recv(ends[0], RELEVO_FOREVER, &message, &size));
	printf("%s\n", (char *)message);
	free(message);
	int status = relevo_pipe_recv(ends[0], RELEVO_FOREVER, &message, &size);
	printf("and then: %s\n", relevo_error_name(status));
	relevo_pipe_close(ends[0]);
	must(relevo_process_join(process, RELEVO_FOREVER));
	relevo_process_free(process);
	return 0;
}
