/* A map goes on over brokers that are killed, if its pool is durable: no task is lost, and each
 * result is there once. */
#include "support/pools.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

enum { TASKS = 300, WORKERS = 2, ATTEMPTS = 20 };

/* How often each has been run. */
static struct shared {
	unsigned begun;
	unsigned runs[TASKS];
} * shared;

static int note(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	uint32_t number;
	(void)user;
	memcpy(&number, argument->data, sizeof number);
	__atomic_add_fetch(&shared->runs[number], 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&shared->begun, 1, __ATOMIC_SEQ_CST);
	poll(NULL, 0, 5); /* its work */
	return relevo_reply_set(reply, &number, sizeof number);
}

struct mapping {
	relevo_pool *pool;
	struct relevo_result results[TASKS];
	int status;
	char detail[512];
	pthread_t thread;
};

static void *run_map(void *argument)
{
	struct mapping *mapping = argument;
	const struct relevo_map_options options = { .chunk = 1, .timeout = 40000 };
	mapping->status = map_numbers(mapping->pool, "note", TASKS, &options, mapping->results);
	snprintf(mapping->detail, sizeof mapping->detail, "%s", relevo_error_detail());
	return NULL;
}

static void wait_until_begun(unsigned count)
{
	int64_t until = test_now() + 15000;
	while (__atomic_load_n(&shared->begun, __ATOMIC_SEQ_CST) < count) {
		if (test_now() > until)
			fail_msg("%u tasks have been begun, not %u", shared->begun, count);
		poll(NULL, 0, 5);
	}
}

static void a_map_goes_on_over_two_crashes(void **state)
{
	struct test_broker broker;
	char folder[64], data[96];
	relevo_session *session;
	struct mapping mapping = { 0 };
	const struct relevo_pool_options options = {
		.name = "p", .processes = WORKERS, .max_attempts = ATTEMPTS, .durable = true
	};
	(void)state;
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	assert_true(shared != MAP_FAILED);
	test_folder_make(folder);
	snprintf(data, sizeof data, "%s/data", folder);
	test_broker_start(&broker, (const char *const[]){ "--data", data, NULL });
	session = session_open(broker.url);
	assert_ok(relevo_function_register("note", note, NULL));
	assert_ok(relevo_pool_open(session, &options, &mapping.pool));
	assert_int_equal(pthread_create(&mapping.thread, NULL, run_map, &mapping), 0);
	for (unsigned crash = 1; crash <= 2; crash++) {
		wait_until_begun(crash * TASKS / 3);
		broker_kill(&broker);
		broker_again(&broker);
	}
	thread_join(mapping.thread, "the map");
	if (mapping.status != RELEVO_OK)
		fail_msg("the map ended with %d: %s", mapping.status, mapping.detail);
	for (uint32_t i = 0; i < TASKS; i++) {
		const struct relevo_result *result = &mapping.results[i];
		assert_status(result->status, RELEVO_OK);
		assert_int_equal(result->size, sizeof i);
		assert_memory_equal(result->data, &i, sizeof i);
		assert_true(shared->runs[i] > 0);
	}
	relevo_results_free(mapping.results, TASKS);
	relevo_pool_close(mapping.pool);
	assert_ok(relevo_session_close(session));
	test_broker_stop(&broker);
	test_folder_remove(folder);
	munmap(shared, sizeof *shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_goes_on_over_two_crashes),
	};
	return cmocka_run_group_tests_name("durable_pool", tests, NULL, NULL);
}
