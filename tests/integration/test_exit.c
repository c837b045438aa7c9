/* A program that ends by exit(3) without closing anything loses nothing of what it has put or sent.
 */
#include "support/listeners.h"
#include "support/programs.h"
#include "support/queues.h"

#include <pthread.h>
#include <signal.h>

enum { ITEMS = 1000, MESSAGE = 1000 };

/* ---- the program that ends: this one, run anew ------------------------------------- */

/* Its broker, a session and a queue there. */
static const char *play_url;
static relevo_session *play_session;
static relevo_queue *play_queue;

static void play_put(void)
{
	for (int i = 0; i < ITEMS; i++)
		child_check(relevo_queue_put(play_queue, "x", 1, 1000) == RELEVO_OK);
}

static int play_return(void)
{
	play_put();
	return EXIT_SUCCESS;
}

/* Acknowledged with what is sent next, or a millisecond later. */
static int play_get(void)
{
	relevo_item item;
	child_check(relevo_queue_get(play_queue, TEST_PATIENCE, &item) == RELEVO_OK);
	relevo_item_free(&item);
	return EXIT_SUCCESS;
}

static void *play_wait(void *argument)
{
	relevo_item item;
	relevo_queue_get(argument, RELEVO_FOREVER, &item);
	return NULL;
}

/* Threads wait in the session, one of which reads for all. */
static void play_waiters(relevo_session *session)
{
	pthread_t thread;
	relevo_queue *other = queue_open(session, "empty");
	for (int i = 0; i < 3; i++)
		child_check(pthread_create(&thread, NULL, play_wait, other) == 0);
	wait_for_getters(other, 3);
}

static int play_beside_waiters(void)
{
	play_waiters(play_session);
	play_put();
	return EXIT_SUCCESS;
}

static void *play_put_and_exit(void *unused)
{
	(void)unused;
	play_put();
	exit(EXIT_SUCCESS);
}

static int play_exit_in_thread(void)
{
	pthread_t thread;
	child_check(pthread_create(&thread, NULL, play_put_and_exit, NULL) == 0);
	play_wait(queue_open(play_session, "empty"));
	return EXIT_FAILURE;
}

/* The parent's items are its own to flush, and the child's the child's. */
static int play_fork(void)
{
	play_put();
	pid_t child = fork();
	if (child == 0) {
		play_put();
		exit(EXIT_SUCCESS);
	}
	child_join(child);
	return EXIT_SUCCESS;
}

static void play_exit_on_signal(int number)
{
	(void)number;
	exit(EXIT_SUCCESS);
}

/* As programs do that know no better: the thread that waits is interrupted for good. */
static int play_exit_in_wait(void)
{
	relevo_queue *empty = queue_open(play_session, "empty");
	signal(SIGALRM, play_exit_on_signal);
	play_put();
	alarm(1);
	play_wait(empty);
	return EXIT_FAILURE;
}

static bool play_end(void *user)
{
	(void)user;
	exit(EXIT_SUCCESS);
}

/* The reader of the session that has the items ends the program. */
static int play_exit_when_asked(void)
{
	const struct relevo_session_options options = { .go_on = play_end };
	relevo_session *session;
	relevo_item item;
	child_check(relevo_session_open(play_url, &options, &session) == RELEVO_OK);
	play_queue = queue_open(session, "q");
	relevo_queue *empty = queue_open(session, "empty");
	play_put();
	relevo_queue_get(empty, TEST_PATIENCE, &item);
	return EXIT_FAILURE;
}

static int play_broker_stopped(void)
{
	relevo_queue *others[3];
	for (int i = 0; i < 3; i++)
		others[i] = queue_open(session_open(play_url), "q");
	/* The test stops it, and says so by the end of the input. */
	child_check(puts("open") >= 0 && fflush(stdout) == 0 && getchar() == EOF);
	play_put();
	for (int i = 0; i < 3; i++)
		child_check(relevo_queue_put(others[i], "x", 1, 0) == RELEVO_OK);
	return EXIT_SUCCESS;
}

static int play_broker_given_up(void)
{
	child_check(puts("open") >= 0 && fflush(stdout) == 0 && getchar() == EOF);
	play_put();
	child_check(relevo_session_flush(play_session, 100) == RELEVO_TIMED_OUT);
	return EXIT_SUCCESS;
}

/* As much as the system and the library take while nobody reads, which is told. The URL is a
 * listener's. */
static int play_pipe(const char *url)
{
	static const char message[MESSAGE];
	static relevo_pipe *pipe;
	int sent = 0;
	child_check(relevo_pipe_connect(url, NULL, TEST_PATIENCE, &pipe) == RELEVO_OK);
	while (relevo_pipe_send(pipe, message, sizeof message, 200) == RELEVO_OK)
		sent++;
	child_check(printf("%d\n", sent) > 0 && fflush(stdout) == 0);
	return EXIT_SUCCESS;
}

static const struct play {
	const char *name;
	int (*run)(void);
} plays[] = {
	{ "return", play_return },
	{ "get", play_get },
	{ "beside_waiters", play_beside_waiters },
	{ "exit_in_thread", play_exit_in_thread },
	{ "fork", play_fork },
	{ "exit_in_wait", play_exit_in_wait },
	{ "exit_when_asked", play_exit_when_asked },
	{ "broker_stopped", play_broker_stopped },
	{ "broker_given_up", play_broker_given_up },
};

static int play(const char *name, const char *url)
{
	if (strcmp(name, "pipe") == 0)
		return play_pipe(url);
	play_url = url;
	play_session = session_open(url);
	play_queue = queue_open(play_session, "q");
	for (size_t i = 0; i < sizeof plays / sizeof plays[0]; i++) {
		if (strcmp(plays[i].name, name) == 0)
			return plays[i].run();
	}
	return EXIT_FAILURE;
}

