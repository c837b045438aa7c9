/* Pipes with a name: local ones, and relayed ones. */
#include "support/polling.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

static struct scene the_scene;

/* The broker is reached over ipc:// and over tcp://. */
static int setup(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	if (leaks_setup(state) != 0)
		return -1;
	test_broker_start(&the_scene.broker, arguments);
	the_scene.session = session_open(the_scene.broker.url);
	*state = &the_scene;
	return 0;
}

static int teardown(void **state)
{
	int status = relevo_session_close(the_scene.session);
	test_broker_stop(&the_scene.broker);
	return status == RELEVO_OK ? leaks_teardown(state) : -1;
}

/* The transport starts once in a process, and keeps what it opens then. */
static int start_transport(void **state)
{
	int status = setup(state);
	relevo_session *session = session_open(the_scene.broker.more);
	assert_ok(relevo_session_close(session));
	assert_ok(relevo_session_close(the_scene.session));
	test_broker_stop(&the_scene.broker);
	return status;
}

/* One end is opened by a thread, the other here. */
struct meeting {
	relevo_session *session;
	const char *name;
	enum relevo_direction direction;
	relevo_pipe *pipe;
	int status;
};

static void *come(void *argument)
{
	struct meeting *meeting = argument;
	meeting->status = relevo_pipe_open(meeting->session, meeting->name, meeting->direction,
					   TEST_PATIENCE, &meeting->pipe);
	return NULL;
}

struct ends {
	relevo_pipe *here, *there;
};

static struct ends meet(relevo_session *here, relevo_session *there,
			enum relevo_direction direction)
{
	static const enum relevo_direction others[] = { RELEVO_DIRECTION_BOTH,
							RELEVO_DIRECTION_SEND,
							RELEVO_DIRECTION_RECEIVE };
	struct meeting meeting = { there, "p", others[direction], NULL, -1 };
	struct ends ends = { NULL, NULL };
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, come, &meeting), 0);
	assert_ok(relevo_pipe_open(here, "p", direction, TEST_PATIENCE, &ends.here));
	pthread_join(thread, NULL);
	assert_status(meeting.status, RELEVO_OK);
	ends.there = meeting.pipe;
	return ends;
}

static void close_ends(struct ends *ends)
{
	relevo_pipe_close(ends->here);
	relevo_pipe_close(ends->there);
}

static void say(relevo_pipe *pipe, const char *text)
{
	assert_ok(relevo_pipe_send(pipe, text, strlen(text), TEST_PATIENCE));
}

static void hear(relevo_pipe *pipe, const char *text)
{
	void *data = NULL;
	size_t size = 0;
	assert_ok(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size));
	assert_string_equal(data, text);
	assert_int_equal(size, strlen(text));
	free(data);
}

static void hear_the_end(relevo_pipe *pipe)
{
	void *data = NULL;
	size_t size = 0;
	assert_status(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size), RELEVO_END_OF_STREAM);
}

/* ---- meeting ------------------------------------------------------------ */

static void a_local_one_is_the_kernels(void **state)
{
	struct scene *scene = *state;
	relevo_session *other = session_open(scene->broker.url);
	int fd = -1;
	for (int i = 0; i < 3; i++) {
		struct ends ends = meet(scene->session, i == 1 ? scene->session : other,
					(enum relevo_direction)i);
		assert_ok(relevo_pipe_fd(ends.here, &fd));
		relevo_pipe *from = i == 1 ? ends.there : ends.here;
		relevo_pipe *to = i == 1 ? ends.here : ends.there;
		say(from, "through");
		hear(to, "through");
		assert_int_equal(relevo_pipe_sends(ends.here), i != 1);
		assert_int_equal(relevo_pipe_receives(ends.here), i != 2);
		relevo_pipe_close(from);
		hear_the_end(to);
		relevo_pipe_close(to);
	}
	assert_ok(relevo_session_close(other));
}

