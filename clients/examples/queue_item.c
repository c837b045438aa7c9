/* One item through a queue: a list of an integer, nothing and a text. */
#include "show.h"

static int put(relevo_tuple *arguments)
{
	relevo_session *session;
	relevo_queue *queue;
	relevo_tuple *item;
	must(relevo_process_session(&session));
	must(relevo_tuple_queue(arguments, 0, session, NULL, &queue));
	must(relevo_tuple_new(&item));
	must(relevo_tuple_add_int(item, NULL, 42));
	must(relevo_tuple_add_none(item, NULL));
	must(relevo_tuple_add_text(item, NULL, "hello"));
	must(relevo_queue_put_tuple(queue, item, RELEVO_FOREVER));
	relevo_tuple_free(item);
	relevo_queue_close(queue);
	return 0;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	relevo_session *session;
	relevo_queue *queue;
	relevo_tuple *arguments, *item;
	relevo_process *process;
	must(relevo_process_session(&session));
	must(relevo_queue_open(session, NULL, NULL, &queue));
	must(relevo_tuple_new(&arguments));
	must(relevo_tuple_add_queue(arguments, NULL, queue));
	const struct relevo_process_options options = { .arguments = arguments };
	must(relevo_process_new(put, &options, &process));
	relevo_tuple_free(arguments);
	must(relevo_process_start(process));
	must(relevo_queue_get_tuple(queue, RELEVO_FOREVER, &item));
	show(item);
	relevo_tuple_free(item);
	must(relevo_process_join(process, RELEVO_FOREVER));
	relevo_process_free(process);
	relevo_queue_close(queue);
	return 0;
}
