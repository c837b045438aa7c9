/* Waits without a session, which signals end if the program says so. */
#include "support/listeners.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

static atomic_int signals_seen;
static atomic_bool stop;

static void on_signal(int number)
{
	signals_seen++;
	stop = stop || number == SIGINT;
}

static bool until_told(void *user)
{
	child_check(user == &stop);
	return !stop;
}

static int catch_signals(void **state)
{
	(void)state;
	struct sigaction action = { .sa_handler = on_signal };
	sigemptyset(&action.sa_mask);
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	assert_int_equal(sigaction(SIGINT, &action, NULL), 0);
	signals_seen = 0;
	stop = false;
	assert_ok(relevo_set_go_on(until_told, &stop));
	return 0;
}

static int ignore_signals(void **state)
{
	(void)state;
	assert_ok(relevo_set_go_on(NULL, NULL));
	return 0;
}

/* ---- who disturbs ----------------------------------------------------------- */

struct disturbance {
	pthread_t victim, thread;
	int wanted; /* signals that have been seen */
	long slept;
};

static bool sleeps_again(void *argument)
{
	const struct disturbance *disturbance = argument;
	return signals_seen == disturbance->wanted && process_sleeps(getpid()) > disturbance->slept;
}

/* One signal that the program does not mind, and then one that it does. */
static void *disturb(void *argument)
{
	struct disturbance *disturbance = argument;
	child_check(eventually(sleeps_again, disturbance));
	disturbance->slept = process_sleeps(getpid());
	disturbance->wanted = 1;
	child_check(pthread_kill(disturbance->victim, SIGUSR1) == 0);
	child_check(eventually(sleeps_again, disturbance));
	child_check(!stop);
	child_check(pthread_kill(disturbance->victim, SIGINT) == 0);
	return NULL;
}

static void disturbance_start(struct disturbance *disturbance)
{
	signals_seen = 0;
	stop = false;
	*disturbance =
		(struct disturbance){ .victim = pthread_self(), .slept = process_sleeps(getpid()) };
	assert_int_equal(pthread_create(&disturbance->thread, NULL, disturb, disturbance), 0);
}

/* The call goes on after the first and ends with the second. */
#define assert_interrupted(call)                                                                   \
	do {                                                                                       \
		struct disturbance disturbance_;                                                   \
		disturbance_start(&disturbance_);                                                  \
		assert_fails(call, RELEVO_INTERRUPTED, "interrupted");                             \
		assert_int_equal(pthread_join(disturbance_.thread, NULL), 0);                      \
		assert_int_equal(signals_seen, 2);                                                 \
		stop = false;                                                                      \
	} while (0)

/* ---- pipes ------------------------------------------------------------------- */

static void receiving(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	void *data;
	size_t size;
	bool ready;
	assert_interrupted(relevo_pipe_recv(made.ends[0], RELEVO_FOREVER, &data, &size));
	assert_interrupted(relevo_pipe_recv(made.ends[0], TEST_PATIENCE, &data, &size));
	assert_interrupted(relevo_pipe_poll(made.ends[0], RELEVO_FOREVER, &ready));
	pipe_send_text(made.ends[1], "still there");
	pipe_expect_text(made.ends[0], "still there");
	close_both(&made);
}

static void fill(relevo_pipe *pipe, int *sent)
{
	static char bytes[32 * 1024];
	int status;
	while ((status = relevo_pipe_send(pipe, bytes, sizeof bytes, 0)) == RELEVO_OK)
		++*sent;
	assert_status(status, RELEVO_TIMED_OUT);
}

/* What was not sent does not come. */
static void sending(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	int sent = 0;
	void *data;
	size_t size;
	fill(made.ends[0], &sent);
	assert_interrupted(relevo_pipe_send(made.ends[0], "late", 4, RELEVO_FOREVER));
	assert_interrupted(relevo_pipe_send(made.ends[0], "late", 4, TEST_PATIENCE));
	for (; sent > 0; sent--) {
		assert_ok(relevo_pipe_recv(made.ends[1], 0, &data, &size));
		assert_int_equal(size, 32 * 1024);
		free(data);
	}
	assert_status(relevo_pipe_recv(made.ends[1], 0, &data, &size), RELEVO_TIMED_OUT);
	close_both(&made);
}

