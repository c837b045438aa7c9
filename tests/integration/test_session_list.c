/* Who is connected, as a program sees it. */
#include "support/queues.h"

#include <pthread.h>

/* What a visit has seen. */
struct seen {
	size_t count;
	uint64_t last; /* number */
	size_t stop;   /* after so many; 0: never */
	char calls[256];
	int64_t pid;
};

static int see(const struct relevo_session_info *info, void *user)
{
	struct seen *seen = user;
	assert_true(info->number > seen->last);
	seen->last = info->number;
	seen->count++;
	if (info->pid == seen->pid)
		for (size_t i = 0; i < info->waiting_count; i++) {
			size_t used = strlen(seen->calls);
			snprintf(seen->calls + used, sizeof seen->calls - used, "%d %s %s;",
				 (int)info->waiting[i].call, info->waiting[i].kind,
				 info->waiting[i].object);
		}
	return seen->count == seen->stop ? 77 : 0;
}

static void many_sessions_come_page_by_page(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 100 };
	relevo_session *sessions[COUNT];
	struct seen seen = { 0 };
	for (int i = 0; i < COUNT; i++)
		sessions[i] = session_open(scene->broker.url);
	assert_ok(relevo_session_list(scene->session, see, &seen));
	assert_int_equal(seen.count, COUNT + 1);
	seen = (struct seen){ .stop = 50 };
	assert_int_equal(relevo_session_list(scene->session, see, &seen), 77);
	assert_int_equal(seen.count, 50);
	for (int i = 0; i < COUNT; i++)
		assert_ok(relevo_session_close(sessions[i]));
	seen = (struct seen){ 0 };
	assert_ok(relevo_session_list(scene->session, see, &seen));
	assert_int_equal(seen.count, 1);
}

static void *wait_for_flag(void *argument)
{
	child_check(relevo_event_wait(argument, RELEVO_FOREVER) == RELEVO_OK);
	return NULL;
}

static void *wait_for_items(void *argument)
{
	child_check(relevo_queue_join(argument, RELEVO_FOREVER) == RELEVO_OK);
	return NULL;
}

/* Looked at from another session until both have come. */
static bool both_wait(void *argument)
{
	struct seen seen = { .pid = getpid() };
	assert_ok(relevo_session_list(argument, see, &seen));
	return strstr(seen.calls, "5 event flag;") != NULL &&
	       strstr(seen.calls, "3 queue q;") != NULL;
}

static void threads_that_wait_are_told_apart(void **state)
{
	struct scene *scene = *state;
	pthread_t threads[2];
	relevo_event *flag;
	relevo_session *other = session_open(scene->broker.url);
	put_text(scene->queue, "x");
	assert_ok(relevo_event_open(scene->session, "flag", NULL, &flag));
	pthread_create(&threads[0], NULL, wait_for_flag, flag);
	pthread_create(&threads[1], NULL, wait_for_items, scene->queue);
	assert_true(eventually(both_wait, other));
	assert_ok(relevo_event_set(flag));
	expect_text(scene->queue, "x");
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	struct seen seen = { .pid = getpid() };
	assert_ok(relevo_session_list(other, see, &seen));
	assert_string_equal(seen.calls, "");
	relevo_event_close(flag);
	assert_ok(relevo_session_close(other));
}

/* A client of many items does not make the answer long, or false. */
static int count_leases(const struct relevo_session_info *info, void *user)
{
	uint64_t *leases = user;
	leases[0] += info->leases;
	for (size_t i = 0; i < info->held_count; i++)
		leases[1] += info->held[i].count;
	return 0;
}

static void leases_beyond_the_first_are_counted(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 33000, STEP = 1000 };
	relevo_item *items = calloc(COUNT, sizeof *items);
	assert_non_null(items);
	for (int i = 0; i < COUNT; i++)
		put_text(scene->queue, "x");
	for (size_t got = 0, step; got < COUNT; got += step)
		assert_ok(
			relevo_queue_lease(scene->queue, TEST_PATIENCE, items + got, STEP, &step));
	uint64_t leases[2] = { 0 };
	assert_ok(relevo_session_list(scene->session, count_leases, leases));
	assert_int_equal(leases[0], COUNT);
	assert_int_equal(leases[1], 32768);
	for (int i = 0; i < COUNT; i++)
		relevo_item_free(&items[i]);
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(many_sessions_come_page_by_page),
		scene_unit_test(threads_that_wait_are_told_apart),
		scene_unit_test(leases_beyond_the_first_are_counted),
	};
	return cmocka_run_group_tests_name("integration/session_list", tests, NULL, NULL);
}
