/* A queue with room for two: whether it is empty or full, and what comes first goes first. */
#include "must.h"

#include <string.h>

enum { ROOM = 2 };

static void print_state(relevo_queue *queue)
{
	struct relevo_queue_state counts;
	must(relevo_queue_inspect(queue, &counts));
	printf("empty: %s, full: %s\n", counts.ready == 0 ? "yes" : "no",
	       counts.ready == ROOM ? "yes" : "no");
}

static void put(relevo_queue *queue, const char *text)
{
	/* It would wait for room; here for 0.1 s at most. */
	int status = relevo_queue_put(queue, text, strlen(text), 100);
	printf("put %s: %s\n", text, relevo_error_name(status));
}

static void get(relevo_queue *queue)
{
	relevo_item item;
	int status = relevo_queue_get(queue, 0, &item);
	if (status == RELEVO_OK) {
		printf("get: %s\n", (char *)item.data);
		relevo_item_free(&item);
	} else {
		printf("get: %s\n", relevo_error_name(status));
	}
}

int main(void)
{
	const struct relevo_queue_options options = { .capacity = ROOM };
	relevo_session *session;
	relevo_queue *queue;
	must(relevo_session_open(NULL, NULL, &session));
	must(relevo_queue_open(session, NULL, &options, &queue));
	print_state(queue);
	put(queue, "first");
	print_state(queue);
	put(queue, "second");
	print_state(queue);
	put(queue, "third");
	get(queue);
	get(queue);
	get(queue);
	relevo_queue_close(queue);
	must(relevo_session_close(session));
	return 0;
}
