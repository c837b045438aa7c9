/* Memory is not shared: what a child appends to a list of the program's, it appends to
 * its own copy. */
#include "must.h"

static int squares[4], count;

static void print_list(const char *whose)
{
	printf("%s: [", whose);
	for (int i = 0; i < count; i++)
		printf("%s%d", i > 0 ? ", " : "", squares[i]);
	printf("]\n");
}

static int append_squares(relevo_tuple *arguments)
{
	for (size_t i = 0; i < relevo_tuple_count(arguments); i++) {
		int64_t number;
		must(relevo_tuple_int(arguments, i, &number));
		squares[count++] = (int)(number * number);
	}
	print_list("child");
	return 0;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	relevo_tuple *numbers;
	relevo_process *process;
	must(relevo_tuple_new(&numbers));
	for (int i = 1; i <= 4; i++)
		must(relevo_tuple_add_int(numbers, NULL, i));
	const struct relevo_process_options options = { .arguments = numbers };
	must(relevo_process_new(append_squares, &options, &process));
	relevo_tuple_free(numbers);
	must(relevo_process_start(process));
	must(relevo_process_join(process, RELEVO_FOREVER));
	relevo_process_free(process);
	print_list("parent");
	return 0;
}
