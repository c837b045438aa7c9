/* A list through a pipe: it arrives as one, with what is in it. */
#include "show.h"

static int send_list(relevo_tuple *arguments)
{
	relevo_pipe *pipe;
	relevo_tuple *list;
	must(relevo_tuple_take_pipe(arguments, 0, &pipe));
	must(relevo_tuple_new(&list));
	must(relevo_tuple_add_text(list, NULL, "hello world"));
	must(relevo_pipe_send_tuple(pipe, list, RELEVO_FOREVER));
	relevo_tuple_free(list);
	relevo_pipe_close(pipe);
	return 0;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	relevo_pipe *ends[2];
	relevo_tuple *arguments, *list;
	relevo_process *process;
	must(relevo_pipe_pair(RELEVO_DIRECTION_BOTH, ends));
	must(relevo_tuple_new(&arguments));
	must(relevo_tuple_add_pipe(arguments, NULL, ends[1]));
	const struct relevo_process_options options = { .arguments = arguments };
	must(relevo_process_new(send_list, &options, &process));
	relevo_tuple_free(arguments);
	must(relevo_process_start(process));
	relevo_pipe_close(ends[1]);
	must(relevo_pipe_recv_tuple(ends[0], RELEVO_FOREVER, &list));
	show(list);
	relevo_tuple_free(list);
	relevo_pipe_close(ends[0]);
	must(relevo_process_join(process, RELEVO_FOREVER));
	relevo_process_free(process);
	return 0;
}
