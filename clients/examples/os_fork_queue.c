/* A clone made by the program itself, with fork(2): the clone goes on using the handles that
 * it finds, by a connection of its own. */
#include "must.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	relevo_session *session;
	relevo_queue *queue;
	must(relevo_session_open(NULL, NULL, &session));
	must(relevo_queue_open(session, NULL, NULL, &queue));
	pid_t clone = fork();
	if (clone < 0) {
		perror("os_fork_queue");
		return EXIT_FAILURE;
	}
	if (clone == 0) {
		const char *text = "hello from the clone";
		must(relevo_queue_put(queue, text, strlen(text), RELEVO_FOREVER));
	} else {
		relevo_item item;
		must(relevo_queue_get(queue, RELEVO_FOREVER, &item));
		printf("%s\n", (char *)item.data);
		relevo_item_free(&item);
		waitpid(clone, NULL, 0);
	}
	/* Each closes what is its own. */
	relevo_queue_close(queue);
	must(relevo_session_close(session));
	return EXIT_SUCCESS;
}
