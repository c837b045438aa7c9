/* A function for each of several arguments, by four workers: they work in any order, and the
 * results are in that of the arguments. */
#include "must.h"

#include <string.h>

enum { COUNT = 6 };

static int worker(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	int number;
	(void)user;
	memcpy(&number, argument->data, sizeof number);
	printf("In worker with: %d\n", number);
	fflush(stdout);
	number *= number;
	return relevo_reply_set(reply, &number, sizeof number);
}

int main(void)
{
	const struct relevo_pool_options options = { .processes = 4 };
	const int numbers[COUNT] = { 0, 1, 2, 3, 4, 5 };
	struct relevo_bytes arguments[COUNT];
	struct relevo_result results[COUNT];
	relevo_session *session;
	relevo_pool *pool;
	must(relevo_function_register("worker", worker, NULL));
	must(relevo_session_open(NULL, NULL, &session));
	must(relevo_pool_open(session, &options, &pool));
	for (int i = 0; i < COUNT; i++)
		arguments[i] = (struct relevo_bytes){ &numbers[i], sizeof numbers[i] };
	must(relevo_pool_map(pool, "worker", arguments, COUNT, NULL, results));
	printf("[");
	for (int i = 0; i < COUNT; i++) {
		int square;
		/* One that fails does not stop the others. */
		must(results[i].status);
		memcpy(&square, results[i].data, sizeof square);
		printf("%s%d", i > 0 ? ", " : "", square);
	}
	printf("]\n");
	relevo_results_free(results, COUNT);
	relevo_pool_close(pool);
	must(relevo_session_close(session));
	return 0;
}
