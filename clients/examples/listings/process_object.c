/* A process with state of its own: what a subclass of Process is in Python. */
#include "must.h"

struct counter {
	int64_t from, to;
};

/* Its run(): the state travels as the argument. */
static int run(relevo_tuple *arguments)
{
	const void *state;
	must(relevo_tuple_bytes(arguments, 0, &state, NULL));
	const struct counter *counter = state;
	int sum = 0;
	for (int64_t i = counter->from; i <= counter->to; i++)
		sum += (int)i;
	return sum;
}

static relevo_process *start(const struct counter *counter)
{
	relevo_tuple *arguments;
	relevo_process *process;
	must(relevo_tuple_new(&arguments));
	must(relevo_tuple_add_bytes(arguments, NULL, counter, sizeof *counter));
	const struct relevo_process_options options = { .arguments = arguments };
	must(relevo_process_new(run, &options, &process));
	relevo_tuple_free(arguments);
	must(relevo_process_start(process));
	return process;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct counter counters[] = { { 1, 4 }, { 5, 8 } };
	relevo_process *first = start(&counters[0]), *second = start(&counters[1]);
	relevo_process *both[] = { first, second };
	printf("two process ids: %s\n",
	       relevo_process_pid(first) != relevo_process_pid(second) ? "different" : "the same");
	for (int i = 0; i < 2; i++) {
		int code;
		must(relevo_process_join(both[i], RELEVO_FOREVER));
		must(relevo_process_exit_code(both[i], &code));
		printf("the sum of %d to %d is %d\n", (int)counters[i].from, (int)counters[i].to,
		       code);
		relevo_process_free(both[i]);
	}
	return 0;
}