/* A part of a message may have gone out: it counts as none. */
static void over_tcp(void **state)
{
	(void)state;
	enum { LARGE = 64 * 1024 * 1024 };
	relevo_listener *listener = listener_at_any_port("");
	const struct relevo_listener_options options = { .key_file = "" };
	relevo_pipe *there = NULL, *here = NULL;
	char *large = calloc(1, LARGE);
	void *data;
	size_t size;
	bool ready;
	assert_interrupted(relevo_listener_accept(listener, RELEVO_FOREVER, &here));
	assert_ok(relevo_pipe_connect(relevo_listener_address(listener), &options, TEST_PATIENCE,
				      &there));
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &here));
	assert_interrupted(relevo_pipe_recv(here, RELEVO_FOREVER, &data, &size));
	assert_interrupted(relevo_pipe_poll(here, TEST_PATIENCE, &ready));
	assert_interrupted(relevo_pipe_send(there, large, LARGE, RELEVO_FOREVER));
	assert_ok(relevo_pipe_send(here, "back", 4, TEST_PATIENCE));
	pipe_expect_text(there, "back");
	/* What is left of the large one comes first, and is dropped. */
	relevo_pipe *const ends[] = { there, here };
	for (int i = 0; i < 200; i++) {
		int status = relevo_pipe_send(ends[0], "small", 5, 0);
		if (status == RELEVO_OK)
			break;
		assert_status(status, RELEVO_TIMED_OUT);
		assert_status(relevo_pipe_recv(ends[1], 20, &data, &size), RELEVO_TIMED_OUT);
	}
	pipe_expect_text(here, "small");
	relevo_pipe_close(there);
	relevo_pipe_close(here);
	relevo_listener_close(listener);
	free(large);
}

/* A listener that does not accept: the key is not proved, or the line before it is full. */
static void connecting(void **state)
{
	(void)state;
	enum { MOST = 5000 };
	char folder[64], key[80];
	relevo_pipe *pipe = NULL;
	test_folder_make(folder);
	snprintf(key, sizeof key, "%s/key", folder);
	test_key_write(key, "the key of the listener");
	relevo_listener *listener = listener_at_any_port(key);
	const struct relevo_listener_options options = { .key_file = key };
	assert_interrupted(relevo_pipe_connect(relevo_listener_address(listener), &options,
					       RELEVO_FOREVER, &pipe));
	relevo_listener_close(listener);
	test_folder_remove(folder);
	relevo_pipe **waiting = calloc(MOST, sizeof *waiting);
	int count = 0;
	assert_ok(relevo_listener_open(NULL, NULL, &listener));
	while (count < MOST && relevo_pipe_connect(relevo_listener_address(listener), NULL, 0,
						   &waiting[count]) == RELEVO_OK)
		count++;
	if (count < MOST)
		assert_interrupted(relevo_pipe_connect(relevo_listener_address(listener), NULL,
						       RELEVO_FOREVER, &pipe));
	while (count > 0)
		relevo_pipe_close(waiting[--count]);
	free(waiting);
	relevo_listener_close(listener);
	if (count == MOST)
		skip();
}

static void accepting(void **state)
{
	(void)state;
	relevo_listener *listener = NULL;
	relevo_pipe *here = NULL, *there = NULL;
	assert_ok(relevo_listener_open(NULL, NULL, &listener));
	assert_interrupted(relevo_listener_accept(listener, RELEVO_FOREVER, &here));
	assert_ok(relevo_pipe_connect(relevo_listener_address(listener), NULL, 0, &there));
	assert_ok(relevo_listener_accept(listener, 0, &here));
	pipe_expect_talk(here, there);
	relevo_listener_close(listener);
}

/* ---- several ------------------------------------------------------------------ */

static void waiting_for_several(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	struct relevo_wait_entry entries[] = {
		{ .what = RELEVO_WAIT_FOR_PIPE, .pipe = made.ends[0] },
		{ .what = RELEVO_WAIT_FOR_PIPE, .pipe = made.ends[1] },
	};
	struct relevo_ready found;
	relevo_poller *poller = NULL;
	size_t ready;
	assert_interrupted(relevo_wait(entries, 2, RELEVO_FOREVER, &ready));
	assert_int_equal(ready, 0);
	assert_ok(relevo_poller_new(&poller));
	assert_interrupted(relevo_poller_wait(poller, RELEVO_FOREVER, &found, 1, &ready));
	relevo_poller_free(poller);
	/* What is there already is found without asking. */
	pipe_send_text(made.ends[0], "here");
	stop = true;
	assert_ok(relevo_wait(entries, 2, 0, &ready));
	assert_true(ready == 1 && entries[1].ready);
	pipe_expect_text(made.ends[1], "here");
	assert_status(relevo_wait(entries, 2, 0, &ready), RELEVO_TIMED_OUT);
	close_both(&made);
}

/* ---- processes and programs --------------------------------------------------- */

static int wait_for_the_end(relevo_tuple *arguments)
{
	relevo_pipe *pipe = NULL;
	void *data;
	size_t size;
	child_check(relevo_tuple_take_pipe(arguments, 0, &pipe) == RELEVO_OK);
	child_check(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size) == RELEVO_OK);
	free(data);
	relevo_pipe_close(pipe);
	return 0;
}

