/* Commands that look after queues, and what can be said when they are made or filled. */
#include "integration/cli/client.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

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

static void create_takes_every_option(void **state)
{
	struct scene *scene = *state;
	relevo_queue *queue = NULL;
	const struct relevo_queue_options options = {
		.capacity = 5,
		.capacity_bytes = 100,
		.order = RELEVO_ORDER_PRIORITY,
		.full = RELEVO_FULL_DROP_OLDEST,
		.ttl = 60000,
		.max_deliveries = 3,
		.dead_letter = "dead",
		.exclusive = true,
	};
	expect_output(client("", "queue", "create", "all", "-c5", "--capacity-bytes", "100",
			     "--order", "priority", "--full", "drop-oldest", "--ttl", "60000",
			     "--max-deliveries", "3", "--dead-letter", "dead", "--exclusive"),
		      "");
	assert_ok(relevo_queue_open(scene->session, "all", &options, &queue));
	relevo_queue_close(queue);
}

static void bad_choices_are_named(void **state)
{
	(void)state;
	expect_failure(
		client("", "queue", "create", "x", "--order", "random"), 2,
		"queue create: --order: \"random\" is none of fifo, priority, fair, shortest");
	expect_failure(client("", "queue", "create", "x", "--full", "wait"), 2,
		       "queue create: --full: \"wait\" is none of block, reject, drop-oldest");
	expect_failure(client("", "queue", "put", "q", "x", "--header", "novalue"), 2,
		       "queue put: --header: \"novalue\" is not NAME=VALUE");
	expect_failure(client("", "queue", "put", "q", "x", "-p", "9999999999"), 2,
		       "queue put: --priority: 9999999999 is more than 2147483647");
}

static void items_come_by_priority(void **state)
{
	(void)state;
	expect_output(client("", "queue", "create", "p", "--order", "priority"), "");
	expect_output(client("", "queue", "put", "p", "middle"), "");
	expect_output(client("low\nlower\n", "queue", "put", "p", "--priority", "-7"), "");
	expect_output(client("", "queue", "put", "p", "-p", "9", "high"), "");
	expect_output(client("", "queue", "get", "p", "--all"), "high\nmiddle\nlow\nlower\n");
}

static void items_bring_what_was_said_of_them(void **state)
{
	(void)state;
	expect_output(client("", "queue", "put", "q", "x", "-H", "type=text", "-H",
			     "empty=", "--reply-to", "answers", "-k", "one"),
		      "");
	expect_output(client("", "queue", "put", "q", "again", "-k", "one"), "");
	json_t *item = expect_json(client("", "queue", "get", "q", "--json"));
	assert_string_equal(text(item, "text"), "x");
	assert_string_equal(text(item, "reply_to"), "answers");
	assert_string_equal(text(json_object_get(item, "headers"), "type"), "text");
	assert_string_equal(text(json_object_get(item, "headers"), "empty"), "");
	json_decref(item);
	expect_failure(client("", "queue", "get", "q", "-t0"), 4, "queue get: ");
}

static void delayed_items_come_later(void **state)
{
	(void)state;
	expect_output(client("", "queue", "put", "q", "later", "--delay", "1500"), "");
	expect_failure(client("", "queue", "get", "q", "-t0"), 4, "queue get: ");
	expect_output(client("", "queue", "get", "q"), "later\n");
}

static void peek_takes_nothing(void **state)
{
	(void)state;
	expect_output(client("1\n2\n3\n", "queue", "put", "q"), "");
	expect_output(client("", "queue", "peek", "q"), "1\n2\n3\n");
	expect_output(client("", "queue", "peek", "q", "-n2", "--raw"), "12");
	json_t *item = expect_json(client("", "queue", "peek", "q", "-n1", "--json"));
	assert_string_equal(text(item, "text"), "1");
	assert_int_equal(number(item, "deliveries"), 0);
	json_decref(item);
	expect_output(client("", "queue", "get", "q", "--all"), "1\n2\n3\n");
	expect_output(client("", "queue", "peek", "q", "--all"), "");
	expect_failure(client("", "queue", "peek", "none"), 6, "queue peek: ");
}

static void purge_drops_everything(void **state)
{
	(void)state;
	expect_output(client("1\n2\n3\n", "queue", "put", "q"), "");
	json_t *purged = expect_json(client("", "queue", "purge", "q", "--json"));
	assert_string_equal(text(purged, "queue"), "q");
	assert_int_equal(number(purged, "purged"), 3);
	json_decref(purged);
	expect_output(client("", "queue", "purge", "q"), "");
}

static void durable_is_refused_where_nothing_is_kept(void **state)
{
	(void)state;
	expect_failure(client("", "queue", "create", "d", "--durable"), 1,
		       "queue create: the queue \"d\" cannot be durable");
	json_t *counts = expect_json(client("", "queue", "stat", "q", "--json"));
	assert_true(json_is_false(json_object_get(counts, "durable")));
	json_decref(counts);
}

