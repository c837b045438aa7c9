/* Three daemons that take their time, side by side, and end with their number. */
#include "must.h"

#include <unistd.h>

enum { PROCESSES = 3 };

static int work(relevo_tuple *arguments)
{
	int64_t number;
	must(relevo_tuple_int(arguments, 0, &number));
	/* The first takes longest. */
	usleep((unsigned)(PROCESSES - number) * 100000);
	exit((int)number);
}

static relevo_process *start(int number)
{
	relevo_tuple *arguments;
	relevo_process *process;
	must(relevo_tuple_new(&arguments));
	must(relevo_tuple_add_int(arguments, NULL, number));
	const struct relevo_process_options options = { .arguments = arguments,
							.daemon = RELEVO_DAEMON_YES };
	must(relevo_process_new(work, &options, &process));
	relevo_tuple_free(arguments);
	must(relevo_process_start(process));
	return process;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	relevo_process *processes[PROCESSES];
	for (int i = 0; i < PROCESSES; i++)
		processes[i] = start(i);
	for (int i = 0; i < PROCESSES; i++) {
		int code;
		must(relevo_process_join(processes[i], RELEVO_FOREVER));
		must(relevo_process_exit_code(processes[i], &code));
		printf("process %d ended with %d\n", i, code);
		relevo_process_free(processes[i]);
	}
	return 0;
}
