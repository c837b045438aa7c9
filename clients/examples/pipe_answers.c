/* Two processes with a pipe each get a message and answer; the parent waits for both
 * answers at once, and takes them as they come. */
#include "must.h"

#include <string.h>

enum { PROCESSES = 2 };

static int answer(relevo_tuple *arguments)
{
	char text[100];
	relevo_pipe *pipe;
	void *question;
	size_t size;
	must(relevo_tuple_take_pipe(arguments, 0, &pipe));
	must(relevo_pipe_recv(pipe, RELEVO_FOREVER, &question, &size));
	snprintf(text, sizeof text, "%s: I have \"%s\"",
		 relevo_process_name(relevo_process_current()), (char *)question);
	free(question);
	must(relevo_pipe_send(pipe, text, strlen(text), RELEVO_FOREVER));
	relevo_pipe_close(pipe);
	return 0;
}

static relevo_pipe *start(void)
{
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
	relevo_process_free(process);
	relevo_pipe_close(ends[1]);
	return ends[0];
}

static void print_answer(relevo_pipe *pipe)
{
	void *text;
	size_t size;
	must(relevo_pipe_recv(pipe, RELEVO_FOREVER, &text, &size));
	printf("%s\n", (char *)text);
	free(text);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const char *questions[PROCESSES] = { "good morning", "good night" };
	struct relevo_wait_entry entries[PROCESSES] = { 0 };
	for (int i = 0; i < PROCESSES; i++) {
		entries[i].what = RELEVO_WAIT_FOR_PIPE;
		entries[i].pipe = start();
		must(relevo_pipe_send(entries[i].pipe, questions[i], strlen(questions[i]),
				      RELEVO_FOREVER));
	}
	for (size_t left = PROCESSES; left > 0;) {
		size_t ready;
		must(relevo_wait(entries, left, RELEVO_FOREVER, &ready));
		for (size_t i = left; i-- > 0;) {
			if (!entries[i].ready)
				continue;
			print_answer(entries[i].pipe);
			relevo_pipe_close(entries[i].pipe);
			entries[i] = entries[--left];
		}
	}
	return 0;
}
