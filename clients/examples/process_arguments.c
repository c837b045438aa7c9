/*
 * Arguments: by place or by name, of any kind, and objects among them, here a queue, which
 * the child opens for itself.
 */
#include "must.h"

static int greet(relevo_tuple *arguments)
{
	relevo_session *session;
	relevo_queue *answers;
	const char *who, *greeting;
	size_t place;
	int64_t times;
	must(relevo_tuple_text(arguments, 0, &who, NULL));
	/* Those with a name, wherever they stand. */
	must(relevo_tuple_find(arguments, "times", &place));
	must(relevo_tuple_int(arguments, place, &times));
	must(relevo_tuple_find(arguments, "greeting", &place));
	must(relevo_tuple_text(arguments, place, &greeting, NULL));
	must(relevo_process_session(&session));
	must(relevo_tuple_queue(arguments, 1, session, NULL, &answers));
	for (int i = 0; i < times; i++) {
		char answer[100];
		int size = snprintf(answer, sizeof answer, "%s, %s", greeting, who);
		must(relevo_queue_put(answers, answer, (size_t)size, RELEVO_FOREVER));
	}
	relevo_queue_close(answers);
	return 0;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	relevo_session *session;
	relevo_queue *answers;
	relevo_tuple *arguments;
	relevo_process *process;
	must(relevo_process_session(&session));
	must(relevo_queue_open(session, NULL, NULL, &answers));
	must(relevo_tuple_new(&arguments));
	must(relevo_tuple_add_text(arguments, NULL, "Ana"));
	must(relevo_tuple_add_queue(arguments, NULL, answers));
	must(relevo_tuple_add_text(arguments, "greeting", "Hola"));
	must(relevo_tuple_add_int(arguments, "times", 2));
	const struct relevo_process_options options = { .arguments = arguments };
	must(relevo_process_new(greet, &options, &process));
	relevo_tuple_free(arguments);
	must(relevo_process_start(process));
	for (int i = 0; i < 2; i++) {
		relevo_item answer;
		must(relevo_queue_get(answers, RELEVO_FOREVER, &answer));
		printf("%s\n", (char *)answer.data);
		relevo_item_free(&answer);
	}
	must(relevo_process_join(process, RELEVO_FOREVER));
	relevo_process_free(process);
	relevo_queue_close(answers);
	return 0;
}