static void nobody_comes(void **state)
{
	struct scene *scene = *state;
	relevo_pipe *pipe = NULL;
	int64_t start = test_now();
	assert_fails(relevo_pipe_open(scene->session, "p", RELEVO_DIRECTION_BOTH, 0, &pipe),
		     RELEVO_TIMED_OUT, "nobody came to the other end of the pipe \"p\"");
	assert_fails(relevo_pipe_open(scene->session, "p", RELEVO_DIRECTION_BOTH, 200, &pipe),
		     RELEVO_TIMED_OUT, "\"p\" in time");
	assert_between(test_now() - start, 199, 1000);
	assert_status(relevo_pipe_open(scene->session, "p", RELEVO_DIRECTION_BOTH, -2, &pipe),
		      RELEVO_BAD_ARGUMENT);
	assert_status(relevo_pipe_open(scene->session, "p", (enum relevo_direction)3, 0, &pipe),
		      RELEVO_BAD_ARGUMENT);
	assert_status(relevo_pipe_open(scene->session, "", RELEVO_DIRECTION_SEND, 0, &pipe),
		      RELEVO_BAD_NAME);
	assert_status(relevo_pipe_open(scene->session, NULL, RELEVO_DIRECTION_SEND, 0, &pipe),
		      RELEVO_BAD_ARGUMENT);
	/* Who has gone is not met. */
	struct ends ends = meet(scene->session, scene->session, RELEVO_DIRECTION_SEND);
	close_ends(&ends);
}

static void wait_there(void *argument)
{
	struct meeting *meeting = argument;
	come(meeting);
}

static bool refused(void *argument)
{
	struct meeting *meeting = argument;
	int status = relevo_pipe_open(meeting->session, meeting->name, meeting->direction, 0,
				      &meeting->pipe);
	return status == RELEVO_OPTION_MISMATCH;
}

static void the_same_part_is_refused(void **state)
{
	struct scene *scene = *state;
	struct meeting meeting = { scene->session, "p", RELEVO_DIRECTION_SEND, NULL, -1 };
	pid_t child = child_start(wait_there, &meeting);
	assert_true(eventually(refused, &meeting));
	assert_non_null(strstr(relevo_error_detail(), "waits an end that sends"));
	relevo_pipe *pipe = NULL;
	assert_status(relevo_pipe_open(scene->session, "p", RELEVO_DIRECTION_BOTH, 0, &pipe),
		      RELEVO_OPTION_MISMATCH);
	/* A killed one leaves the place. */
	child_kill(child);
	meeting.direction = RELEVO_DIRECTION_SEND;
	assert_status(relevo_pipe_open(scene->session, "p", RELEVO_DIRECTION_SEND, 100, &pipe),
		      RELEVO_TIMED_OUT);
}

/* ---- relayed ------------------------------------------------------------ */

static void a_relayed_one_is_alike(void **state)
{
	struct scene *scene = *state;
	relevo_session *remote = session_open(scene->broker.more);
	struct ends ends = meet(scene->session, remote, RELEVO_DIRECTION_BOTH);
	relevo_tuple *tuple = NULL;
	uint8_t *bytes = malloc(1000000);
	void *data = NULL;
	size_t size = 0;
	bool ready = true;
	int fd;
	assert_status(relevo_pipe_fd(ends.here, &fd), RELEVO_NOT_LOCAL);
	say(ends.there, "first");
	say(ends.there, "");
	say(ends.here, "the other way");
	hear(ends.here, "first");
	hear(ends.here, "");
	hear(ends.there, "the other way");
	assert_ok(relevo_pipe_poll(ends.here, 0, &ready));
	assert_false(ready);
	assert_status(relevo_pipe_recv(ends.here, 0, &data, &size), RELEVO_TIMED_OUT);
	assert_status(relevo_pipe_recv(ends.here, 100, &data, &size), RELEVO_TIMED_OUT);
	pattern_fill(bytes, 1000000, 3);
	assert_ok(relevo_pipe_send(ends.there, bytes, 1000000, TEST_PATIENCE));
	assert_status(relevo_pipe_recv_into(ends.here, TEST_PATIENCE, bytes, 10, &size),
		      RELEVO_TOO_SHORT);
	assert_ok(relevo_pipe_recv(ends.here, 0, &data, &size));
	assert_int_equal(size, 1000000);
	assert_true(pattern_holds(data, size, 3));
	free(data);
	free(bytes);
	/* Descriptors do not go that far, nor does the end itself. */
	assert_ok(relevo_tuple_new(&tuple));
	assert_status(relevo_tuple_add_pipe(tuple, NULL, ends.here), RELEVO_NOT_LOCAL);
	assert_ok(relevo_tuple_add_descriptor(tuple, NULL, STDIN_FILENO));
	assert_fails(relevo_pipe_send_tuple(ends.here, tuple, 0), RELEVO_CANNOT_ENCODE,
		     "to another host");
	relevo_tuple_free(tuple);
	say(ends.there, "last");
	relevo_pipe_close(ends.there);
	hear(ends.here, "last");
	hear_the_end(ends.here);
	hear_the_end(ends.here);
	assert_ok(relevo_pipe_poll(ends.here, 0, &ready));
	assert_true(ready);
	assert_status(relevo_pipe_send(ends.here, "x", 1, RELEVO_FOREVER), RELEVO_END_OF_STREAM);
	relevo_pipe_close(ends.here);
	assert_ok(relevo_session_close(remote));
}

