/* Deleting what has a name: by its own kind, and by no other. */
#include "support/queues.h"

static int open_queue(relevo_session *session)
{
	relevo_queue *queue;
	int status = relevo_queue_open(session, "queue", NULL, &queue);
	relevo_queue_close(status == RELEVO_OK ? queue : NULL);
	return status;
}

static int open_lock(relevo_session *session)
{
	relevo_lock *lock;
	int status = relevo_lock_open(session, "lock", NULL, &lock);
	relevo_lock_close(status == RELEVO_OK ? lock : NULL);
	return status;
}

static int open_semaphore(relevo_session *session)
{
	relevo_semaphore *semaphore;
	int status = relevo_semaphore_open(session, "semaphore", NULL, &semaphore);
	relevo_semaphore_close(status == RELEVO_OK ? semaphore : NULL);
	return status;
}

static int open_condition(relevo_session *session)
{
	relevo_condition *condition;
	int status = relevo_condition_open(session, "condition", NULL, &condition);
	relevo_condition_close(status == RELEVO_OK ? condition : NULL);
	return status;
}

/* Made of a queue, each of them: the broker knows them apart. */
static const struct {
	const char *name;
	int (*open)(relevo_session *session);
	int (*delete)(relevo_session *session, const char *name);
} kinds[] = {
	{ "queue", open_queue, relevo_queue_delete },
	{ "lock", open_lock, relevo_lock_delete },
	{ "semaphore", open_semaphore, relevo_semaphore_delete },
	{ "condition", open_condition, relevo_condition_delete },
};

#define COUNT (sizeof kinds / sizeof kinds[0])

static void each_is_deleted_by_its_own_kind(void **state)
{
	struct scene *scene = *state;
	for (size_t i = 0; i < COUNT; i++)
		assert_ok(kinds[i].open(scene->session));
	for (size_t i = 0; i < COUNT; i++) {
		for (size_t other = 0; other < COUNT; other++) {
			if (other == i)
				continue;
			assert_fails(kinds[other].delete(scene->session, kinds[i].name),
				     RELEVO_OPTION_MISMATCH, kinds[i].name);
		}
		assert_ok(kinds[i].delete(scene->session, kinds[i].name));
		assert_fails(kinds[i].delete(scene->session, kinds[i].name), RELEVO_NOT_FOUND,
			     kinds[i].name);
	}
}

static void a_recursive_lock_is_a_lock(void **state)
{
	struct scene *scene = *state;
	relevo_rlock *lock;
	assert_ok(relevo_rlock_open(scene->session, "lock", NULL, &lock));
	assert_ok(relevo_rlock_delete(scene->session, "lock"));
	assert_status(relevo_rlock_acquire(lock, 0, NULL), RELEVO_GONE);
	relevo_rlock_close(lock);
}

static void a_name_that_cannot_be_is_refused(void **state)
{
	struct scene *scene = *state;
	for (size_t i = 0; i < COUNT; i++)
		assert_fails(kinds[i].delete(scene->session, ""), RELEVO_BAD_NAME, kinds[i].name);
	assert_status(relevo_pool_delete(scene->session, ""), RELEVO_BAD_NAME);
}

static int count_queue(const struct relevo_queue_info *info, void *user)
{
	(void)info;
	++*(size_t *)user;
	return 0;
}

/* Nobody serves it: its one task waits. */
static void a_pool_goes_with_all_that_it_is_made_of(void **state)
{
	struct scene *scene = *state;
	const struct relevo_pool_options options = {
		.name = "p",
		.processes = RELEVO_POOL_NO_WORKERS,
	};
	const struct relevo_bytes argument = { "x", 1 };
	relevo_pool *pool;
	relevo_job *job;
	const struct relevo_result *results;
	size_t count;
	assert_fails(relevo_pool_delete(scene->session, "p"), RELEVO_NOT_FOUND, "pool \"p\"");
	assert_ok(relevo_pool_open(scene->session, &options, &pool));
	assert_ok(relevo_pool_apply_async(pool, "f", &argument, NULL, &job));
	assert_ok(relevo_pool_delete(scene->session, "p"));
	assert_ok(relevo_job_get(job, TEST_PATIENCE, &results, &count));
	assert_int_equal(count, 1);
	assert_int_equal(results[0].status, RELEVO_GONE);
	relevo_job_free(job);
	assert_status(relevo_pool_delete(scene->session, "p"), RELEVO_NOT_FOUND);
	relevo_pool_close(pool);
	size_t left = 0;
	assert_ok(relevo_queue_list(scene->session, "pool", count_queue, &left));
	assert_int_equal(left, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(each_is_deleted_by_its_own_kind),
		scene_unit_test(a_recursive_lock_is_a_lock),
		scene_unit_test(a_name_that_cannot_be_is_refused),
		scene_unit_test(a_pool_goes_with_all_that_it_is_made_of),
	};
	return cmocka_run_group_tests_name("delete", tests, NULL, NULL);
}
