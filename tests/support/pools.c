/* Setting up a broker and a pool for a test, and the functions that tests have it call. */
#include "support/pools.h"

#include <sys/mman.h>

struct gate pool_begun, pool_go_on;

static struct pool_scene the_scene;

/* By pool_setup_with_memory(). */
static void *memory;
static size_t memory_size;

static int square(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number;
	(void)user;
	if (argument->size != sizeof number)
		return relevo_reply_fail(reply, "%zu bytes are no number", argument->size);
	memcpy(&number, argument->data, sizeof number);
	uint64_t result = (uint64_t)number * number;
	return relevo_reply_set(reply, &result, sizeof result);
}

static int echo(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	return relevo_reply_set(reply, argument->data, argument->size);
}

static int refuse(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	return relevo_reply_fail(reply, "refused: %.*s", (int)argument->size,
				 (const char *)argument->data);
}

int pool_setup(void **state)
{
	if (leaks_setup(state) != 0)
		return -1;
	test_broker_start(&the_scene.broker, NULL);
	the_scene.session = session_open(the_scene.broker.url);
	the_scene.pool = NULL;
	*state = &the_scene;
	if (relevo_function_register("square", square, NULL) != RELEVO_OK ||
	    relevo_function_register("echo", echo, NULL) != RELEVO_OK ||
	    relevo_function_register("refuse", refuse, NULL) != RELEVO_OK)
		return -1;
	return 0;
}

void *pool_setup_with_memory(void **state, size_t size)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || pool_setup(state) != 0)
		return NULL;
	memory = map;
	memory_size = size;
	gate_make(&pool_begun);
	gate_make(&pool_go_on);
	return memory;
}

int pool_teardown_with_memory(void **state)
{
	gate_close(&pool_begun);
	gate_close(&pool_go_on);
	munmap(memory, memory_size);
	return pool_teardown(state);
}

int pool_teardown(void **state)
{
	relevo_pool_close(the_scene.pool);
	int status = relevo_session_close(the_scene.session);
	test_broker_stop(&the_scene.broker);
	int leaks = leaks_teardown(state);
	if (process_children(getpid(), NULL, 0) != 0) {
		fputs("left a child running\n", stderr);
		return -1;
	}
	return status == RELEVO_OK ? leaks : -1;
}

void pool_open(struct pool_scene *scene, int processes)
{
	struct relevo_pool_options options = { .name = "p", .processes = processes };
	assert_ok(relevo_pool_open(scene->session, &options, &scene->pool));
}

int map_numbers(relevo_pool *pool, const char *function, size_t count,
		const struct relevo_map_options *options, struct relevo_result *results)
{
	uint32_t *numbers = calloc(count + 1, sizeof *numbers);
	struct relevo_bytes *arguments = calloc(count + 1, sizeof *arguments);
	assert_non_null(numbers);
	assert_non_null(arguments);
	for (size_t i = 0; i < count; i++) {
		numbers[i] = (uint32_t)i;
		arguments[i] = (struct relevo_bytes){ &numbers[i], sizeof numbers[i] };
	}
	int status = relevo_pool_map(pool, function, arguments, count, options, results);
	free(numbers);
	free(arguments);
	return status;
}

void expect_squares(relevo_pool *pool, size_t count, const struct relevo_map_options *options)
{
	struct relevo_result *results = calloc(count + 1, sizeof *results);
	assert_non_null(results);
	assert_ok(map_numbers(pool, "square", count, options, results));
	for (size_t i = 0; i < count; i++) {
		uint64_t value = 0;
		assert_int_equal(results[i].status, RELEVO_OK);
		assert_int_equal(results[i].size, sizeof value);
		memcpy(&value, results[i].data, sizeof value);
		assert_int_equal(value, (uint64_t)i * i);
		assert_true(results[i].attempts >= 1);
		assert_int_not_equal(results[i].worker_pid, 0);
	}
	relevo_results_free(results, count);
	relevo_results_free(results, count);
	free(results);
}
