/*
 * A global that the parent has changed. A child by spawn is a fresh program, and sees what it
 * was in the beginning; a child by fork has a copy of what it had become.
 */
#include "must.h"

#include <unistd.h>

static int value = 0;

static int child(relevo_tuple *arguments)
{
	relevo_process *me = relevo_process_current();
	(void)arguments;
	printf("%s: value = %d\n", relevo_process_method_name(relevo_process_method(me)), value);
	fflush(stdout);
	/* Without any clean-up: nobody is hurt. */
	_exit(0);
}

static void start(enum relevo_start_method method)
{
	const struct relevo_process_options options = { .method = method };
	relevo_process *process;
	must(relevo_process_new(child, &options, &process));
	must(relevo_process_start(process));
	/* Not waited for here: it goes on. */
	relevo_process_free(process);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	value = -5;
	start(RELEVO_START_SPAWN);
	start(RELEVO_START_SPAWN);
	start(RELEVO_START_FORK);
	printf("parent: value = %d\n", value);
	return 0;
}