/* What is not read is bounded, and holds up the one who sends it alone. */
static void a_full_relay_holds_its_sender(void **state)
{
	struct scene *scene = *state;
	relevo_session *remote = session_open(scene->broker.more);
	struct ends ends = meet(scene->session, remote, RELEVO_DIRECTION_SEND);
	char *bytes = calloc(1, 2000000);
	void *data;
	size_t size;
	int sent = 0, status;
	while ((status = relevo_pipe_send(ends.here, bytes, 100000, 0)) == RELEVO_OK)
		sent++;
	assert_status(status, RELEVO_TIMED_OUT);
	assert_in_range(sent, 3, 20);
	for (; sent > 2; sent--) {
		assert_ok(relevo_pipe_recv(ends.there, TEST_PATIENCE, &data, &size));
		free(data);
	}
	/* Gives up half-way: nothing of it arrives. */
	int64_t start = test_now();
	assert_status(relevo_pipe_send(ends.here, bytes, 2000000, 200), RELEVO_TIMED_OUT);
	assert_between(test_now() - start, 199, 2000);
	for (int i = 0; i < 2; i++) {
		assert_ok(relevo_pipe_recv(ends.there, TEST_PATIENCE, &data, &size));
		assert_int_equal(size, 100000);
		free(data);
	}
	assert_status(relevo_pipe_recv(ends.there, 100, &data, &size), RELEVO_TIMED_OUT);
	say(ends.here, "whole");
	hear(ends.there, "whole");
	free(bytes);
	close_ends(&ends);
	assert_ok(relevo_session_close(remote));
}

struct sending {
	relevo_pipe *pipe;
	int status;
};

static void *send_for_ever(void *argument)
{
	struct sending *sending = argument;
	static const char bytes[500000];
	while ((sending->status = relevo_pipe_send(sending->pipe, bytes, sizeof bytes,
						   RELEVO_FOREVER)) == RELEVO_OK)
		;
	return NULL;
}

static void who_waits_is_told_of_the_end(void **state)
{
	struct scene *scene = *state;
	relevo_session *remote = session_open(scene->broker.more);
	struct ends ends = meet(scene->session, remote, RELEVO_DIRECTION_SEND);
	struct sending sending = { .pipe = ends.here };
	pthread_t thread;
	void *data;
	size_t size;
	assert_int_equal(pthread_create(&thread, NULL, send_for_ever, &sending), 0);
	assert_ok(relevo_pipe_recv(ends.there, TEST_PATIENCE, &data, &size));
	free(data);
	relevo_pipe_close(ends.there);
	pthread_join(thread, NULL);
	assert_status(sending.status, RELEVO_END_OF_STREAM);
	relevo_pipe_close(ends.here);
	assert_ok(relevo_session_close(remote));
}

enum { SENDERS = 2, EACH = 10, LONG = 600000 };

static void *send_large_ones(void *pipe)
{
	char *bytes = malloc(LONG);
	for (int i = 0; i < EACH; i++) {
		memset(bytes, 'a' + i, LONG);
		child_check(relevo_pipe_send(pipe, bytes, (size_t)(LONG - i), TEST_PATIENCE) ==
			    RELEVO_OK);
	}
	free(bytes);
	return NULL;
}