/* ---- the tests ---------------------------------------------------------------------- */

/* How long it took, in ms. */
static int64_t see_play(const char *name, const char *url)
{
	int64_t begin = test_now();
	relevo_program *program = program_of(COMMAND("/proc/self/exe", "play", name, url), NULL);
	assert_int_equal(exit_code_of(program), EXIT_SUCCESS);
	relevo_program_close(program);
	return test_now() - begin;
}

static void expect_items(struct scene *scene, const char *name, const char *url, uint64_t count)
{
	/* Which of them would be lost is a matter of luck. */
	for (int round = 0; round < 5; round++) {
		see_play(name, url);
		assert_int_equal(counts_of(scene->queue).ready, count);
		assert_ok(relevo_queue_purge(scene->queue, NULL));
	}
}

static void returning_from_main(void **state)
{
	struct scene *scene = *state;
	expect_items(scene, "return", scene->broker.url, ITEMS);
}

static void returning_from_main_over_tcp(void **state)
{
	struct scene *scene = *state;
	expect_items(scene, "return", scene->broker.more, ITEMS);
}

static void what_was_taken_is_acknowledged(void **state)
{
	struct scene *scene = *state;
	for (uint64_t left = 10; left > 0; left--)
		put_text(scene->queue, "an item");
	for (uint64_t left = 10; left > 0; left--) {
		assert_int_equal(counts_of(scene->queue).ready, left);
		see_play("get", scene->broker.url);
	}
	expect_empty(scene->queue);
}

static void threads_that_wait(void **state)
{
	struct scene *scene = *state;
	expect_items(scene, "beside_waiters", scene->broker.url, ITEMS);
}

static void another_thread_calls_exit(void **state)
{
	struct scene *scene = *state;
	expect_items(scene, "exit_in_thread", scene->broker.url, ITEMS);
}

static void a_forked_child_calls_exit(void **state)
{
	struct scene *scene = *state;
	expect_items(scene, "fork", scene->broker.url, 2 * (uint64_t)ITEMS);
}

/* Whoever reads will read no more: nobody waits for that. */
static void expect_items_soon(struct scene *scene, const char *name, int64_t most, uint64_t count)
{
	assert_in_range(see_play(name, scene->broker.url), 0, most);
	assert_int_equal(counts_of(scene->queue).ready, count);
}

static void the_thread_that_waits_calls_exit(void **state)
{
	expect_items_soon(*state, "exit_when_asked", 1500, ITEMS);
}

static void a_handler_calls_exit(void **state)
{
	expect_items_soon(*state, "exit_in_wait", 2500, ITEMS);
}

/* How long it takes to end, in ms, once it has heard that the broker is stopped. */
static int64_t see_end_without_broker(struct scene *scene, const char *name)
{
	char line[8];
	relevo_program *program =
		program_of(COMMAND("/proc/self/exe", "play", name, scene->broker.url), NULL);
	read_line(program, line, sizeof line);
	process_stop(scene->broker.pid);
	int64_t begin = test_now();
	relevo_program_close_input(program);
	int code = exit_code_of(program);
	int64_t time = test_now() - begin;
	process_go_on(scene->broker.pid);
	relevo_program_close(program);
	assert_int_equal(code, EXIT_SUCCESS);
	return time;
}

static void a_broker_that_is_stopped(void **state)
{
	assert_between(see_end_without_broker(*state, "broker_stopped"), 1900, 2500);
}

/* Half a second is the call's own. */
static void a_broker_that_was_given_up(void **state)
{
	assert_in_range(see_end_without_broker(*state, "broker_given_up"), 500, 1800);
}

static void what_a_pipe_over_tcp_has_taken(void **state)
{
	(void)state;
	relevo_listener *listener = listener_at_any_port("");
	relevo_pipe *pipe;
	char line[16];
	int received = 0;
	void *data;
	size_t size;
	relevo_program *program = program_of(
		COMMAND("/proc/self/exe", "play", "pipe", relevo_listener_address(listener)), NULL);
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &pipe));
	read_line(program, line, sizeof line);
	assert_true(atoi(line) > 0);
	/* Not before it is rid of them. */
	assert_status(relevo_program_wait(program, 300, NULL), RELEVO_TIMED_OUT);
	while (relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size) == RELEVO_OK) {
		received++;
		free(data);
	}
	assert_int_equal(received, atoi(line));
	assert_int_equal(exit_code_of(program), EXIT_SUCCESS);
	relevo_program_close(program);
	relevo_pipe_close(pipe);
	relevo_listener_close(listener);
}

static int exit_setup(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", "--insecure-tcp",
						 NULL };
	return scene_setup_with(state, arguments);
}

/* What nng opens once, for good. */
static int group_setup(void **state)
{
	(void)state;
	relevo_listener_close(listener_at_any_port(""));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "play") == 0)
		return play(argv[2], argv[3]);
	const struct CMUnitTest tests[] = {
		scene_unit_test(returning_from_main),
		cmocka_unit_test_setup_teardown(returning_from_main_over_tcp, exit_setup,
						scene_teardown),
		scene_unit_test(what_was_taken_is_acknowledged),
		scene_unit_test(threads_that_wait),
		scene_unit_test(another_thread_calls_exit),
		scene_unit_test(a_forked_child_calls_exit),
		scene_unit_test(the_thread_that_waits_calls_exit),
		scene_unit_test(a_handler_calls_exit),
		scene_unit_test(a_broker_that_is_stopped),
		scene_unit_test(a_broker_that_was_given_up),
		scene_unit_test(what_a_pipe_over_tcp_has_taken),
	};
	return cmocka_run_group_tests_name("exit", tests, group_setup, NULL);
}
