/* Ends of pipes whose processes are killed, or stand still. */
#include "support/queues.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

enum { ROUNDS = 20, PIECE = 300000 };

struct ends {
	relevo_pipe *ends[2];
	struct gate ready;
};

static void open_ends(struct ends *made)
{
	assert_ok(relevo_pipe_pair(RELEVO_DIRECTION_BOTH, made->ends));
	gate_make(&made->ready);
}

static void close_ends(struct ends *made)
{
	relevo_pipe_close(made->ends[0]);
	relevo_pipe_close(made->ends[1]);
	gate_close(&made->ready);
}

/* Each of one letter throughout, large and small by turns. */
static void send_without_end(void *argument)
{
	struct ends *made = argument;
	char *bytes = malloc(PIECE);
	relevo_pipe_close(made->ends[1]);
	gate_open(&made->ready);
	for (int i = 0;; i++) {
		memset(bytes, 'a' + i % 26, PIECE);
		size_t size = (size_t)(i % 2 == 0 ? PIECE - i % 1000 : 1 + i % 1000);
		if (relevo_pipe_send(made->ends[0], bytes, size, RELEVO_FOREVER) != RELEVO_OK)
			_exit(EXIT_FAILURE);
	}
}

static int check_message(relevo_pipe *pipe)
{
	void *data = NULL;
	size_t size = 0;
	int status = relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size);
	if (status != RELEVO_OK)
		return status;
	assert_true(size > 0);
	for (size_t i = 1; i < size; i++)
		assert_int_equal(((char *)data)[i], ((char *)data)[0]);
	free(data);
	return RELEVO_OK;
}

/* Wherever it was: what had been sent arrives whole, then comes the end. */
static void a_sender_is_killed(void **state)
{
	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct ends made;
		open_ends(&made);
		pid_t child = child_start(send_without_end, &made);
		relevo_pipe_close(made.ends[0]);
		made.ends[0] = NULL;
		gate_pass(&made.ready);
		int status;
		for (int i = 0; i < round * 3; i++)
			assert_ok(check_message(made.ends[1]));
		child_kill(child);
		while ((status = check_message(made.ends[1])) == RELEVO_OK)
			;
		assert_status(status, RELEVO_END_OF_STREAM);
		close_ends(&made);
	}
}

/* It may be full of what the dead one has sent. */
static void *send_empty(void *argument)
{
	struct ends *made = argument;
	child_check(relevo_pipe_send(made->ends[0], "", 0, TEST_PATIENCE) == RELEVO_OK);
	return NULL;
}

/* One of two that share the end: the other goes on, and nothing is cut off. */
static void a_sharer_is_killed_while_it_sends(void **state)
{
	(void)state;
	struct ends made;
	open_ends(&made);
	for (int round = 0; round < ROUNDS; round++) {
		pid_t child = child_start(send_without_end, &made);
		gate_pass(&made.ready);
		for (int i = 0; i < round; i++)
			assert_ok(check_message(made.ends[1]));
		child_kill(child);
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, send_empty, &made), 0);
		/* All of the dead one's, then ours. */
		void *data = NULL;
		size_t size;
		do {
			free(data);
			assert_ok(relevo_pipe_recv(made.ends[1], TEST_PATIENCE, &data, &size));
			for (size_t i = 1; i < size; i++)
				assert_int_equal(((char *)data)[i], ((char *)data)[0]);
		} while (size > 0);
		free(data);
		pthread_join(thread, NULL);
	}
	close_ends(&made);
}

static void receive_without_end(void *argument)
{
	struct ends *made = argument;
	gate_open(&made->ready);
	while (check_message(made->ends[1]) == RELEVO_OK)
		;
}

/* It loses what it had in its hands, and no part of anything else. */
static void a_sharer_is_killed_while_it_receives(void **state)
{
	(void)state;
	struct ends made;
	char *bytes = malloc(PIECE);
	open_ends(&made);
	for (int round = 0; round < ROUNDS; round++) {
		pid_t child = child_start(receive_without_end, &made);
		gate_pass(&made.ready);
		for (int i = 0; i < 3 + round; i++) {
			memset(bytes, 'a' + i, PIECE);
			assert_ok(relevo_pipe_send(made.ends[0], bytes, PIECE, TEST_PATIENCE));
		}
		child_kill(child);
		bool ready = true;
		for (;;) {
			assert_ok(relevo_pipe_poll(made.ends[1], 0, &ready));
			if (!ready)
				break;
			assert_ok(check_message(made.ends[1]));
		}
	}
	free(bytes);
	close_ends(&made);
}