struct receiving {
	relevo_pipe *pipe;
	_Atomic int seen[EACH];
};

static void *receive_large_ones(void *argument)
{
	struct receiving *receiving = argument;
	void *data;
	size_t size;
	while (relevo_pipe_recv(receiving->pipe, TEST_PATIENCE, &data, &size) == RELEVO_OK) {
		const char *bytes = data;
		int which = bytes[0] - 'a';
		child_check(which >= 0 && which < EACH && size == (size_t)(LONG - which));
		for (size_t i = 0; i < size; i++)
			child_check(bytes[i] == bytes[0]);
		receiving->seen[which]++;
		free(data);
	}
	return NULL;
}

/* Messages of several parts, from two threads to two threads. */
static void threads_share_a_relayed_end(void **state)
{
	struct scene *scene = *state;
	relevo_session *remote = session_open(scene->broker.more);
	struct ends ends = meet(scene->session, remote, RELEVO_DIRECTION_SEND);
	struct receiving receiving = { .pipe = ends.there };
	pthread_t senders[SENDERS], receivers[2];
	for (int i = 0; i < SENDERS; i++)
		pthread_create(&senders[i], NULL, send_large_ones, ends.here);
	for (int i = 0; i < 2; i++)
		pthread_create(&receivers[i], NULL, receive_large_ones, &receiving);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	relevo_pipe_close(ends.here);
	for (int i = 0; i < 2; i++)
		pthread_join(receivers[i], NULL);
	for (int i = 0; i < EACH; i++)
		assert_int_equal(receiving.seen[i], SENDERS);
	relevo_pipe_close(ends.there);
	assert_ok(relevo_session_close(remote));
}

struct child {
	struct scene *scene;
	relevo_pipe *pipe;
};

static void use_the_parents(void *argument)
{
	relevo_pipe *pipe = ((struct child *)argument)->pipe;
	void *data;
	size_t size;
	bool ready;
	child_check(relevo_pipe_send(pipe, "x", 1, 0) == RELEVO_FORKED);
	child_check(relevo_pipe_recv(pipe, 0, &data, &size) == RELEVO_FORKED);
	child_check(relevo_pipe_poll(pipe, 0, &ready) == RELEVO_FORKED);
	child_check(relevo_wait(&(struct relevo_wait_entry){ RELEVO_WAIT_FOR_PIPE, .pipe = pipe },
				1, 0, &size) == RELEVO_FORKED);
	relevo_pipe_close(pipe);
}

static void a_child_has_no_part_in_a_relay(void **state)
{
	struct scene *scene = *state;
	relevo_session *remote = session_open(scene->broker.more);
	struct ends ends = meet(scene->session, remote, RELEVO_DIRECTION_BOTH);
	struct child child = { scene, ends.here };
	child_join(child_start(use_the_parents, &child));
	say(ends.here, "still here");
	hear(ends.there, "still here");
	close_ends(&ends);
	assert_ok(relevo_session_close(remote));
}

static atomic_bool wanted;

static bool while_wanted(void *user)
{
	(void)user;
	return wanted;
}

/* A relayed one asks as its session does, and what was not sent does not come. */
static void the_program_ends_a_wait(void **state)
{
	struct scene *scene = *state;
	static char bytes[256 * 1024];
	const struct relevo_session_options options = { .go_on = while_wanted };
	relevo_session *remote = NULL;
	void *data;
	size_t size;
	int sent = 0;
	wanted = true;
	assert_ok(relevo_session_open(scene->broker.more, &options, &remote));
	struct ends ends = meet(remote, scene->session, RELEVO_DIRECTION_BOTH);
	/* The message may come before the broker hears that nobody waits for it any more. */
	for (int i = 0; i < 50; i++) {
		wanted = false;
		assert_status(relevo_pipe_recv(ends.here, RELEVO_FOREVER, &data, &size),
			      RELEVO_INTERRUPTED);
		wanted = true;
		say(ends.there, "heard");
		hear(ends.here, "heard");
	}
	while (relevo_pipe_send(ends.here, bytes, sizeof bytes, 50) == RELEVO_OK)
		sent++;
	wanted = false;
	assert_status(relevo_pipe_send(ends.here, bytes, sizeof bytes - 1, RELEVO_FOREVER),
		      RELEVO_INTERRUPTED);
	wanted = true;
	for (; sent > 0; sent--) {
		assert_ok(relevo_pipe_recv(ends.there, TEST_PATIENCE, &data, &size));
		assert_int_equal(size, sizeof bytes);
		free(data);
	}
	say(ends.here, "last");
	hear(ends.there, "last");
	close_ends(&ends);
	assert_ok(relevo_session_close(remote));
}

