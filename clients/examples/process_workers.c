/* Three workers, each of which prints its letter ten times, while the program is done
 * already: they are waited for when it ends. */
#include "must.h"

#include <unistd.h>

static int worker(relevo_tuple *arguments)
{
	const char *letter;
	must(relevo_tuple_text(arguments, 0, &letter, NULL));
	for (int i = 0; i < 10; i++) {
		printf("%s", letter);
		fflush(stdout);
		usleep(20000);
	}
	return 0;
}

static void start(const char *letter)
{
	relevo_tuple *arguments;
	relevo_process *process;
	must(relevo_tuple_new(&arguments));
	must(relevo_tuple_add_text(arguments, NULL, letter));
	const struct relevo_process_options options = { .arguments = arguments };
	must(relevo_process_new(worker, &options, &process));
	relevo_tuple_free(arguments);
	must(relevo_process_start(process));
	relevo_process_free(process);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	printf("Starting\n");
	fflush(stdout);
	start("A");
	start("B");
	start("C");
	printf("Done\n");
	/* Otherwise it is written last, when the workers have ended. */
	fflush(stdout);
	return 0;
}
