/* The commands for queues, one by one. */
#include "integration/cli/client.h"

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

/* ---- create, delete ------------------------------------------------------- */

static void create_makes_a_queue_that_stays(void **state)
{
	struct scene *scene = *state;
	struct relevo_queue_options options = { .mode = RELEVO_OPEN_EXISTING };
	relevo_queue *queue;
	expect_output(client("", "queue", "create", "new"), "");
	assert_ok(relevo_queue_open(scene->session, "new", &options, &queue));
	put_text(queue, "stays");
	relevo_queue_close(queue);
	expect_output(client("", "queue", "get", "new"), "stays\n");
}

static void create_fails_for_one_that_is_there(void **state)
{
	(void)state;
	expect_failure(client("", "queue", "create", "q"), 1,
		       "queue create: there is a queue \"q\" already (EXISTS)\n");
	expect_output(client("", "queue", "create", "q", "--if-missing"), "");
	expect_failure(client("", "queue", "create", "q", "--if-missing", "-c", "3"), 1,
		       "queue create: the queue \"q\" has the capacity unlimited, not 3 "
		       "(OPTION_MISMATCH)\n");
}

static void create_takes_options(void **state)
{
	struct scene *scene = *state;
	relevo_queue *queue;
	struct relevo_queue_options options = { .capacity = 7, .lease = 1234 };
	json_t *created = expect_json(
		client("", "queue", "create", "new", "-c7", "--lease", "1234", "--json"));
	assert_string_equal(text(created, "queue"), "new");
	json_decref(created);
	assert_ok(relevo_queue_open(scene->session, "new", &options, &queue));
	relevo_queue_close(queue);
	expect_output(client("", "queue", "create", "meet", "--rendezvous"), "");
	options = (struct relevo_queue_options){ .capacity = RELEVO_CAPACITY_RENDEZVOUS };
	assert_ok(relevo_queue_open(scene->session, "meet", &options, &queue));
	relevo_queue_close(queue);
}

static void create_refuses_bad_names(void **state)
{
	(void)state;
	struct outcome outcome = client("", "queue", "create", "a\nb");
	assert_non_null(strstr(outcome.error, "(BAD_NAME)"));
	expect_failure(outcome, 1, "queue create: ");
}

static void delete_takes_several_and_stops_at_the_first_that_fails(void **state)
{
	(void)state;
	expect_output(client("", "queue", "create", "a"), "");
	expect_output(client("", "queue", "create", "b"), "");
	expect_failure(client("", "queue", "delete", "a", "none", "b"), 6,
		       "queue delete: there is no queue \"none\" (NOT_FOUND)\n");
	expect_failure(client("", "queue", "stat", "a"), 6, "queue stat: there is no queue \"a\"");
	json_t *deleted = expect_json(client("", "queue", "delete", "b", "--json"));
	assert_string_equal(text(deleted, "queue"), "b");
	json_decref(deleted);
}

/* ---- stat ----------------------------------------------------------------- */

static void stat_prints_every_count(void **state)
{
	struct scene *scene = *state;
	put_text(scene->queue, "one");
	put_text(scene->queue, "two");
	expect_text(scene->queue, "one");
	assert_int_equal(counts_of(scene->queue).acknowledged, 1);
	expect_output(client("", "queue", "stat", "q"), "queue          q\n"
							"ready          1\n"
							"leased         0\n"
							"delayed        0\n"
							"bytes          3\n"
							"getters        0\n"
							"putters        0\n"
							"joiners        0\n"
							"put            2\n"
							"acknowledged   1\n"
							"redelivered    0\n"
							"expired        0\n"
							"dropped        0\n"
							"dead_lettered  0\n"
							"duplicates     0\n"
							"handles        1\n"
							"durable        no\n");
}

static void stat_as_json(void **state)
{
	struct scene *scene = *state;
	put_text(scene->queue, "one");
	json_t *counts = expect_json(client("", "queue", "stat", "q", "--json"));
	assert_string_equal(text(counts, "queue"), "q");
	assert_int_equal(number(counts, "ready"), 1);
	assert_int_equal(number(counts, "bytes"), 3);
	assert_int_equal(number(counts, "put"), 1);
	assert_int_equal(json_object_size(counts), 17);
	json_decref(counts);
}

/* ---- put ------------------------------------------------------------------ */

static void put_takes_arguments(void **state)
{
	struct scene *scene = *state;
	expect_output(client("not read", "queue", "put", "q", "one", "", "two words"), "");
	expect_text(scene->queue, "one");
	expect_text(scene->queue, "");
	expect_text(scene->queue, "two words");
	expect_empty(scene->queue);
}

static void put_takes_lines(void **state)
{
	struct scene *scene = *state;
	json_t *put = expect_json(client("one\n\nlast", "queue", "put", "q", "--json"));
	assert_string_equal(text(put, "queue"), "q");
	assert_int_equal(number(put, "put"), 3);
	json_decref(put);
	expect_text(scene->queue, "one");
	expect_text(scene->queue, "");
	expect_text(scene->queue, "last");
	expect_empty(scene->queue);
}

