/* Three ways to be done with a process: ask it to end, end it, and dispose of it. */
#include "must.h"

#include <unistd.h>

static int idle(relevo_tuple *arguments)
{
	(void)arguments;
	pause();
	return 0;
}

static relevo_process *start(void)
{
	relevo_process *process;
	must(relevo_process_new(idle, NULL, &process));
	must(relevo_process_start(process));
	return process;
}

static void print_code(relevo_process *process)
{
	int code;
	must(relevo_process_join(process, RELEVO_FOREVER));
	must(relevo_process_exit_code(process, &code));
	printf("%s ended with %d\n", relevo_process_name(process), code);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	relevo_process *asked = start(), *ended = start();
	bool alive;

	/* 5 s at most would be 5000. */
	int status = relevo_process_join(asked, 100);
	printf("waiting for 0.1 s: %s\n", relevo_error_name(status));
	must(relevo_process_is_alive(asked, &alive));
	printf("it is alive: %s\n", alive ? "yes" : "no");
	status = relevo_process_dispose(asked);
	printf("disposing of it: %s, %s\n", relevo_error_name(status), relevo_error_detail());

	must(relevo_process_terminate(asked)); /* SIGTERM */
	print_code(asked);
	must(relevo_process_kill(ended)); /* SIGKILL */
	print_code(ended);

	must(relevo_process_dispose(asked));
	status = relevo_process_join(asked, RELEVO_FOREVER);
	printf("waiting for it now: %s, %s\n", relevo_error_name(status), relevo_error_detail());
	relevo_process_free(asked);
	relevo_process_free(ended);
	return 0;
}
