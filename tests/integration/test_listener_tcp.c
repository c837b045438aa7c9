/* Listeners over tcp: messages, threads, and what does not work there. */
#include "support/listeners.h"
#include "support/polling.h"

#include <pthread.h>
#include <time.h>

enum { LARGE = 16 * 1024 * 1024, MUCH = 1024 * 1024, PART = 256 * 1024 };

/* Both ends, without a key. */
static struct ends ends_over_tcp(void)
{
	relevo_listener *listener = listener_at_any_port("");
	const struct relevo_listener_options options = { .key_file = "" };
	struct ends made;
	assert_ok(relevo_pipe_connect(relevo_listener_address(listener), &options, TEST_PATIENCE,
				      &made.ends[0]));
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &made.ends[1]));
	relevo_listener_close(listener);
	return made;
}

/* ---- messages ----------------------------------------------------------- */

static char pattern(size_t byte, size_t size)
{
	return (char)(byte / 251 + byte + size);
}

static void send_size(relevo_pipe *pipe, size_t size)
{
	char *bytes = malloc(size + 1);
	child_check(bytes != NULL);
	for (size_t byte = 0; byte < size; byte++)
		bytes[byte] = pattern(byte, size);
	child_check(relevo_pipe_send(pipe, bytes, size, TEST_PATIENCE) == RELEVO_OK);
	free(bytes);
}

static void expect_size(relevo_pipe *pipe, size_t size)
{
	void *data = NULL;
	size_t got = 0;
	child_check(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &got) == RELEVO_OK);
	child_check(got == size && ((char *)data)[size] == '\0');
	for (size_t byte = 0; byte < size; byte++)
		child_check(((char *)data)[byte] == pattern(byte, size));
	free(data);
}

static struct early early_sender;

static void connect_send_much_and_go(void *early)
{
	relevo_pipe *pipe = early_connect(early);
	send_size(pipe, MUCH);
	relevo_pipe_close(pipe);
}

static int start_early(void **state)
{
	(void)state;
	early_start(&early_sender, connect_send_much_and_go);
	return 0;
}

/* What was sent arrives, though its sender has ended, and before anybody accepts. */
static void the_sender_has_ended(void **state)
{
	(void)state;
	relevo_listener *listener = listener_at_any_port(NULL);
	relevo_pipe *pipe = NULL;
	early_go(&early_sender, listener, "");
	early_end(&early_sender);
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &pipe));
	expect_size(pipe, MUCH);
	pipe_expect_end(pipe);
	relevo_pipe_close(pipe);
	relevo_listener_close(listener);
}

static const size_t sizes[] = { 0, 1, 127, PART - 1, PART, PART + 1, 3 * PART, LARGE };

static void *send_sizes(void *pipe)
{
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		send_size(pipe, sizes[i]);
	return NULL;
}

/* Both ways at once, each end in two threads. */
static void messages_of_all_sizes(void **state)
{
	(void)state;
	struct ends made = ends_over_tcp();
	pthread_t senders[2];
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&senders[i], NULL, send_sizes, made.ends[i]), 0);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		expect_size(made.ends[0], sizes[i]);
		expect_size(made.ends[1], sizes[i]);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(senders[i], NULL);
	relevo_pipe_close(made.ends[0]);
	pipe_expect_end(made.ends[1]);
	assert_status(relevo_pipe_send(made.ends[1], "x", 1, -2), RELEVO_BAD_ARGUMENT);
	relevo_pipe_close(made.ends[1]);
}

