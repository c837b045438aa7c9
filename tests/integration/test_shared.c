/* Shared memory: names, options, handles, threads, and what goes wrong. */
#include "support/queues.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>

static relevo_shared *open_with(relevo_session *session, const char *name, size_t size,
				const struct relevo_shared_options *options)
{
	relevo_shared *shared = NULL;
	assert_ok(relevo_shared_open(session, name, size, options, &shared));
	return shared;
}

static int try_open(relevo_session *session, const char *name, size_t size,
		    struct relevo_shared_options options)
{
	relevo_shared *shared = NULL;
	int status = relevo_shared_open(session, name, size, &options, &shared);
	assert_true((status == RELEVO_OK) == (shared != NULL));
	relevo_shared_close(shared);
	return status;
}

#define WITH(...) ((struct relevo_shared_options){ __VA_ARGS__ })

/* ---- names and options ------------------------------------------------- */

static void a_name_leads_to_one_memory(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	relevo_shared *first = open_with(scene->session, "m", 100, NULL);
	relevo_shared *second = open_with(other, "m", 100, NULL);
	assert_true(relevo_shared_created(first));
	assert_false(relevo_shared_created(second));
	assert_string_equal(relevo_shared_name(second), "m");
	assert_int_equal(relevo_shared_size(second), 100);
	strcpy(relevo_shared_data(first), "seen by both");
	assert_string_equal(relevo_shared_data(second), "seen by both");
	assert_int_equal((uintptr_t)relevo_shared_data(first) % 64, 0);
	relevo_shared_close(first);
	assert_string_equal(relevo_shared_data(second), "seen by both");
	relevo_shared_close(second);
	assert_ok(relevo_session_close(other));
	/* Kept until it is deleted. */
	first = open_with(scene->session, "m", 0, &WITH(.mode = RELEVO_OPEN_EXISTING));
	assert_string_equal(relevo_shared_data(first), "seen by both");
	assert_ok(relevo_shared_delete(scene->session, "m"));
	assert_fails(relevo_shared_delete(scene->session, "m"), RELEVO_NOT_FOUND, "\"m\"");
	relevo_shared_close(first);
}

static void without_a_name_each_is_new(void **state)
{
	struct scene *scene = *state;
	relevo_shared *first = open_with(scene->session, NULL, 10, NULL);
	relevo_shared *second = open_with(scene->session, NULL, 10, NULL);
	assert_string_not_equal(relevo_shared_name(first), relevo_shared_name(second));
	char name[300];
	snprintf(name, sizeof name, "%s", relevo_shared_name(first));
	assert_ok(try_open(scene->session, name, 0, WITH(.mode = RELEVO_OPEN_EXISTING)));
	relevo_shared_close(first);
	relevo_shared_close(second);
	assert_status(try_open(scene->session, name, 0, WITH(.mode = RELEVO_OPEN_EXISTING)),
		      RELEVO_NOT_FOUND);
}