static void put_of_nothing_puts_nothing(void **state)
{
	struct scene *scene = *state;
	expect_output(client("", "queue", "put", "q"), "");
	expect_empty(scene->queue);
	expect_output(client("", "queue", "put", "q", "--whole"), "");
	expect_text(scene->queue, "");
}

static void put_counts_if_asked(void **state)
{
	(void)state;
	struct outcome outcome = client("a\nb\n", "queue", "put", "q", "-v");
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.error, "2 put\n");
	outcome_free(&outcome);
}

static void put_stops_at_a_full_queue(void **state)
{
	(void)state;
	expect_output(client("", "queue", "create", "small", "-c", "2"), "");
	struct outcome outcome = client("a\nb\nc\nd\n", "queue", "put", "small", "-t", "0");
	assert_non_null(strstr(outcome.error, "2 put\n"));
	expect_failure(outcome, 4,
		       "queue put: line 3: the queue \"small\" had no room in time (TIMED_OUT)\n");
	expect_failure(client("", "queue", "put", "small", "-t", "10", "e"), 4,
		       "queue put: item 1: the queue \"small\" had no room in time (TIMED_OUT)\n");
	expect_output(client("", "queue", "get", "small", "--all"), "a\nb\n");
}

static void put_needs_a_queue(void **state)
{
	(void)state;
	expect_failure(client("a\n", "queue", "put", "none"), 6,
		       "queue put: there is no queue \"none\" (NOT_FOUND)\n");
}

/* ---- get ------------------------------------------------------------------ */

static void get_takes_one(void **state)
{
	struct scene *scene = *state;
	put_text(scene->queue, "one");
	put_text(scene->queue, "two");
	expect_output(client("", "queue", "get", "q"), "one\n");
	expect_text(scene->queue, "two");
}

static void get_takes_as_many_as_asked(void **state)
{
	(void)state;
	expect_output(client("1\n2\n3\n4\n", "queue", "put", "q"), "");
	expect_output(client("", "queue", "get", "q", "-n", "3"), "1\n2\n3\n");
	struct outcome outcome = client("", "queue", "get", "q", "-n", "2", "-t", "10");
	assert_string_equal(outcome.out, "4\n");
	expect_failure(outcome, 4, "queue get: the queue \"q\" had no item in time (TIMED_OUT)\n");
}

static void get_does_not_wait_if_told(void **state)
{
	(void)state;
	expect_failure(client("", "queue", "get", "q", "--timeout", "0"), 4,
		       "queue get: the queue \"q\" had no item in time (TIMED_OUT)\n");
}

static void get_all_of_nothing_is_well(void **state)
{
	(void)state;
	expect_output(client("", "queue", "get", "q", "--all"), "");
}

static void get_writes_separators_as_asked(void **state)
{
	(void)state;
	expect_output(client("a\nb\n", "queue", "put", "q"), "");
	expect_output(client("", "queue", "get", "q", "--all", "--raw"), "ab");
	expect_output(client("a\nb\n", "queue", "put", "q"), "");
	struct outcome outcome = client("", "queue", "get", "q", "-a0");
	assert_int_equal(outcome.size, 4);
	assert_memory_equal(outcome.out, "a\0b", 4);
	outcome_free(&outcome);
}

static void get_as_json(void **state)
{
	(void)state;
	expect_output(client("a \"b\" ü", "queue", "put", "q"), "");
	json_t *item = expect_json(client("", "queue", "get", "q", "--json"));
	assert_string_equal(text(item, "text"), "a \"b\" ü");
	assert_int_equal(number(item, "size"), 8);
	assert_int_equal(number(item, "deliveries"), 1);
	json_decref(item);
}

static void get_of_bytes_as_json(void **state)
{
	(void)state;
	static const char *const items[][2] = {
		{ "\xff", "/w==" },
		{ "\xff\xfe", "//4=" },
		{ "\xff\xfe\xfd", "//79" },
		{ "\xff\xfe\xfdn", "//79bg==" },
	};
	for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
		expect_output(client("", "queue", "put", "q", items[i][0]), "");
		json_t *item = expect_json(client("", "queue", "get", "q", "--json"));
		assert_string_equal(text(item, "base64"), items[i][1]);
		json_decref(item);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(create_makes_a_queue_that_stays),
		client_unit_test(create_fails_for_one_that_is_there),
		client_unit_test(create_takes_options),
		client_unit_test(create_refuses_bad_names),
		client_unit_test(delete_takes_several_and_stops_at_the_first_that_fails),
		client_unit_test(stat_prints_every_count),
		client_unit_test(stat_as_json),
		client_unit_test(put_takes_arguments),
		client_unit_test(put_takes_lines),
		client_unit_test(put_of_nothing_puts_nothing),
		client_unit_test(put_counts_if_asked),
		client_unit_test(put_stops_at_a_full_queue),
		client_unit_test(put_needs_a_queue),
		client_unit_test(get_takes_one),
		client_unit_test(get_takes_as_many_as_asked),
		client_unit_test(get_does_not_wait_if_told),
		client_unit_test(get_all_of_nothing_is_well),
		client_unit_test(get_writes_separators_as_asked),
		client_unit_test(get_as_json),
		client_unit_test(get_of_bytes_as_json),
	};
	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
