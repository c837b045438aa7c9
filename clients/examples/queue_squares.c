/* A child puts ten squares and ends; then the queue is emptied. Nothing of what it put is
 * lost, and the queue is only said to be empty when it is. */
#include "must.h"

static int put_squares(relevo_tuple *arguments)
{
	relevo_session *session;
	relevo_queue *queue;
	must(relevo_process_session(&session));
	must(relevo_tuple_queue(arguments, 0, session, NULL, &queue));
	for (int i = 0; i < 10; i++) {
		const int square = i * i;
		must(relevo_queue_put(queue, &square, sizeof square, RELEVO_FOREVER));
	}
	relevo_queue_close(queue);
	return 0;
}

static bool is_empty(relevo_queue *queue)
{
	struct relevo_queue_state counts;
	must(relevo_queue_inspect(queue, &counts));
	return counts.ready == 0;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	relevo_session *session;
	relevo_queue *queue;
	relevo_tuple *arguments;
	relevo_process *process;
	must(relevo_process_session(&session));
	must(relevo_queue_open(session, NULL, NULL, &queue));
	must(relevo_tuple_new(&arguments));
	must(relevo_tuple_add_queue(arguments, NULL, queue));
	const struct relevo_process_options options = { .arguments = arguments };
	must(relevo_process_new(put_squares, &options, &process));
	relevo_tuple_free(arguments);
	must(relevo_process_start(process));
	must(relevo_process_join(process, RELEVO_FOREVER));
	relevo_process_free(process);
	while (!is_empty(queue)) {
		relevo_item item;
		must(relevo_queue_get(queue, RELEVO_FOREVER, &item));
		printf("%d\n", *(int *)item.data);
		relevo_item_free(&item);
	}
	relevo_queue_close(queue);
	return 0;
}