static void options_are_checked_and_named(void **state)
{
	struct scene *scene = *state;
	relevo_session *session = scene->session;
	assert_fails(try_open(session, "m", 0, WITH(0)), RELEVO_BAD_ARGUMENT, "0 bytes");
	assert_fails(try_open(session, "m", SIZE_MAX, WITH(0)), RELEVO_QUOTA, "bytes");
	assert_fails(try_open(session, "m", 3, WITH(.initial = "four", .initial_size = 4)),
		     RELEVO_BAD_ARGUMENT, "3 bytes");
	assert_status(try_open(session, "m", 3, WITH(.initial_size = 3)), RELEVO_BAD_ARGUMENT);
	assert_fails(try_open(session, "m", 3, WITH(.mode = 5)), RELEVO_BAD_ARGUMENT, "mode");
	assert_fails(try_open(session, "m", 3, WITH(.lifetime = 5)), RELEVO_BAD_ARGUMENT,
		     "lifetime");
	assert_status(try_open(session, "", 3, WITH(0)), RELEVO_BAD_NAME);
	assert_status(try_open(session, "a\n", 3, WITH(0)), RELEVO_BAD_NAME);
	assert_status(try_open(session, NULL, 3, WITH(.mode = RELEVO_OPEN_EXISTING)),
		      RELEVO_BAD_ARGUMENT);
	assert_status(try_open(session, "m", 3, WITH(.mode = RELEVO_OPEN_EXISTING)),
		      RELEVO_NOT_FOUND);
	assert_ok(try_open(session, "m", 3, WITH(0)));
	assert_fails(try_open(session, "m", 4, WITH(0)), RELEVO_OPTION_MISMATCH, "size 3, not 4");
	assert_fails(try_open(session, "m", 3, WITH(.locking = RELEVO_SHARED_NO_LOCK)),
		     RELEVO_OPTION_MISMATCH, "lock");
	assert_fails(try_open(session, "m", 3, WITH(.lifetime = RELEVO_LIFETIME_UNTIL_UNUSED)),
		     RELEVO_OPTION_MISMATCH, "lifetime");
	assert_status(try_open(session, "m", 3, WITH(.mode = RELEVO_OPEN_NEW)), RELEVO_EXISTS);
	assert_ok(relevo_shared_delete(session, "m"));
}

static void first_contents_have_a_limit(void **state)
{
	struct scene *scene = *state;
	size_t size = relevo_session_max_item(scene->session) + 1;
	char *bytes = calloc(1, size);
	assert_non_null(bytes);
	memset(bytes, 'x', size);
	assert_status(
		try_open(scene->session, NULL, size, WITH(.initial = bytes, .initial_size = size)),
		RELEVO_TOO_LARGE);
	relevo_shared *shared = open_with(scene->session, NULL, size,
					  &WITH(.initial = bytes, .initial_size = size - 1));
	assert_memory_equal(relevo_shared_data(shared), bytes, size - 1);
	assert_int_equal(((char *)relevo_shared_data(shared))[size - 1], 0);
	relevo_shared_close(shared);
	free(bytes);
}

static void bad_timeouts_are_refused(void **state)
{
	struct scene *scene = *state;
	relevo_shared *shared = open_with(scene->session, NULL, 10, NULL);
	assert_fails(relevo_shared_lock(shared, -2, NULL), RELEVO_BAD_ARGUMENT, "-2");
	assert_status(relevo_shared_unlock(shared), RELEVO_NOT_OWNER);
	relevo_shared_close(shared);
}

/* ---- handles ----------------------------------------------------------- */

static void closing_gives_the_lock_up(void **state)
{
	struct scene *scene = *state;
	relevo_shared *first = open_with(scene->session, "m", 10, NULL);
	relevo_shared *second = open_with(scene->session, "m", 10, NULL);
	relevo_shared *third = open_with(scene->session, "m", 10, NULL);
	bool owner_died = true;
	/* The same lock, wherever it is mapped. */
	assert_ok(relevo_shared_lock(first, 0, NULL));
	assert_ok(relevo_shared_lock(second, 0, NULL));
	assert_ok(relevo_shared_unlock(first));
	relevo_shared_close(first);
	assert_status(relevo_shared_unlock(second), RELEVO_NOT_OWNER);
	assert_ok(relevo_shared_lock(third, 0, &owner_died));
	assert_false(owner_died);
	assert_ok(relevo_shared_unlock(third));
	relevo_shared_close(second);
	relevo_shared_close(third);
	assert_ok(relevo_shared_delete(scene->session, "m"));
}

struct inheritance {
	relevo_shared *shared;
	struct gate *closed;
};

static void use_what_is_inherited(void *argument)
{
	struct inheritance *inheritance = argument;
	gate_pass(inheritance->closed);
	child_check(relevo_shared_lock(inheritance->shared, TEST_PATIENCE, NULL) == RELEVO_OK);
	child_check(strcmp(relevo_shared_data(inheritance->shared), "heirloom") == 0);
	child_check(relevo_shared_unlock(inheritance->shared) == RELEVO_OK);
	relevo_shared_close(inheritance->shared);
}

