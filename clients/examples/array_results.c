/* A child leaves its results in an array, and a number beside it. */
#include "must.h"

enum { ELEMENTS = 10 };

static void print_array(const char *whose, relevo_array *array)
{
	int32_t elements[ELEMENTS];
	must(relevo_array_read(array, 0, ELEMENTS, elements, sizeof elements));
	printf("%s: [", whose);
	for (int i = 0; i < ELEMENTS; i++)
		printf("%s%d", i > 0 ? ", " : "", elements[i]);
	printf("]\n");
}

static int work(relevo_tuple *arguments)
{
	const double number = 5.35;
	relevo_session *session;
	relevo_array *array;
	relevo_value *value;
	must(relevo_process_session(&session));
	must(relevo_tuple_array(arguments, 0, session, NULL, &array));
	must(relevo_tuple_value(arguments, 1, session, NULL, &value));
	for (int32_t i = 0; i < ELEMENTS; i++) {
		const int32_t square = i * i;
		must(relevo_array_set(array, (size_t)i, &square, sizeof square));
	}
	must(relevo_value_set(value, &number, sizeof number));
	print_array("child", array);
	relevo_array_close(array);
	relevo_value_close(value);
	return 0;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct relevo_array_options ints = { .type = RELEVO_TYPE_INT32, .count = ELEMENTS };
	const struct relevo_value_options one_double = { .type = RELEVO_TYPE_DOUBLE };
	relevo_session *session;
	relevo_array *array;
	relevo_value *value;
	relevo_tuple *arguments;
	relevo_process *process;
	double number;
	must(relevo_process_session(&session));
	must(relevo_array_open(session, NULL, &ints, &array));
	must(relevo_value_open(session, NULL, &one_double, &value));
	must(relevo_tuple_new(&arguments));
	must(relevo_tuple_add_array(arguments, NULL, array));
	must(relevo_tuple_add_value(arguments, NULL, value));
	const struct relevo_process_options options = { .arguments = arguments };
	must(relevo_process_new(work, &options, &process));
	relevo_tuple_free(arguments);
	must(relevo_process_start(process));
	must(relevo_process_join(process, RELEVO_FOREVER));
	relevo_process_free(process);
	print_array("parent", array);
	must(relevo_value_get(value, &number, sizeof number));
	printf("exactly 5.35: %s\n", number == 5.35 ? "yes" : "no");
	relevo_array_close(array);
	relevo_value_close(value);
	return 0;
}
