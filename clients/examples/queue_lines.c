/*
 * This process reads lines, and a child writes what they make together, until the line is
 * "--". The child ends there and then, without a word; neither the queue nor its parent is
 * disturbed.
 */
#include "must.h"

#include <string.h>
#include <unistd.h>

static int concatenate(relevo_tuple *arguments)
{
	char text[4096] = "";
	relevo_session *session;
	relevo_queue *queue;
	must(relevo_process_session(&session));
	must(relevo_tuple_queue(arguments, 0, session, NULL, &queue));
	for (;;) {
		relevo_item line;
		must(relevo_queue_get(queue, RELEVO_FOREVER, &line));
		if (strcmp(line.data, "--") == 0)
			_exit(0);
		strncat(text, line.data, sizeof text - strlen(text) - 1);
		relevo_item_free(&line);
		printf("%s\n", text);
		fflush(stdout);
	}
}

static void read_lines(relevo_queue *queue)
{
	char line[256] = "";
	while (strcmp(line, "--") != 0) {
		if (isatty(STDIN_FILENO))
			printf("a line, or -- to end: ");
		fflush(stdout);
		if (fgets(line, sizeof line, stdin) == NULL)
			strcpy(line, "--");
		line[strcspn(line, "\n")] = '\0';
		must(relevo_queue_put(queue, line, strlen(line), RELEVO_FOREVER));
	}
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct relevo_queue_options of_queue = { .capacity = 1000 };
	relevo_session *session;
	relevo_queue *queue;
	relevo_tuple *arguments;
	relevo_process *process;
	must(relevo_process_session(&session));
	must(relevo_queue_open(session, NULL, &of_queue, &queue));
	must(relevo_tuple_new(&arguments));
	must(relevo_tuple_add_queue(arguments, NULL, queue));
	const struct relevo_process_options options = { .arguments = arguments };
	must(relevo_process_new(concatenate, &options, &process));
	relevo_tuple_free(arguments);
	must(relevo_process_start(process));
	read_lines(queue);
	must(relevo_process_join(process, RELEVO_FOREVER));
	printf("the end\n");
	relevo_process_free(process);
	relevo_queue_close(queue);
	return 0;
}