static void a_child_keeps_what_its_parent_closes(void **state)
{
	struct scene *scene = *state;
	struct gate closed;
	gate_make(&closed);
	relevo_shared *shared = open_with(scene->session, NULL, 100, NULL);
	strcpy(relevo_shared_data(shared), "heirloom");
	/* The parent has the lock, the child does not. */
	assert_ok(relevo_shared_lock(shared, 0, NULL));
	struct inheritance inheritance = { shared, &closed };
	pid_t child = child_start(use_what_is_inherited, &inheritance);
	relevo_shared_close(shared);
	gate_open(&closed);
	child_join(child);
	gate_close(&closed);
}

struct adding {
	relevo_shared *shared;
	struct scene *scene;
};

static void *add_many(void *argument)
{
	struct adding *adding = argument;
	int *value = relevo_shared_as(adding->shared, int);
	for (int i = 0; i < 1000; i++) {
		/* Without a time-out: tsan understands that. */
		child_check(relevo_shared_lock(adding->shared, RELEVO_FOREVER, NULL) == RELEVO_OK);
		++*value;
		child_check(relevo_shared_unlock(adding->shared) == RELEVO_OK);
		if (i % 100 != 0)
			continue;
		/* Others are opened and closed meanwhile, through the same session. */
		relevo_shared *other;
		child_check(relevo_shared_open(adding->scene->session, "other", 10, NULL, &other) ==
			    RELEVO_OK);
		relevo_shared_close(other);
	}
	return NULL;
}

static void threads_have_the_lock_one_by_one(void **state)
{
	enum { THREADS = 8 };
	struct scene *scene = *state;
	pthread_t threads[THREADS];
	struct adding adding = { open_with(scene->session, NULL, sizeof(int), NULL), scene };
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, &adding), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(*relevo_shared_as(adding.shared, int), THREADS * 1000);
	relevo_shared_close(adding.shared);
	assert_ok(relevo_shared_delete(scene->session, "other"));
}

/* ---- what goes wrong --------------------------------------------------- */

static void a_process_without_descriptors_is_told(void **state)
{
	struct scene *scene = *state;
	struct rlimit usual, none;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	none = usual;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	int status = try_open(scene->session, NULL, 10, WITH(0));
	assert_non_null(strstr(relevo_error_detail(), "Too many open"));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
	assert_status(status, RELEVO_NO_DESCRIPTORS);
	assert_ok(try_open(scene->session, NULL, 10, WITH(0)));
}

static void it_is_not_for_other_hosts(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	struct test_broker broker;
	(void)state;
	test_broker_start(&broker, arguments);
	relevo_session *session = session_open(broker.more);
	assert_fails(try_open(session, "m", 10, WITH(0)), RELEVO_NOT_LOCAL, "ipc://");
	assert_ok(relevo_session_flush(session, TEST_PATIENCE));
	assert_ok(relevo_session_close(session));
	test_broker_stop(&broker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(a_name_leads_to_one_memory),
		scene_unit_test(without_a_name_each_is_new),
		scene_unit_test(options_are_checked_and_named),
		scene_unit_test(first_contents_have_a_limit),
		scene_unit_test(bad_timeouts_are_refused),
		scene_unit_test(closing_gives_the_lock_up),
		scene_unit_test(a_child_keeps_what_its_parent_closes),
		scene_unit_test(threads_have_the_lock_one_by_one),
		scene_unit_test(a_process_without_descriptors_is_told),
		/* nng keeps threads and descriptors: not checked for leaks, and last. */
		cmocka_unit_test(it_is_not_for_other_hosts),
	};
	return cmocka_run_group_tests_name("shared", tests, NULL, NULL);
}
