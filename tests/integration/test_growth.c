/* What the library fills has 0 in its reserved words, whatever stood there: a program that was
 * built with newer headers finds nothing in members that this library does not know. */
#include "support/queues.h"

#include <relevo/version.h>

/* A structure as a caller may have it who has not set it to anything. */
#define filled_by(structure, call)                                                                 \
	do {                                                                                       \
		memset(&(structure), 0xa5, sizeof(structure));                                     \
		assert_ok(call);                                                                   \
		assert_zero((structure).reserved,                                                  \
			    sizeof(structure).reserved / sizeof(structure).reserved[0]);           \
	} while (0)

static void assert_zero(const uint64_t *words, size_t count)
{
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(words[i], 0);
}

static int give_end(struct relevo_bytes *argument, void *user)
{
	(void)argument;
	(void)user;
	return RELEVO_END_OF_STREAM;
}

static int answer(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	return relevo_reply_set(reply, argument->data, argument->size);
}

static void states_are_filled(void **state)
{
	struct scene *scene = *state;
	const struct relevo_barrier_options two = { .parties = 2 };
	struct relevo_queue_state counts;
	struct relevo_barrier_state how;
	relevo_barrier *barrier;
	filled_by(counts, relevo_queue_inspect(scene->queue, &counts));
	assert_ok(relevo_barrier_open(scene->session, NULL, &two, &barrier));
	filled_by(how, relevo_barrier_inspect(barrier, &how));
	relevo_barrier_close(barrier);
}

static void grants_are_filled(void **state)
{
	struct scene *scene = *state;
	struct relevo_grant grant;
	relevo_lock *lock;
	relevo_rlock *rlock;
	relevo_semaphore *semaphore;
	relevo_condition *condition;
	assert_ok(relevo_lock_open(scene->session, NULL, NULL, &lock));
	assert_ok(relevo_rlock_open(scene->session, NULL, NULL, &rlock));
	assert_ok(relevo_semaphore_open(scene->session, NULL, NULL, &semaphore));
	assert_ok(relevo_condition_open(scene->session, NULL, NULL, &condition));
	filled_by(grant, relevo_lock_acquire(lock, TEST_PATIENCE, &grant));
	filled_by(grant, relevo_rlock_acquire(rlock, TEST_PATIENCE, &grant));
	filled_by(grant, relevo_rlock_acquire(rlock, TEST_PATIENCE, &grant));
	filled_by(grant, relevo_semaphore_acquire(semaphore, TEST_PATIENCE, &grant));
	filled_by(grant, relevo_condition_acquire(condition, TEST_PATIENCE, &grant));
	assert_ok(relevo_condition_release(condition));
	struct relevo_scope scope;
	filled_by(scope, (scope = relevo_scope_condition(condition, TEST_PATIENCE)).status);
	assert_zero(scope.grant.reserved, RELEVO_RESERVED_FEW);
	relevo_scope_end(&scope);
	relevo_condition_close(condition);
	relevo_semaphore_close(semaphore);
	relevo_rlock_close(rlock);
	relevo_lock_close(lock);
}

static void what_is_ready_is_filled(void **state)
{
	struct scene *scene = *state;
	struct relevo_ready ready;
	relevo_poller *poller;
	relevo_lock *lock;
	size_t count;
	put_text(scene->queue, "x");
	assert_ok(relevo_lock_open(scene->session, NULL, NULL, &lock));
	assert_ok(relevo_poller_new(&poller));
	assert_ok(relevo_poller_add_queue(poller, scene->queue, NULL));
	filled_by(ready, relevo_poller_wait(poller, TEST_PATIENCE, &ready, 1, &count));
	assert_zero(ready.grant.reserved, RELEVO_RESERVED_FEW);
	relevo_poller_free(poller);
	struct relevo_wait_entry entry = { .what = RELEVO_WAIT_FOR_LOCK, .lock = lock };
	memset(&entry.grant, 0xa5, sizeof entry.grant);
	assert_ok(relevo_wait(&entry, 1, TEST_PATIENCE, &count));
	assert_zero(entry.grant.reserved, RELEVO_RESERVED_FEW);
	/* It may be given again as it is. */
	assert_ok(relevo_lock_release(lock));
	assert_ok(relevo_wait(&entry, 1, TEST_PATIENCE, &count));
	relevo_lock_close(lock);
}

static void results_are_filled(void **state)
{
	struct scene *scene = *state;
	const struct relevo_pool_options one = { .processes = 1, .method = RELEVO_START_FORK };
	const struct relevo_input nothing = { .next = give_end };
	struct relevo_result result;
	struct relevo_results results;
	relevo_pool *pool;
	assert_ok(relevo_function_register("answer", answer, NULL));
	assert_ok(relevo_pool_open(scene->session, &one, &pool));
	filled_by(result, relevo_pool_apply(pool, "answer", "x", 1, TEST_PATIENCE, &result));
	assert_ok(result.status);
	relevo_results_free(&result, 1);
	filled_by(result, relevo_pool_apply(pool, "none", "x", 1, TEST_PATIENCE, &result));
	assert_int_equal(result.status, RELEVO_UNKNOWN_FUNCTION);
	relevo_results_free(&result, 1);
	filled_by(results, relevo_pool_map_input(pool, "answer", &nothing, NULL, &results));
	free(results.items);
	relevo_pool_close(pool);
}

static void output_of_programs_is_filled(void **state)
{
	const char *const words[] = { "echo", "x", NULL };
	const struct relevo_run_options options = { .program.output.kind = RELEVO_STREAM_PIPE };
	struct relevo_program_output output;
	(void)state;
	filled_by(output, relevo_program_run(words, &options, &output));
	assert_string_equal(output.output, "x\n");
	relevo_program_output_free(&output);
}

static void the_version_is_that_of_the_headers(void **state)
{
	char text[32];
	(void)state;
	snprintf(text, sizeof text, "%d.%d.%d", RELEVO_VERSION_MAJOR, RELEVO_VERSION_MINOR,
		 RELEVO_VERSION_PATCH);
	assert_string_equal(relevo_version(), text);
	assert_string_equal(RELEVO_VERSION, text);
	assert_int_equal(relevo_version_number(), RELEVO_VERSION_NUMBER);
	assert_int_equal(RELEVO_VERSION_NUMBER, 10000 * RELEVO_VERSION_MAJOR +
							100 * RELEVO_VERSION_MINOR +
							RELEVO_VERSION_PATCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(states_are_filled),
		scene_unit_test(grants_are_filled),
		scene_unit_test(what_is_ready_is_filled),
		scene_unit_test(results_are_filled),
		cmocka_unit_test(output_of_programs_is_filled),
		cmocka_unit_test(the_version_is_that_of_the_headers),
	};
	return cmocka_run_group_tests_name("growth", tests, NULL, NULL);
}