static int64_t processor_time(void)
{
	struct timespec time;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Who waits for room is not woken by what there is to read, which nobody wants now. */
static void waiting_for_room_costs_nothing(void **state)
{
	(void)state;
	struct ends made = ends_over_tcp();
	char *bytes = calloc(1, LARGE);
	assert_non_null(bytes);
	pipe_send_text(made.ends[1], "unread");
	assert_status(relevo_pipe_send(made.ends[0], bytes, LARGE, 300), RELEVO_TIMED_OUT);
	int64_t before = processor_time();
	assert_status(relevo_pipe_send(made.ends[0], bytes, LARGE, 1000), RELEVO_TIMED_OUT);
	assert_true(processor_time() - before < 500);
	pipe_expect_text(made.ends[0], "unread");
	free(bytes);
	/* The other way round it would wait for the rest to be read. */
	relevo_pipe_close(made.ends[1]);
	relevo_pipe_close(made.ends[0]);
}

/* A message that was given up has not been sent, however much of it has gone out; the other
 * direction and what is sent afterwards do not suffer. */
static void a_message_is_given_up(void **state)
{
	(void)state;
	struct ends made = ends_over_tcp();
	char *bytes = calloc(1, PART);
	assert_non_null(bytes);
	/* There is more to read at the sender's end than nothing: it does not disturb. */
	pipe_send_text(made.ends[1], "unread");
	int sent = 0, given_up = 0;
	for (int i = 0; given_up < 6; i++) {
		memset(bytes, sent, PART);
		int status = relevo_pipe_send(made.ends[0], bytes, PART, i % 2 == 0 ? 0 : 100);
		if (status == RELEVO_OK)
			sent++;
		else
			assert_status(status, RELEVO_TIMED_OUT);
		given_up += status != RELEVO_OK;
	}
	for (int i = 0; i < sent; i++) {
		size_t got = 0;
		assert_ok(relevo_pipe_recv_into(made.ends[1], TEST_PATIENCE, bytes, PART, &got));
		assert_int_equal(got, PART);
		assert_true(bytes[0] == (char)i && bytes[PART - 1] == (char)i);
	}
	pipe_send_text(made.ends[0], "room again");
	pipe_expect_text(made.ends[1], "room again");
	pipe_expect_text(made.ends[0], "unread");
	free(bytes);
	close_both(&made);
}

/* ---- waiting, and what does not work ------------------------------------ */

static void waited_for_with_others(void **state)
{
	(void)state;
	struct ends made = ends_over_tcp();
	relevo_listener *listener = listener_at_any_port("");
	struct relevo_wait_entry entries[2] = { { RELEVO_WAIT_FOR_PIPE, .pipe = made.ends[0] },
						{ RELEVO_WAIT_FOR_DESCRIPTOR } };
	size_t ready;
	assert_ok(relevo_listener_fd(listener, &entries[1].descriptor));
	assert_status(relevo_wait(entries, 2, 0, &ready), RELEVO_TIMED_OUT);
	assert_status(relevo_wait(entries, 2, 100, &ready), RELEVO_TIMED_OUT);
	pipe_send_text(made.ends[1], "message");
	assert_ok(relevo_wait(entries, 2, TEST_PATIENCE, &ready));
	assert_true(ready == 1 && entries[0].ready);
	pipe_expect_text(made.ends[0], "message");
	relevo_pipe *there = NULL, *here = NULL;
	assert_ok(relevo_pipe_connect(relevo_listener_address(listener), NULL, TEST_PATIENCE,
				      &there));
	assert_ok(relevo_wait(entries, 2, TEST_PATIENCE, &ready));
	assert_true(ready == 1 && entries[1].ready);
	assert_ok(relevo_listener_accept(listener, 0, &here));
	pipe_expect_talk(there, here);
	relevo_pipe_close(made.ends[1]);
	assert_ok(relevo_wait(entries, 1, TEST_PATIENCE, &ready));
	pipe_expect_end(made.ends[0]);
	relevo_pipe_close(made.ends[0]);
	relevo_listener_close(listener);
}

/* The same with a poller, which asks for the next message once it has told of one. */
static void polled_for_with_others(void **state)
{
	(void)state;
	struct ends made = ends_over_tcp();
	relevo_listener *listener = listener_at_any_port("");
	relevo_pipe *there = NULL, *here = NULL;
	relevo_poller *poller;
	assert_ok(relevo_poller_new(&poller));
	assert_ok(relevo_poller_add_pipe(poller, made.ends[0], NULL));
	assert_ok(relevo_poller_add_listener(poller, listener, NULL));
	polling_expect_nothing(poller);
	for (int i = 0; i < 3; i++) {
		pipe_send_text(made.ends[1], "message");
		polling_expect(poller, made.ends[0], RELEVO_OK);
		polling_expect(poller, made.ends[0], RELEVO_OK);
		pipe_expect_text(made.ends[0], "message");
		polling_expect_nothing(poller);
	}
	assert_ok(relevo_pipe_connect(relevo_listener_address(listener), NULL, TEST_PATIENCE,
				      &there));
	polling_expect(poller, listener, RELEVO_OK);
	assert_ok(relevo_listener_accept(listener, 0, &here));
	relevo_pipe_close(made.ends[1]);
	polling_expect(poller, made.ends[0], RELEVO_OK);
	pipe_expect_end(made.ends[0]);
	relevo_poller_free(poller);
	relevo_pipe_close(made.ends[0]);
	relevo_pipe_close(here);
	relevo_pipe_close(there);
	relevo_listener_close(listener);
}

static void *wait_for_message(void *pipe)
{
	pipe_expect_text(pipe, "for one of you");
	return NULL;
}

/* Threads that receive from one end take turns; time-outs hold while another waits. */
static void several_threads_receive(void **state)
{
	(void)state;
	struct ends made = ends_over_tcp();
	pthread_t threads[3];
	bool ready = true;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_for_message, made.ends[0]),
				 0);
	int64_t start = test_now();
	int status = relevo_pipe_poll(made.ends[0], 200, &ready);
	assert_status(status, RELEVO_OK);
	assert_false(ready);
	assert_between(test_now() - start, 199, 1200);
	for (int i = 0; i < 3; i++)
		pipe_send_text(made.ends[1], "for one of you");
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	close_both(&made);
}

