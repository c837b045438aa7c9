/* Two children of one parent talk over a pipe that it made: one sends names, the other
 * prints them until there is the word END. */
#include "must.h"

#include <string.h>

static int send_names(relevo_tuple *arguments)
{
	relevo_pipe *pipe;
	must(relevo_tuple_take_pipe(arguments, 0, &pipe));
	/* Behind the pipe, the names. */
	for (size_t i = 1; i < relevo_tuple_count(arguments); i++) {
		const char *name;
		size_t size;
		must(relevo_tuple_text(arguments, i, &name, &size));
		must(relevo_pipe_send(pipe, name, size, RELEVO_FOREVER));
	}
	relevo_pipe_close(pipe);
	return 0;
}

static int print_names(relevo_tuple *arguments)
{
	relevo_pipe *pipe;
	must(relevo_tuple_take_pipe(arguments, 0, &pipe));
	for (;;) {
		void *name;
		size_t size;
		must(relevo_pipe_recv(pipe, RELEVO_FOREVER, &name, &size));
		bool last = strcmp(name, "END") == 0;
		if (!last)
			printf("%s\n", (char *)name);
		free(name);
		if (last)
			break;
	}
	relevo_pipe_close(pipe);
	return 0;
}

/* Gives the end and the arguments away. */
static relevo_process *start(relevo_target *target, relevo_tuple *arguments, relevo_pipe *end)
{
	relevo_process *process;
	const struct relevo_process_options options = { .arguments = arguments };
	must(relevo_process_new(target, &options, &process));
	relevo_tuple_free(arguments);
	must(relevo_process_start(process));
	relevo_pipe_close(end);
	return process;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const char *const names[] = { "Carlos", "Renata", "Rebeca", "Sandra", "END" };
	relevo_pipe *ends[2];
	relevo_tuple *sends, *receives;
	must(relevo_pipe_pair(RELEVO_DIRECTION_SEND, ends));
	must(relevo_tuple_new(&sends));
	must(relevo_tuple_add_pipe(sends, NULL, ends[0]));
	for (int i = 0; i < 5; i++)
		must(relevo_tuple_add_text(sends, NULL, names[i]));
	must(relevo_tuple_new(&receives));
	must(relevo_tuple_add_pipe(receives, NULL, ends[1]));
	relevo_process *sender = start(send_names, sends, ends[0]);
	relevo_process *receiver = start(print_names, receives, ends[1]);
	must(relevo_process_join(sender, RELEVO_FOREVER));
	must(relevo_process_join(receiver, RELEVO_FOREVER));
	relevo_process_free(sender);
	relevo_process_free(receiver);
	return 0;
}
