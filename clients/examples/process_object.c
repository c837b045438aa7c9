/* A process with state of its own: what is a class of its own elsewhere is a struct here,
 * a function that runs with it, and one that starts it. */
#include "must.h"

#include <unistd.h>

struct counter {
	int from, to;
	relevo_process *process; /* of the one who started it */
};

static int counter_run(relevo_tuple *arguments)
{
	const void *state;
	must(relevo_tuple_bytes(arguments, 0, &state, NULL));
	const struct counter *counter = state;
	int sum = 0;
	for (int i = counter->from; i <= counter->to; i++)
		sum += i;
	printf("process %d: %d to %d make %d\n", getpid(), counter->from, counter->to, sum);
	return 0;
}

/* The state goes along as bytes: it is copied, so pointers in it are of no use there. */
static void counter_start(struct counter *counter)
{
	relevo_tuple *arguments;
	must(relevo_tuple_new(&arguments));
	must(relevo_tuple_add_bytes(arguments, NULL, counter, sizeof *counter));
	const struct relevo_process_options options = { .arguments = arguments };
	must(relevo_process_new(counter_run, &options, &counter->process));
	relevo_tuple_free(arguments);
	must(relevo_process_start(counter->process));
}

static void counter_join(struct counter *counter)
{
	must(relevo_process_join(counter->process, RELEVO_FOREVER));
	relevo_process_free(counter->process);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	struct counter low = { .from = 1, .to = 4 }, high = { .from = 5, .to = 8 };
	counter_start(&low);
	counter_start(&high);
	counter_join(&low);
	counter_join(&high);
	return 0;
}