static void move_takes_dead_letters_back(void **state)
{
	(void)state;
	expect_output(client("", "queue", "create", "dead"), "");
	expect_output(client("1\n2\n3\n", "queue", "put", "dead"), "");
	json_t *moved = expect_json(client("", "queue", "move", "dead", "q", "-n2", "--json"));
	assert_int_equal(number(moved, "moved"), 2);
	json_decref(moved);
	expect_output(client("", "queue", "get", "q", "--all"), "1\n2\n");
	expect_failure(client("", "queue", "move", "dead", "none"), 6,
		       "queue move: there is no queue \"none\" (NOT_FOUND)\n");
	expect_failure(client("", "queue", "move", "q", "q"), 1, "queue move: ");
}

static void a_queue_that_is_shut_down_drains(void **state)
{
	(void)state;
	expect_output(client("", "queue", "put", "q", "last"), "");
	expect_output(client("", "queue", "shutdown", "q"), "");
	expect_failure(client("", "queue", "put", "q", "more"), 1, "queue put: item 1: ");
	/* What follows a queue ends with it. */
	expect_output(client("", "queue", "get", "q", "--follow"), "last\n");
	expect_failure(client("", "queue", "get", "q"), 1,
		       "queue get: the queue \"q\" has been shut down (SHUT_DOWN)\n");
}

static void shutdown_now_drops(void **state)
{
	(void)state;
	expect_output(client("", "queue", "put", "q", "lost"), "");
	expect_output(client("", "queue", "shutdown", "q", "--now"), "");
	expect_failure(client("", "queue", "get", "q"), 1, "queue get: ");
}

static void queues_are_listed(void **state)
{
	struct scene *scene = *state;
	relevo_lock *lock = NULL;
	assert_ok(relevo_lock_open(scene->session, "lock", NULL, &lock));
	expect_output(client("", "queue", "put", "q", "x"), "");
	json_t *info = expect_json(client("", "queue", "list", "--json"));
	assert_string_equal(text(info, "queue"), "q");
	assert_string_equal(text(info, "kind"), "queue");
	assert_int_equal(number(info, "ready"), 1);
	json_decref(info);
	info = expect_json(client("", "queue", "list", "--all", "lo", "--json"));
	assert_string_equal(text(info, "kind"), "lock");
	json_decref(info);
	expect_output(client("", "queue", "list"),
		      "NAME                      KIND            READY    LEASED   DELAYED  "
		      "GETTERS  PUTTERS\n"
		      "q                         queue               1         0         0  "
		      "      0        0\n");
	relevo_lock_close(lock);
}

static void top_tells_rates(void **state)
{
	struct scene *scene = *state;
	relevo_lock *lock = NULL;
	assert_ok(relevo_lock_open(scene->session, "lock", NULL, &lock));
	assert_ok(relevo_lock_acquire(lock, RELEVO_FOREVER, NULL));
	expect_output(client("", "queue", "put", "q", "x"), "");
	struct outcome outcome = client("", "top", "--batch", "-n1", "-d10");
	assert_int_equal(outcome.status, 0);
	assert_non_null(strstr(outcome.out, ": 2 objects, 0 getters and 0 putters wait, "
					    "1 tokens held, 0.0 put/s, 0.0 ack/s\n"));
	assert_non_null(strstr(outcome.out, "lock                     lock "));
	outcome_free(&outcome);
	outcome = client("", "top", "--json", "-n1", "-d10");
	json_t *first = json_loads(outcome.out, JSON_DISABLE_EOF_CHECK, NULL);
	assert_string_equal(text(first, "queue"), "lock");
	assert_int_equal(number(first, "leased"), 1);
	assert_true(json_is_real(json_object_get(first, "put_per_second")));
	json_decref(first);
	outcome_free(&outcome);
	assert_ok(relevo_lock_release(lock));
	relevo_lock_close(lock);
}

static void top_needs_a_terminal(void **state)
{
	(void)state;
	expect_failure(client("", "top"), 2, "top: there is no terminal");
	expect_failure(client("", "top", "-d1"), 2, "top: --delay: 1 is not between 10");
}

/* On a terminal of its own, until it has drawn the first table. */
static pid_t top_begin_on(int rows, int columns, int *on_terminal)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };
	char screen[65536];
	size_t seen = 0;
	int terminal;
	setenv("TERM", "xterm", 1);
	pid_t top = forkpty(&terminal, NULL, NULL, &size);
	if (top == 0) {
		execl(RELEVO_EXE, "relevo", "top", "-d50", (char *)NULL);
		_exit(127);
	}
	assert_true(top > 0);
	screen[0] = '\0';
	/* The end of the summary, in the first table. */
	while (strstr(screen, "ack/s") == NULL || strstr(screen, "ACK/S") == NULL) {
		struct pollfd entry = { .fd = terminal, .events = POLLIN };
		assert_int_equal(poll(&entry, 1, TEST_PATIENCE), 1);
		ssize_t got = read(terminal, screen + seen, sizeof screen - 1 - seen);
		assert_true(got > 0);
		seen += (size_t)got;
		screen[seen] = '\0';
	}
	*on_terminal = terminal;
	return top;
}

