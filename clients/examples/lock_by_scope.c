/* Four processes, one after the other in a block that holds a lock. Each counts in a global
 * of its own, which is never the parent's, and in a value that all share. */
#include "must.h"

#include <unistd.h>

enum { PROCESSES = 4 };

static int local = 0;

static int count(relevo_tuple *arguments)
{
	relevo_session *session;
	relevo_lock *lock;
	relevo_value *shared;
	int status;
	must(relevo_process_session(&session));
	must(relevo_tuple_lock(arguments, 0, session, NULL, &lock));
	must(relevo_tuple_value(arguments, 1, session, NULL, &shared));
	RELEVO_WITH(lock, &status)
	{
		double is;
		usleep(50000);
		local++;
		must(relevo_value_get(shared, &is, sizeof is));
		is++;
		must(relevo_value_set(shared, &is, sizeof is));
	}
	must(status);
	return 0;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct relevo_value_options of_double = { .type = RELEVO_TYPE_DOUBLE };
	relevo_session *session;
	relevo_lock *lock;
	relevo_value *shared;
	relevo_tuple *arguments;
	relevo_process *processes[PROCESSES];
	double is;
	must(relevo_process_session(&session));
	must(relevo_lock_open(session, NULL, NULL, &lock));
	must(relevo_value_open(session, NULL, &of_double, &shared));
	must(relevo_tuple_new(&arguments));
	must(relevo_tuple_add_lock(arguments, NULL, lock));
	must(relevo_tuple_add_value(arguments, NULL, shared));
	const struct relevo_process_options options = { .arguments = arguments };
	for (int i = 0; i < PROCESSES; i++) {
		must(relevo_process_new(count, &options, &processes[i]));
		must(relevo_process_start(processes[i]));
	}
	for (int i = 0; i < PROCESSES; i++) {
		must(relevo_process_join(processes[i], RELEVO_FOREVER));
		relevo_process_free(processes[i]);
	}
	must(relevo_value_get(shared, &is, sizeof is));
	printf("local: %d\nshared: %g\n", local, is);
	relevo_tuple_free(arguments);
	relevo_value_close(shared);
	relevo_lock_close(lock);
	return 0;
}