static void local_and_relayed_in_one_wait(void **state)
{
	struct scene *scene = *state;
	relevo_session *remote = session_open(scene->broker.more);
	struct ends relayed = meet(remote, scene->session, RELEVO_DIRECTION_RECEIVE);
	struct ends second = meet(remote, scene->session, RELEVO_DIRECTION_RECEIVE);
	struct ends local = meet(scene->session, scene->session, RELEVO_DIRECTION_RECEIVE);
	struct relevo_wait_entry entries[] = { { RELEVO_WAIT_FOR_PIPE, .pipe = relayed.here },
					       { RELEVO_WAIT_FOR_PIPE, .pipe = local.here },
					       { RELEVO_WAIT_FOR_PIPE, .pipe = second.here } };
	size_t ready;
	char *large = calloc(1, 900000);
	void *data;
	int fd = -1;
	char peer[RELEVO_PIPE_PEER_TEXT];
	assert_status(relevo_pipe_take_fd(relayed.here, &fd), RELEVO_NOT_LOCAL);
	assert_fails(relevo_pipe_peer(relayed.here, peer, sizeof peer), RELEVO_NOT_LOCAL, "relays");
	assert_ok(relevo_pipe_peer(local.here, peer, sizeof peer));
	assert_status(relevo_wait(entries, 3, 200, &ready), RELEVO_TIMED_OUT);
	say(local.there, "near");
	assert_ok(relevo_wait(entries, 3, TEST_PATIENCE, &ready));
	assert_true(entries[1].ready);
	hear(local.here, "near");
	/* Of several parts: it is there when all of it is. */
	assert_ok(relevo_pipe_send(second.there, large, 900000, TEST_PATIENCE));
	assert_ok(relevo_wait(entries, 3, TEST_PATIENCE, &ready));
	assert_true(!entries[0].ready && !entries[1].ready && entries[2].ready);
	assert_ok(relevo_pipe_recv(second.here, 0, &data, &ready));
	assert_int_equal(ready, 900000);
	free(data);
	free(large);
	relevo_pipe_close(relayed.there);
	assert_ok(relevo_wait(entries, 3, TEST_PATIENCE, &ready));
	assert_true(entries[0].ready && !entries[1].ready && !entries[2].ready);
	hear_the_end(relayed.here);
	relevo_pipe_close(relayed.here);
	close_ends(&second);
	close_ends(&local);
	assert_ok(relevo_session_close(remote));
}

/* The same with a poller, which asks for the next message once it has told of one. */
static void relays_are_polled(void **state)
{
	struct scene *scene = *state;
	relevo_session *remote = session_open(scene->broker.more);
	struct ends ends = meet(remote, scene->session, RELEVO_DIRECTION_RECEIVE);
	char *large = calloc(1, 900000);
	relevo_poller *poller;
	size_t size;
	void *data;
	assert_ok(relevo_poller_new(&poller));
	assert_ok(relevo_poller_add_pipe(poller, ends.here, NULL));
	polling_expect_nothing(poller);
	for (int i = 0; i < 3; i++) {
		say(ends.there, "far");
		polling_expect(poller, ends.here, RELEVO_OK);
		polling_expect(poller, ends.here, RELEVO_OK);
		hear(ends.here, "far");
		polling_expect_nothing(poller);
	}
	assert_ok(relevo_pipe_send(ends.there, large, 900000, TEST_PATIENCE));
	polling_expect(poller, ends.here, RELEVO_OK);
	assert_ok(relevo_pipe_recv(ends.here, 0, &data, &size));
	assert_int_equal(size, 900000);
	free(data);
	free(large);
	say(ends.there, "last");
	polling_expect(poller, ends.here, RELEVO_OK);
	assert_ok(relevo_poller_remove(poller, ends.here));
	hear(ends.here, "last");
	assert_ok(relevo_poller_add_pipe(poller, ends.here, NULL));
	relevo_pipe_close(ends.there);
	polling_expect(poller, ends.here, RELEVO_OK);
	hear_the_end(ends.here);
	relevo_pipe_close(ends.here);
	polling_expect_nothing(poller);
	relevo_poller_free(poller);
	assert_ok(relevo_session_close(remote));
}