static void joining(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	relevo_process *process = NULL;
	relevo_system_process *same = NULL;
	relevo_tuple *arguments = NULL;
	int code = -1;
	assert_ok(relevo_tuple_new(&arguments));
	assert_ok(relevo_tuple_add_pipe(arguments, NULL, made.ends[1]));
	const struct relevo_process_options options = { .method = RELEVO_START_FORK,
							.arguments = arguments };
	assert_ok(relevo_process_new(wait_for_the_end, &options, &process));
	assert_ok(relevo_process_start(process));
	relevo_tuple_free(arguments);
	relevo_pipe_close(made.ends[1]);
	assert_interrupted(relevo_process_join(process, RELEVO_FOREVER));
	assert_ok(relevo_system_open(relevo_process_pid(process), 0, &same));
	assert_interrupted(relevo_system_wait(same, RELEVO_FOREVER));
	assert_status(relevo_process_join(process, 0), RELEVO_TIMED_OUT);
	pipe_send_text(made.ends[0], "end");
	assert_ok(relevo_process_join(process, TEST_PATIENCE));
	assert_ok(relevo_process_exit_code(process, &code));
	assert_int_equal(code, 0);
	relevo_pipe_close(made.ends[0]);
	relevo_system_close(same);
	relevo_process_free(process);
}

static void programs(void **state)
{
	(void)state;
	static const char *const cat[] = { "cat", NULL };
	static const char *const sleeper[] = { "sleep", "1000", NULL };
	const struct relevo_program_options options = {
		.input.kind = RELEVO_STREAM_PIPE,
		.output.kind = RELEVO_STREAM_PIPE,
	};
	struct relevo_program_output output;
	relevo_program *program = NULL;
	int code = -1;
	assert_ok(relevo_program_start(cat, &options, &program));
	assert_interrupted(relevo_program_wait(program, RELEVO_FOREVER, &code));
	relevo_program_close_input(program);
	assert_ok(relevo_program_wait(program, TEST_PATIENCE, &code));
	assert_int_equal(code, 0);
	relevo_program_close(program);
	/* Nothing of what goes through it is lost. */
	static const char *const slow[] = { "sh", "-c", "cat; kill -STOP $$; echo end", NULL };
	assert_ok(relevo_program_start(slow, &options, &program));
	assert_interrupted(relevo_program_communicate(
		program, &(struct relevo_bytes){ "begin ", 6 }, RELEVO_FOREVER, &output));
	assert_null(output.output);
	while (relevo_program_communicate(program, NULL, 50, &output) == RELEVO_TIMED_OUT)
		assert_ok(relevo_program_resume(program));
	assert_string_equal(output.output, "begin end\n");
	relevo_program_output_free(&output);
	relevo_program_close(program);
	/* One that is run to its end is ended. */
	assert_interrupted(relevo_program_run(sleeper, NULL, &output));
	assert_int_equal(output.exit_code, -SIGKILL);
	assert_int_equal(process_children(getpid(), NULL, 0), 0);
}

/* ---- no signal is missed -------------------------------------------------------- */

/* The signal comes as soon as the program has said that it goes on. */
static bool just_before(void *user)
{
	(void)user;
	bool go_on = !stop;
	if (go_on)
		child_check(raise(SIGINT) == 0);
	return go_on;
}

static void a_signal_at_the_worst_moment(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	void *data;
	size_t size;
	assert_ok(relevo_set_go_on(just_before, NULL));
	int64_t start = test_now();
	assert_status(relevo_pipe_recv(made.ends[0], TEST_PATIENCE, &data, &size),
		      RELEVO_INTERRUPTED);
	assert_true(test_now() - start < TEST_PATIENCE / 2);
	assert_int_equal(signals_seen, 1);
	close_both(&made);
}

static bool never(void *user)
{
	(void)user;
	return false;
}

static void who_is_asked_can_change(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	void *data;
	size_t size;
	assert_ok(relevo_set_go_on(never, NULL));
	assert_status(relevo_pipe_recv(made.ends[0], TEST_PATIENCE, &data, &size),
		      RELEVO_INTERRUPTED);
	/* Nobody is asked where nothing is waited for. */
	assert_status(relevo_pipe_recv(made.ends[0], 0, &data, &size), RELEVO_TIMED_OUT);
	pipe_send_text(made.ends[1], "there");
	pipe_expect_text(made.ends[0], "there");
	assert_ok(relevo_set_go_on(NULL, NULL));
	assert_status(relevo_pipe_recv(made.ends[0], 10, &data, &size), RELEVO_TIMED_OUT);
	close_both(&made);
}

#define signal_test(function)                                                                      \
	cmocka_unit_test_setup_teardown(function, catch_signals, ignore_signals)

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		signal_test(receiving),
		signal_test(sending),
		signal_test(accepting),
		signal_test(joining),
		signal_test(programs),
		signal_test(waiting_for_several),
		signal_test(a_signal_at_the_worst_moment),
		signal_test(who_is_asked_can_change),
		signal_test(over_tcp),
		signal_test(connecting),
	};
	return cmocka_run_group_tests_name("go_on", tests, NULL, NULL);
}
