/*
 * Memory that the processes of one host share, with its lock: faster than a value at the
 * broker. One of them dies in the middle of a change, and the next is told.
 */
#include "must.h"

#include <unistd.h>

enum { PROCESSES = 4 };

struct tally {
	int begun, done;
};

static int count(relevo_tuple *arguments)
{
	relevo_session *session;
	relevo_shared *shared;
	bool dies, owner_died;
	must(relevo_process_session(&session));
	must(relevo_tuple_shared(arguments, 0, session, NULL, &shared));
	must(relevo_tuple_bool(arguments, 1, &dies));
	struct tally *tally = relevo_shared_as(shared, struct tally);
	must(relevo_shared_lock(shared, RELEVO_FOREVER, &owner_died));
	if (owner_died) {
		printf("somebody died: %d begun, %d done\n", tally->begun, tally->done);
		tally->begun = tally->done;
	}
	tally->begun++;
	if (dies)
		_exit(1);
	tally->done++;
	must(relevo_shared_unlock(shared));
	relevo_shared_close(shared);
	return 0;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	relevo_session *session;
	relevo_shared *shared;
	must(relevo_process_session(&session));
	must(relevo_shared_open(session, NULL, sizeof(struct tally), NULL, &shared));
	for (int i = 0; i < PROCESSES; i++) {
		relevo_tuple *arguments;
		relevo_process *process;
		must(relevo_tuple_new(&arguments));
		must(relevo_tuple_add_shared(arguments, NULL, shared));
		must(relevo_tuple_add_bool(arguments, NULL, i == 1));
		const struct relevo_process_options options = { .arguments = arguments };
		must(relevo_process_new(count, &options, &process));
		relevo_tuple_free(arguments);
		must(relevo_process_start(process));
		must(relevo_process_join(process, RELEVO_FOREVER));
		relevo_process_free(process);
	}
	const struct tally *tally = relevo_shared_as(shared, struct tally);
	printf("%d begun, %d done\n", tally->begun, tally->done);
	relevo_shared_close(shared);
	return 0;
}