static void *say_later(void *pipe)
{
	void *data;
	size_t size;
	/* Woken when the wait has begun. */
	relevo_pipe_recv(pipe, 100, &data, &size);
	relevo_pipe_send(pipe, "late", 4, TEST_PATIENCE);
	return NULL;
}

/* It comes while the wait is under way, again and again. */
static void a_relayed_message_ends_the_wait(void **state)
{
	struct scene *scene = *state;
	relevo_session *remote = session_open(scene->broker.more);
	struct ends ends = meet(remote, scene->session, RELEVO_DIRECTION_BOTH);
	struct relevo_wait_entry entry = { RELEVO_WAIT_FOR_PIPE, .pipe = ends.here };
	for (int i = 0; i < 3; i++) {
		pthread_t thread;
		size_t ready;
		assert_int_equal(pthread_create(&thread, NULL, say_later, ends.there), 0);
		assert_ok(relevo_wait(&entry, 1, TEST_PATIENCE, &ready));
		assert_true(ready == 1 && entry.ready);
		hear(ends.here, "late");
		pthread_join(thread, NULL);
	}
	close_ends(&ends);
	assert_ok(relevo_session_close(remote));
}

static void without_the_broker(void **state)
{
	struct scene *scene = *state;
	relevo_session *remote = session_open(scene->broker.more);
	struct ends relayed = meet(scene->session, remote, RELEVO_DIRECTION_BOTH);
	struct ends local = meet(scene->session, scene->session, RELEVO_DIRECTION_BOTH);
	void *data;
	size_t size, ready;
	broker_kill(&scene->broker);
	assert_status(relevo_pipe_recv(relayed.here, TEST_PATIENCE, &data, &size),
		      RELEVO_DISCONNECTED);
	struct relevo_wait_entry entry = { RELEVO_WAIT_FOR_PIPE, .pipe = relayed.there };
	assert_ok(relevo_wait(&entry, 1, TEST_PATIENCE, &ready));
	assert_status(relevo_pipe_send(relayed.there, "x", 1, TEST_PATIENCE), RELEVO_DISCONNECTED);
	/* It needs none. */
	say(local.here, "on and on");
	hear(local.there, "on and on");
	close_ends(&local);
	close_ends(&relayed);
	assert_status(relevo_queue_delete(scene->session, "none"), RELEVO_DISCONNECTED);
	broker_again(&scene->broker);
	assert_status(relevo_session_close(remote), RELEVO_DISCONNECTED);
	/* The session finds the new one. */
	relevo_queue_close(queue_open(scene->session, "q"));
}

#define PIPE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPE_TEST(a_local_one_is_the_kernels),
		PIPE_TEST(nobody_comes),
		PIPE_TEST(the_same_part_is_refused),
		PIPE_TEST(a_relayed_one_is_alike),
		PIPE_TEST(a_full_relay_holds_its_sender),
		PIPE_TEST(who_waits_is_told_of_the_end),
		PIPE_TEST(threads_share_a_relayed_end),
		PIPE_TEST(the_program_ends_a_wait),
		PIPE_TEST(a_child_has_no_part_in_a_relay),
		PIPE_TEST(local_and_relayed_in_one_wait),
		PIPE_TEST(a_relayed_message_ends_the_wait),
		PIPE_TEST(relays_are_polled),
		PIPE_TEST(without_the_broker),
	};
	return cmocka_run_group_tests_name("pipe_open", tests, start_transport, NULL);
}
