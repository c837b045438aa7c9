/* Throughput and round trips of a pool, beside Python and Gearman. */
#include "bench/actors.h"
#include "bench/cases.h"
#include "bench/die.h"
#include "bench/python.h"
#include "bench/queue_name.h"
#include "bench/raw_gearman.h"

/* Tasks that do nothing: what a pool itself costs. */
enum { TASKS = 10000, WORKERS = 2, WARM_UP = 100, CHUNKED_MAPS = 20, APPLIES = 2000 };

struct mapping {
	const char *url;
	size_t chunk; /* 0: the default */
	int maps;     /* one after the other */
	int applies;  /* and then so many tasks, each waited for */
};

static int noop(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)argument;
	(void)reply;
	(void)user;
	return RELEVO_OK;
}

static void map_once(relevo_pool *pool, const struct relevo_bytes *arguments, size_t count,
		     size_t chunk)
{
	static struct relevo_result results[TASKS];
	const struct relevo_map_options options = { .chunk = chunk };
	must(relevo_pool_map(pool, "noop", arguments, count, &options, results), "relevo_pool_map");
	for (size_t i = 0; i < count; i++)
		must(results[i].status, "a task");
	relevo_results_free(results, count);
}

static void map_all(struct actor *self, const void *context)
{
	const struct mapping *mapping = context;
	static struct relevo_bytes arguments[TASKS];
	static int numbers[TASKS];
	for (int i = 0; i < TASKS; i++) {
		numbers[i] = i;
		arguments[i] = (struct relevo_bytes){ &numbers[i], sizeof numbers[i] };
	}
	const struct relevo_pool_options options = { .processes = WORKERS };
	relevo_session *session = session_to(mapping->url);
	relevo_pool *pool;
	must(relevo_function_register("noop", noop, NULL), "relevo_function_register");
	must(relevo_pool_open(session, &options, &pool), "relevo_pool_open");
	map_once(pool, arguments, WARM_UP, 1);
	actor_ready(self);
	for (int i = 0; i < mapping->maps; i++)
		map_once(pool, arguments, TASKS, mapping->chunk);
	for (int i = 0; i < mapping->applies; i++)
		map_once(pool, arguments, 1, 1);
	actor_done(self);
	relevo_pool_close(pool);
	must(relevo_session_close(session), "relevo_session_close");
}

static double tasks_per_second(const struct mapping *mapping)
{
	const struct role role = { map_all, mapping };
	return (double)mapping->maps * TASKS / actors_run(&role, 1);
}

double pool_noop(const struct fixture *fixture)
{
	const struct mapping mapping = { fixture->url, 1, 1 };
	return tasks_per_second(&mapping);
}

double pool_noop_chunked(const struct fixture *fixture)
{
	const struct mapping mapping = { fixture->url, 0, CHUNKED_MAPS };
	return tasks_per_second(&mapping);
}

double pool_apply(const struct fixture *fixture)
{
	const struct mapping mapping = { .url = fixture->url, .applies = APPLIES };
	const struct role role = { map_all, &mapping };
	return 1e6 * actors_run(&role, 1) / APPLIES;
}

/* ---- Python's pool ---------------------------------------------------- */

/* Tasks a second or, without maps, microseconds for each of those that are waited for. */
static double python_pool(size_t chunk, int maps)
{
	const int numbers[] = { TASKS, WORKERS, (int)chunk, maps, maps == 0 ? APPLIES : 0 };
	return python_figure(POOL_PYTHON, numbers, 5);
}

double python_noop(const struct fixture *fixture)
{
	(void)fixture;
	return python_pool(1, 1);
}

double python_noop_chunked(const struct fixture *fixture)
{
	(void)fixture;
	return python_pool(0, CHUNKED_MAPS);
}

double python_apply(const struct fixture *fixture)
{
	(void)fixture;
	return python_pool(1, 0);
}

/* ---- gearmand --------------------------------------------------------- */

double gearman_noop(const struct fixture *fixture)
{
	(void)fixture;
	return gearman_stream(TASKS);
}

double gearman_apply(const struct fixture *fixture)
{
	(void)fixture;
	return gearman_round_trip(APPLIES);
}