struct parents {
	struct ends made;
	relevo_listener *listener;
};

static void use_the_parents(void *argument)
{
	struct parents *parents = argument;
	relevo_pipe *pipe = NULL;
	void *data;
	size_t size;
	child_check(relevo_pipe_send(parents->made.ends[0], "x", 1, 0) == RELEVO_FORKED);
	child_check(relevo_pipe_recv(parents->made.ends[0], 0, &data, &size) == RELEVO_FORKED);
	child_check(relevo_listener_accept(parents->listener, 0, &pipe) == RELEVO_FORKED);
	relevo_pipe_close(parents->made.ends[0]);
	relevo_pipe_close(parents->made.ends[1]);
	relevo_listener_close(parents->listener);
}

static void they_are_for_one_process(void **state)
{
	(void)state;
	struct parents parents = { ends_over_tcp(), listener_at_any_port("") };
	relevo_tuple *tuple = NULL;
	int fd;
	child_join(child_start(use_the_parents, &parents));
	assert_ok(relevo_tuple_new(&tuple));
	assert_status(relevo_tuple_add_pipe(tuple, NULL, parents.made.ends[0]), RELEVO_NOT_LOCAL);
	assert_status(relevo_pipe_fd(parents.made.ends[0], &fd), RELEVO_NOT_LOCAL);
	assert_ok(relevo_tuple_add_descriptor(tuple, NULL, STDIN_FILENO));
	assert_status(relevo_pipe_send_tuple(parents.made.ends[0], tuple, 0), RELEVO_CANNOT_ENCODE);
	relevo_tuple_free(tuple);
	pipe_expect_talk(parents.made.ends[0], parents.made.ends[1]);
	relevo_listener_close(parents.listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sender_has_ended),
		cmocka_unit_test(messages_of_all_sizes),
		cmocka_unit_test(a_message_is_given_up),
		cmocka_unit_test(waiting_for_room_costs_nothing),
		cmocka_unit_test(waited_for_with_others),
		cmocka_unit_test(polled_for_with_others),
		cmocka_unit_test(several_threads_receive),
		cmocka_unit_test(they_are_for_one_process),
	};
	return cmocka_run_group_tests(tests, start_early, NULL);
}
