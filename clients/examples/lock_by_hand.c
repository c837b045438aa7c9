/*
 * A number and an array that four processes change, each in two steps: it reads, and then
 * writes. A lock, acquired and released by hand, keeps them from coming between.
 */
#include "must.h"

enum { PROCESSES = 4, ELEMENTS = 10 };

static int change(relevo_tuple *arguments)
{
	relevo_session *session;
	relevo_value *number;
	relevo_array *array;
	relevo_lock *lock;
	double is;
	int32_t elements[ELEMENTS];
	must(relevo_process_session(&session));
	must(relevo_tuple_value(arguments, 0, session, NULL, &number));
	must(relevo_tuple_array(arguments, 1, session, NULL, &array));
	must(relevo_tuple_lock(arguments, 2, session, NULL, &lock));

	must(relevo_lock_acquire(lock, RELEVO_FOREVER, NULL));
	must(relevo_value_get(number, &is, sizeof is));
	is += 0.25;
	must(relevo_value_set(number, &is, sizeof is));
	must(relevo_array_read(array, 0, ELEMENTS, elements, sizeof elements));
	for (int i = 0; i < ELEMENTS; i++)
		elements[i] *= 2;
	must(relevo_array_write(array, 0, ELEMENTS, elements, sizeof elements));
	must(relevo_lock_release(lock));
	return 0;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct relevo_value_options of_number = { .type = RELEVO_TYPE_DOUBLE };
	int32_t elements[ELEMENTS] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	const struct relevo_array_options of_array = { .type = RELEVO_TYPE_INT32,
						       .count = ELEMENTS,
						       .initial = elements };
	relevo_session *session;
	relevo_value *number;
	relevo_array *array;
	relevo_lock *lock;
	relevo_tuple *arguments;
	relevo_process *processes[PROCESSES];
	double is;
	must(relevo_process_session(&session));
	must(relevo_value_open(session, NULL, &of_number, &number));
	must(relevo_array_open(session, NULL, &of_array, &array));
	must(relevo_lock_open(session, NULL, NULL, &lock));
	must(relevo_tuple_new(&arguments));
	must(relevo_tuple_add_value(arguments, NULL, number));
	must(relevo_tuple_add_array(arguments, NULL, array));
	must(relevo_tuple_add_lock(arguments, NULL, lock));
	const struct relevo_process_options options = { .arguments = arguments };
	for (int i = 0; i < PROCESSES; i++) {
		must(relevo_process_new(change, &options, &processes[i]));
		must(relevo_process_start(processes[i]));
	}
	for (int i = 0; i < PROCESSES; i++) {
		must(relevo_process_join(processes[i], RELEVO_FOREVER));
		relevo_process_free(processes[i]);
	}
	relevo_tuple_free(arguments);
	must(relevo_value_get(number, &is, sizeof is));
	must(relevo_array_read(array, 0, ELEMENTS, elements, sizeof elements));
	printf("%g", is);
	for (int i = 0; i < ELEMENTS; i++)
		printf(" %d", elements[i]);
	printf("\n");
	relevo_lock_close(lock);
	relevo_array_close(array);
	relevo_value_close(number);
	return 0;
}
