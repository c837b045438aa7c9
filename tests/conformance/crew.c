#include "conformance/crew.h"

#include "support/host.h"

#include <fcntl.h>
#include <sys/mman.h>

static int square(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number;
	(void)user;
	memcpy(&number, argument->data, sizeof number);
	number *= number;
	return relevo_reply_set(reply, &number, sizeof number);
}

static int nap(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	int64_t msec;
	(void)user;
	memcpy(&msec, argument->data, sizeof msec);
	hold_still((int)msec);
	return relevo_reply_set(reply, &msec, sizeof msec);
}

static int refuse(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	return relevo_reply_fail(reply, "refused: %.*s", (int)argument->size,
				 (const char *)argument->data);
}

enum relevo_start_method crew_method = RELEVO_START_FORK;

int crew_setup(void **state)
{
	const enum relevo_start_method *method = *state;
	crew_method = *method;
	return stage_setup(state);
}

void crew_enter(int argc, char **argv, void (*more)(void))
{
	child_check(relevo_function_register("square", square, NULL) == RELEVO_OK);
	child_check(relevo_function_register("nap", nap, NULL) == RELEVO_OK);
	child_check(relevo_function_register("refuse", refuse, NULL) == RELEVO_OK);
	if (more != NULL)
		more();
	relevo_process_enter(argc, argv);
}

void *crew_memory(size_t size)
{
	static const char variable[] = "RELEVO_TEST_MEMORY";
	char path[64];
	int fd;
	if (getenv(variable) == NULL) {
		/* Those that inherit no memory find it in the test's table of files. */
		fd = memfd_create("test", MFD_CLOEXEC);
		child_check(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
		snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), fd);
		setenv(variable, path, 1);
	} else {
		fd = open(getenv(variable), O_RDWR | O_CLOEXEC);
		child_check(fd >= 0);
	}
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	child_check(memory != MAP_FAILED);
	return memory;
}

struct serving {
	const struct stage *stage;
	const char *pool;
	int workers;
};

static void serve(void *argument)
{
	const struct serving *serving = argument;
	const struct relevo_worker_options options = { .processes = serving->workers };
	child_check(test_host() == NULL || test_host_enter());
	child_check(relevo_worker_serve(serving->stage->broker.more, serving->pool, &options) ==
		    RELEVO_OK);
}

void crew_open_with(const struct stage *stage, struct crew *crew,
		    const struct relevo_pool_options *options)
{
	struct relevo_pool_options used = *options;
	used.method = crew_method;
	*crew = (struct crew){ .workers = options->processes };
	if (stage->over_tcp)
		used.processes = RELEVO_POOL_NO_WORKERS;
	assert_ok(relevo_pool_open(stage->session, &used, &crew->pool));
	struct serving serving = { stage, relevo_pool_name(crew->pool), crew->workers };
	if (stage->over_tcp)
		crew->server = child_start(serve, &serving);
}

void crew_open(const struct stage *stage, struct crew *crew, int workers)
{
	const struct relevo_pool_options options = { .processes = workers };
	crew_open_with(stage, crew, &options);
}

void crew_free(struct crew *crew)
{
	relevo_pool_close(crew->pool);
	if (crew->server != 0)
		child_join(crew->server);
	crew->pool = NULL;
}

const struct relevo_bytes *numbers(void)
{
	static uint32_t values[MOST_NUMBERS];
	static struct relevo_bytes arguments[MOST_NUMBERS];
	for (uint32_t i = 0; arguments[0].data == NULL && i < MOST_NUMBERS; i++)
		values[i] = i;
	for (size_t i = MOST_NUMBERS; arguments[0].data == NULL && i-- > 0;)
		arguments[i] = (struct relevo_bytes){ &values[i], sizeof values[i] };
	return arguments;
}

uint32_t number_of(const struct relevo_result *result)
{
	uint32_t number;
	assert_int_equal(result->status, RELEVO_OK);
	assert_int_equal(result->size, sizeof number);
	memcpy(&number, result->data, sizeof number);
	return number;
}

void check_squares(const struct relevo_result *results, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(number_of(&results[i]), i * i);
		assert_int_equal(results[i].index, i);
	}
}

void expect_squares(struct relevo_result *results, size_t count)
{
	check_squares(results, count);
	relevo_results_free(results, count);
}

void expect_works(relevo_pool *pool)
{
	struct relevo_result results[10];
	assert_ok(relevo_pool_map(pool, "square", numbers(), 10, NULL, results));
	expect_squares(results, 10);
}

size_t count_workers(const struct relevo_result *results, size_t count)
{
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		size_t k = 0;
		while (k < i && results[k].worker_pid != results[i].worker_pid)
			k++;
		found += k == i;
	}
	return found;
}
