/*
 * The three ways to start a process. By fork and spawn the system's parent of it is the one
 * that made it; by forkserver, the default, it is the server, a process in between. Each
 * finds the program again, wherever it has gone meanwhile.
 */
#include "must.h"

#include <unistd.h>

static int child(relevo_tuple *arguments)
{
	(void)arguments;
	printf("%s: process %d, made by %d, the system says %d\n",
	       relevo_process_method_name(relevo_process_method(relevo_process_current())),
	       getpid(), relevo_process_pid(relevo_process_parent()), getppid());
	return 0;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	if (chdir("/") != 0)
		return EXIT_FAILURE;
	for (const enum relevo_start_method *method = relevo_process_methods(); *method != 0;
	     method++) {
		const struct relevo_process_options options = { .method = *method };
		relevo_process *process;
		must(relevo_process_new(child, &options, &process));
		must(relevo_process_start(process));
		must(relevo_process_join(process, RELEVO_FOREVER));
		relevo_process_free(process);
	}
	/* For those that name none, instead: */
	must(relevo_process_set_default_method(RELEVO_START_SPAWN, false));
	printf("from now on: %s\n", relevo_process_method_name(relevo_process_default_method()));
	return 0;
}
