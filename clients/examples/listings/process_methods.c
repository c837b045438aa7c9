/* The three ways to start a process, and what a child has of its parent's memory. */
#include "must.h"

#include <unistd.h>

static int value = 0;

static int child(relevo_tuple *arguments)
{
	(void)arguments;
	printf("%-10s value = %d, a process of its own: %s\n",
	       relevo_start_method_name(relevo_process_method(relevo_process_current())), value,
	       relevo_process_pid(relevo_process_parent()) != getpid() ? "yes" : "no");
	fflush(stdout);
	/* No handler, no clean-up: nobody is hurt. */
	_exit(0);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	/* The program sees only what it changed itself; a child by fork has a copy. */
	value = -5;
	const enum relevo_start_method methods[] = { RELEVO_FORK, RELEVO_SPAWN, RELEVO_FORKSERVER };
	for (int i = 0; i < 3; i++) {
		const struct relevo_process_options options = { .method = methods[i] };
		relevo_process *process;
		must(relevo_process_new(child, &options, &process));
		must(relevo_process_start(process));
		must(relevo_process_join(process, RELEVO_FOREVER));
		relevo_process_free(process);
	}
	printf("%-10s value = %d\n", "parent", value);
	return 0;
}
