/* Sixteen tasks for four workers: four at a time, the next as soon as one is done. */
#include "must.h"

#include <string.h>
#include <unistd.h>

enum { TASKS = 16, WORKERS = 4 };

struct task {
	int number, milliseconds;
};

static int work(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	struct task task;
	(void)reply;
	(void)user;
	memcpy(&task, argument->data, sizeof task);
	printf("Started %d\n", task.number);
	fflush(stdout);
	usleep((unsigned)task.milliseconds * 1000);
	printf("Ended %d\n", task.number);
	fflush(stdout);
	return RELEVO_OK;
}

int main(void)
{
	const struct relevo_pool_options options = { .processes = WORKERS };
	struct task tasks[TASKS];
	struct relevo_bytes arguments[TASKS];
	struct relevo_result results[TASKS];
	relevo_session *session;
	relevo_pool *pool;
	must(relevo_function_register("work", work, NULL));
	must(relevo_session_open(NULL, NULL, &session));
	must(relevo_pool_open(session, &options, &pool));
	for (int i = 0; i < TASKS; i++) {
		tasks[i] = (struct task){ i, 20 + rand() % 60 };
		arguments[i] = (struct relevo_bytes){ &tasks[i], sizeof tasks[i] };
	}
	/* Waits for all of them. */
	must(relevo_pool_map(pool, "work", arguments, TASKS, NULL, results));
	for (int i = 0; i < TASKS; i++)
		must(results[i].status);
	printf("All done\n");
	relevo_results_free(results, TASKS);
	/* At once, since nothing is left to do. */
	must(relevo_pool_terminate(pool));
	relevo_pool_close(pool);
	must(relevo_session_close(session));
	return 0;
}