static pid_t top_begin(int *on_terminal)
{
	return top_begin_on(24, 200, on_terminal);
}

/* Read what it draws until that is among it. */
static void top_draws(int terminal, const char *text)
{
	char screen[65536];
	size_t seen = 0;
	do {
		struct pollfd entry = { .fd = terminal, .events = POLLIN };
		assert_int_equal(poll(&entry, 1, TEST_PATIENCE), 1);
		assert_in_range(seen, 0, sizeof screen - 2);
		ssize_t got = read(terminal, screen + seen, sizeof screen - 1 - seen);
		assert_true(got > 0);
		seen += (size_t)got;
		screen[seen] = '\0';
	} while (strstr(screen, text) == NULL);
}

/* What it draws at the end has to go somewhere; the last of it. */
static const char *read_rest(int terminal)
{
	static char rest[65536];
	ssize_t got;
	size_t seen = 0;
	while ((got = read(terminal, rest + seen, sizeof rest - 1 - seen)) > 0)
		seen += (size_t)got;
	rest[seen] = '\0';
	return rest;
}

static void top_draws_a_table(void **state)
{
	int terminal;
	(void)state;
	pid_t top = top_begin(&terminal);
	assert_int_equal(write(terminal, "q", 1), 1);
	read_rest(terminal);
	assert_int_equal(test_wait(top), 0);
	close(terminal);
}

static void resize(int terminal, int rows, int columns)
{
	const struct winsize size = { .ws_row = (unsigned short)rows,
				      .ws_col = (unsigned short)columns };
	assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
}

/* From the beginning, or from then on: it draws what can be seen, and the terminal is given back.
 */
static void top_survives_a_terminal_of_any_size(void **state)
{
	static const int sizes[][2] = { { 24, 65535 }, { 65535, 200 }, { 65535, 65535 }, { 1, 1 } };
	(void)state;
	for (int i = 0; i < 4; i++) {
		int terminal;
		pid_t top = i < 3 ? top_begin_on(sizes[i][0], sizes[i][1], &terminal)
				  : top_begin(&terminal);
		resize(terminal, sizes[i][0], sizes[i][1]);
		resize(terminal, 26, 190);
		top_draws(terminal, "ACK/S");
		for (int j = 0; j < 3; j++)
			resize(terminal, sizes[(i + j) % 4][0], sizes[(i + j) % 4][1]);
		resize(terminal, 25, 199);
		top_draws(terminal, "ACK/S");
		assert_int_equal(write(terminal, "q", 1), 1);
		assert_non_null(strstr(read_rest(terminal), "\033[?1049l"));
		assert_int_equal(test_wait(top), 0);
		close(terminal);
	}
}

/* Ctrl-C or another: as any program ends by it, and the terminal is as it was. */
static void top_ends_by_signals(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM };
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct termios during, after;
		int terminal, status;
		pid_t top = top_begin(&terminal);
		/* A key that ends it must not take along what it says at its end. */
		assert_int_equal(tcgetattr(terminal, &during), 0);
		assert_true((during.c_lflag & NOFLSH) != 0);
		if (signals[i] == SIGINT)
			assert_int_equal(write(terminal, "\003", 1), 1);
		else
			assert_int_equal(kill(top, signals[i]), 0);
		/* Back from the other screen of an xterm. */
		assert_non_null(strstr(read_rest(terminal), "\033[?1049l"));
		assert_int_equal(waitpid(top, &status, 0), top);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
		assert_int_equal(tcgetattr(terminal, &after), 0);
		assert_true((after.c_lflag & ICANON) != 0 && (after.c_lflag & ECHO) != 0);
		assert_true((after.c_lflag & NOFLSH) == 0);
		close(terminal);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(create_takes_every_option),
		client_unit_test(bad_choices_are_named),
		client_unit_test(items_come_by_priority),
		client_unit_test(items_bring_what_was_said_of_them),
		client_unit_test(delayed_items_come_later),
		client_unit_test(peek_takes_nothing),
		client_unit_test(purge_drops_everything),
		client_unit_test(durable_is_refused_where_nothing_is_kept),
		client_unit_test(move_takes_dead_letters_back),
		client_unit_test(a_queue_that_is_shut_down_drains),
		client_unit_test(shutdown_now_drops),
		client_unit_test(queues_are_listed),
		client_unit_test(top_tells_rates),
		client_unit_test(top_needs_a_terminal),
		client_unit_test(top_draws_a_table),
		client_unit_test(top_survives_a_terminal_of_any_size),
		client_unit_test(top_ends_by_signals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
