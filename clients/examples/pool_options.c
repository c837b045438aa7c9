/*
 * Every worker begins with a function of its own, and is replaced when it has done one task;
 * a task is a chunk of two arguments.
 */
#include "must.h"

#include <string.h>

enum { COUNT = 8, CHUNK = 2 };

static int base = 0;

static int begin(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)reply;
	(void)user;
	memcpy(&base, argument->data, sizeof base);
	return RELEVO_OK;
}

static int add(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	int number;
	(void)user;
	memcpy(&number, argument->data, sizeof number);
	number += base;
	return relevo_reply_set(reply, &number, sizeof number);
}

static void print(const struct relevo_result *results)
{
	int workers = 0;
	for (int i = 0; i < COUNT; i++) {
		int sum;
		must(results[i].status);
		memcpy(&sum, results[i].data, sizeof sum);
		printf("%s%d", i > 0 ? ", " : "", sum);
		/* Every chunk was another one's. */
		workers += i == 0 || results[i].worker_pid != results[i - 1].worker_pid;
	}
	printf("\n%d workers for %d arguments\n", workers, COUNT);
}

int main(void)
{
	const int hundred = 100;
	/* With 0 processes: as many as relevo_system_cpu_count() says. */
	const struct relevo_pool_options options = {
		.processes = 1,
		.initializer = "begin",
		.initializer_argument = { &hundred, sizeof hundred },
		.max_tasks_per_child = 1,
	};
	const struct relevo_map_options map = { .chunk = CHUNK };
	int numbers[COUNT];
	struct relevo_bytes arguments[COUNT];
	struct relevo_result results[COUNT];
	relevo_session *session;
	relevo_pool *pool;
	must(relevo_function_register("begin", begin, NULL));
	must(relevo_function_register("add", add, NULL));
	must(relevo_session_open(NULL, NULL, &session));
	must(relevo_pool_open(session, &options, &pool));
	for (int i = 0; i < COUNT; i++) {
		numbers[i] = i;
		arguments[i] = (struct relevo_bytes){ &numbers[i], sizeof numbers[i] };
	}
	must(relevo_pool_map(pool, "add", arguments, COUNT, &map, results));
	print(results);
	relevo_results_free(results, COUNT);
	relevo_pool_close(pool);
	must(relevo_session_close(session));
	return 0;
}