/* ---- standing still ----------------------------------------------------- */

static void *send_some(void *argument)
{
	struct ends *made = argument;
	static const char bytes[PIECE];
	for (int i = 0; i < ROUNDS; i++)
		child_check(relevo_pipe_send(made->ends[0], bytes, PIECE, TEST_PATIENCE) ==
			    RELEVO_OK);
	return NULL;
}

static void receive_some(void *argument)
{
	struct ends *made = argument;
	gate_open(&made->ready);
	for (int i = 0; i < ROUNDS; i++)
		child_check(check_message(made->ends[1]) == RELEVO_OK);
}

/* A reader that is stopped holds up its own sender, and another pipe of it is free. */
static void a_reader_is_stopped(void **state)
{
	(void)state;
	struct ends made, other;
	pthread_t thread;
	int status;
	open_ends(&made);
	open_ends(&other);
	pid_t child = child_start(receive_some, &made);
	gate_pass(&made.ready);
	assert_int_equal(kill(child, SIGSTOP), 0);
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	assert_int_equal(pthread_create(&thread, NULL, send_some, &made), 0);
	for (int i = 0; i < 100; i++) {
		assert_ok(relevo_pipe_send(other.ends[0], "x", 1, TEST_PATIENCE));
		assert_ok(check_message(other.ends[1]));
	}
	assert_int_equal(kill(child, SIGCONT), 0);
	child_join(child);
	pthread_join(thread, NULL);
	close_ends(&made);
	close_ends(&other);
}

/* ---- by name ------------------------------------------------------------ */

struct named {
	const char *url;
	struct gate ready;
};

static void send_one_and_wait(void *argument)
{
	struct named *named = argument;
	relevo_session *session = session_open(named->url);
	relevo_pipe *pipe = NULL;
	void *data;
	size_t size;
	child_check(relevo_pipe_open(session, "p", RELEVO_DIRECTION_BOTH, TEST_PATIENCE, &pipe) ==
		    RELEVO_OK);
	child_check(relevo_pipe_send(pipe, "before", 6, TEST_PATIENCE) == RELEVO_OK);
	gate_open(&named->ready);
	relevo_pipe_recv(pipe, RELEVO_FOREVER, &data, &size);
}

static int scene_setup_tcp(void **state)
{
	static struct scene scene;
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	test_broker_start(&scene.broker, arguments);
	scene.session = session_open(scene.broker.url);
	*state = &scene;
	return 0;
}

static int scene_teardown_tcp(void **state)
{
	struct scene *scene = *state;
	int status = relevo_session_close(scene->session);
	test_broker_stop(&scene->broker);
	return status == RELEVO_OK ? 0 : -1;
}

/* Local and relayed: after what it sent comes the end. */
static void the_other_end_is_killed(void **state)
{
	struct scene *scene = *state;
	for (int relayed = 0; relayed < 2; relayed++) {
		struct named named = { .url = relayed ? scene->broker.more : scene->broker.url };
		relevo_pipe *pipe = NULL;
		char room[10];
		size_t got;
		gate_make(&named.ready);
		pid_t child = child_start(send_one_and_wait, &named);
		assert_ok(relevo_pipe_open(scene->session, "p", RELEVO_DIRECTION_BOTH,
					   TEST_PATIENCE, &pipe));
		gate_pass(&named.ready);
		child_kill(child);
		assert_ok(relevo_pipe_recv_into(pipe, TEST_PATIENCE, room, sizeof room, &got));
		assert_int_equal(got, 6);
		assert_status(relevo_pipe_recv_into(pipe, TEST_PATIENCE, room, sizeof room, &got),
			      RELEVO_END_OF_STREAM);
		assert_status(relevo_pipe_send(pipe, "x", 1, TEST_PATIENCE), RELEVO_END_OF_STREAM);
		relevo_pipe_close(pipe);
		gate_close(&named.ready);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(a_sender_is_killed),
		leaks_unit_test(a_sharer_is_killed_while_it_sends),
		leaks_unit_test(a_sharer_is_killed_while_it_receives),
		leaks_unit_test(a_reader_is_stopped),
		cmocka_unit_test_setup_teardown(the_other_end_is_killed, scene_setup_tcp,
						scene_teardown_tcp),
	};
	return cmocka_run_group_tests_name("pipe_killed", tests, NULL, NULL);
}
