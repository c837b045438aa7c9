/* relevo ps: who is connected, and what they do. */
#include "integration/cli/client.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>

static void *get_forever(void *argument)
{
	relevo_item item;
	child_check(relevo_queue_get(argument, RELEVO_FOREVER, &item) == RELEVO_GONE);
	return NULL;
}

/* The line of the session of that name. */
static json_t *session_of(const char *name)
{
	struct outcome outcome = client("", "ps", "--json");
	json_t *found = NULL;
	assert_int_equal(outcome.status, 0);
	char *rest = NULL;
	for (char *line = strtok_r(outcome.out, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		json_t *value = json_loads(line, 0, NULL);
		assert_non_null(value);
		if (strcmp(json_string_value(json_object_get(value, "name")), name) == 0 &&
		    found == NULL)
			found = value;
		else
			json_decref(value);
	}
	outcome_free(&outcome);
	assert_non_null(found);
	return found;
}

static json_int_t number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static const char *text(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	assert_true(json_is_string(value));
	return json_string_value(value);
}

static void a_session_is_described(void **state)
{
	struct scene *scene = *state;
	char host[HOST_NAME_MAX + 1] = "";
	json_t *own = session_of(program_invocation_short_name);
	gethostname(host, sizeof host - 1);
	assert_int_equal(number(own, "session"), 1);
	assert_int_equal(number(own, "pid"), getpid());
	assert_int_equal(number(own, "uid"), getuid());
	assert_string_equal(text(own, "host"), host);
	assert_string_equal(text(own, "address"), "unix");
	assert_true(json_is_true(json_object_get(own, "local")));
	assert_int_equal(number(own, "handles"), 1);
	assert_int_equal(number(own, "leases"), 0);
	assert_int_equal(number(own, "waits"), 0);
	assert_true(number(own, "bytes") > 0);
	assert_true(number(own, "user_bytes") > number(own, "bytes"));
	assert_true(number(own, "age_msec") >= 0);
	assert_string_equal(text(own, "state"), "running");
	assert_int_equal(json_array_size(json_object_get(own, "waiting")), 0);
	json_decref(own);
	/* This one is listed, too. */
	own = session_of("relevo");
	/* A fork of a program that has handles has one, too. */
	assert_true(number(own, "session") >= 3);
	json_decref(own);
	(void)scene;
}

static void what_it_waits_for_and_holds_is_told(void **state)
{
	struct scene *scene = *state;
	relevo_lock *door;
	pthread_t thread;
	assert_ok(relevo_lock_open(scene->session, "door", NULL, &door));
	assert_ok(relevo_lock_acquire(door, 0, NULL));
	assert_int_equal(pthread_create(&thread, NULL, get_forever, scene->queue), 0);
	wait_for_getters(scene->queue, 1);
	json_t *own = session_of(program_invocation_short_name);
	assert_string_equal(text(own, "state"), "blocked");
	assert_int_equal(number(own, "waits"), 1);
	const json_t *wait = json_array_get(json_object_get(own, "waiting"), 0);
	assert_string_equal(text(wait, "call"), "get");
	assert_string_equal(text(wait, "kind"), "queue");
	assert_string_equal(text(wait, "object"), "q");
	assert_between(number(wait, "msec"), 0, TEST_PATIENCE);
	const json_t *hold = json_array_get(json_object_get(own, "holding"), 0);
	assert_string_equal(text(hold, "kind"), "lock");
	assert_string_equal(text(hold, "object"), "door");
	assert_int_equal(number(hold, "count"), 1);
	json_decref(own);

	struct outcome outcome = client("", "ps", "--waiting");
	assert_int_equal(outcome.status, 0);
	assert_non_null(strstr(outcome.out, "blocked in get on queue q for "));
	assert_non_null(strstr(outcome.out, "; holds lock door\n"));
	assert_null(strstr(outcome.out, "running"));
	outcome_free(&outcome);
	assert_ok(relevo_queue_delete(scene->session, "q"));
	pthread_join(thread, NULL);
	assert_ok(relevo_lock_release(door));
	relevo_lock_close(door);
}

static void *open_pipe(void *argument)
{
	relevo_pipe *pipe;
	child_check(relevo_pipe_open(argument, "p", RELEVO_DIRECTION_BOTH, TEST_PATIENCE, &pipe) ==
		    RELEVO_OK);
	relevo_pipe_close(pipe);
	return NULL;
}

static bool waits_for_pipe(void *argument)
{
	struct outcome outcome = client("", "ps", "--waiting");
	bool told = strstr(outcome.out, "blocked in meet on pipe p for ") != NULL;
	(void)argument;
	assert_int_equal(outcome.status, 0);
	outcome_free(&outcome);
	return told;
}

static void who_waits_for_a_pipe_is_told(void **state)
{
	struct scene *scene = *state;
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, open_pipe, scene->session), 0);
	assert_true(eventually(waits_for_pipe, NULL));
	open_pipe(scene->session);
	pthread_join(thread, NULL);
}

static void the_table_has_a_line_for_each(void **state)
{
	(void)state;
	struct outcome outcome = client("", "ps");
	assert_int_equal(outcome.status, 0);
	assert_memory_equal(outcome.out, "SESSION  ", 9);
	assert_non_null(strstr(outcome.out, " HOST "));
	int lines = 0;
	for (const char *at = outcome.out; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	assert_int_equal(lines, 3);
	assert_non_null(strstr(outcome.out, "  running\n"));
	outcome_free(&outcome);
}

static void it_takes_no_arguments(void **state)
{
	(void)state;
	struct outcome outcome = client("", "ps", "more");
	assert_int_equal(outcome.status, 2);
	outcome_free(&outcome);
}

static void the_overview_has_it(void **state)
{
	(void)state;
	struct outcome outcome = client("", "help");
	assert_int_equal(outcome.status, 0);
	assert_non_null(strstr(outcome.out, "\n  ps "));
	outcome_free(&outcome);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(a_session_is_described),
		client_unit_test(what_it_waits_for_and_holds_is_told),
		client_unit_test(who_waits_for_a_pipe_is_told),
		client_unit_test(the_table_has_a_line_for_each),
		client_unit_test(it_takes_no_arguments),
		client_unit_test(the_overview_has_it),
	};
	return cmocka_run_group_tests_name("integration/cli/ps", tests, NULL, NULL);
}
