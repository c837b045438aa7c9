/* Make a process of a function, start it, look at it, and wait for it. */
#include "must.h"

static int work(relevo_tuple *arguments)
{
	int64_t first, second;
	must(relevo_tuple_int(arguments, 0, &first));
	must(relevo_tuple_int(arguments, 1, &second));
	printf("%s adds %d and %d\n", relevo_process_name(relevo_process_current()), (int)first,
	       (int)second);
	return (int)(first + second);
}

static const char *alive(relevo_process *process)
{
	bool is;
	must(relevo_process_is_alive(process, &is));
	return is ? "alive" : "not alive";
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	relevo_tuple *arguments;
	relevo_process *process;
	int code;
	must(relevo_tuple_new(&arguments));
	must(relevo_tuple_add_int(arguments, NULL, 3));
	must(relevo_tuple_add_int(arguments, NULL, 4));
	const struct relevo_process_options options = { .arguments = arguments };
	must(relevo_process_new(work, &options, &process));
	relevo_tuple_free(arguments);

	printf("%s is %s before the start\n", relevo_process_name(process), alive(process));
	/* The child writes to the same place: what was said before goes there before. */
	fflush(stdout);
	must(relevo_process_start(process));
	must(relevo_process_join(process, RELEVO_FOREVER));
	printf("%s is %s after the end\n", relevo_process_name(process), alive(process));
	must(relevo_process_exit_code(process, &code));
	printf("its exit code is %d\n", code);
	relevo_process_free(process);
	return 0;
}
