/* One pipe, a message each way. */
#include "must.h"

#include <string.h>

static void send_text(relevo_pipe *pipe, const char *text)
{
	must(relevo_pipe_send(pipe, text, strlen(text), RELEVO_FOREVER));
}

static void print_next(const char *who, relevo_pipe *pipe)
{
	void *text;
	size_t size;
	must(relevo_pipe_recv(pipe, RELEVO_FOREVER, &text, &size));
	printf("%s got: %s\n", who, (char *)text);
	fflush(stdout);
	free(text);
}

static int answer(relevo_tuple *arguments)
{
	relevo_pipe *pipe;
	must(relevo_tuple_take_pipe(arguments, 0, &pipe));
	print_next("child", pipe);
	send_text(pipe, "I am well, and you?");
	relevo_pipe_close(pipe);
	return 0;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	relevo_pipe *ends[2];
	relevo_tuple *arguments;
	relevo_process *process;
	must(relevo_pipe_pair(RELEVO_DIRECTION_BOTH, ends));
	must(relevo_tuple_new(&arguments));
	must(relevo_tuple_add_pipe(arguments, NULL, ends[1]));
	const struct relevo_process_options options = { .arguments = arguments };
	must(relevo_process_new(answer, &options, &process));
	relevo_tuple_free(arguments);
	must(relevo_process_start(process));
	relevo_pipe_close(ends[1]);
	send_text(ends[0], "How are you?");
	print_next("parent", ends[0]);
	relevo_pipe_close(ends[0]);
	must(relevo_process_join(process, RELEVO_FOREVER));
	relevo_process_free(process);
	return 0;
}
