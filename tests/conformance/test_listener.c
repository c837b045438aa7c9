/* Programs that wait at an address of their own. */
#include "conformance/line.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { VISITORS = 2, ROUNDS = 2 };

/* Where a case plays. Children see it, and what becomes of it. */
struct place {
	char folder[64];
	char address[128];
	char told[128]; /* the address for those who connect */
	bool over_tcp;
};

static struct place *place_new(void **state)
{
	struct place *place = shared_memory(sizeof *place);
	*state = place;
	return place;
}

static int at_a_path(void **state)
{
	struct place *place = place_new(state);
	test_folder_make(place->folder);
	snprintf(place->address, sizeof place->address, "ipc://%s/socket", place->folder);
	return leaks_setup(NULL);
}

static int at_a_name(void **state)
{
	snprintf(place_new(state)->address, sizeof((struct place *)NULL)->address,
		 "abstract://relevo-test-%d", (int)getpid());
	return leaks_setup(NULL);
}

/* The first of these in a process opens what nng has for good; and only children that are
 * forked before can use tcp. */
static int at_a_port(void **state)
{
	struct place *place = place_new(state);
	snprintf(place->address, sizeof place->address, "tcp://127.0.0.1:0");
	place->over_tcp = true;
	return 0;
}

/* Which also finds out whether anything is left in the folder. */
static int leave(void **state)
{
	struct place *place = *state;
	bool over_tcp = place->over_tcp;
	if (place->folder[0] != '\0')
		assert_int_equal(rmdir(place->folder), 0);
	munmap(place, sizeof *place);
	return over_tcp ? 0 : leaks_teardown(NULL);
}

#define PLACE_CASE(name)                                                                           \
	{ #name "_ipc", name, at_a_path, leave, NULL },                                            \
	{                                                                                          \
#name "_abstract", name, at_a_name, leave, NULL                                    \
	}
#define PORT_CASE(name)                                                                            \
	{                                                                                          \
#name "_tcp", name, at_a_port, leave, NULL                                         \
	}

/* ---- those who connect --------------------------------------------------- */

/* One that waits until it may go. */
struct visitor {
	const struct place *place;
	struct gate gate;
	pid_t process;
};

static void connect_and_talk(void *argument)
{
	struct visitor *visitor = argument;
	relevo_pipe *pipe;
	gate_pass(&visitor->gate);
	child_check(relevo_pipe_connect(visitor->place->told, NULL, TEST_PATIENCE, &pipe) ==
		    RELEVO_OK);
	line_send(pipe, "hello");
	line_expect(pipe, "welcome");
	relevo_pipe_close(pipe);
}

static void connect_send_and_go(void *argument)
{
	struct visitor *visitor = argument;
	relevo_pipe *pipe;
	gate_pass(&visitor->gate);
	child_check(relevo_pipe_connect(visitor->place->told, NULL, TEST_PATIENCE, &pipe) ==
		    RELEVO_OK);
	line_send(pipe, "gone by now");
	relevo_pipe_close(pipe);
}

static void start_visitors(struct visitor visitors[VISITORS], const struct place *place)
{
	for (int i = 0; i < VISITORS; i++) {
		visitors[i].place = place;
		gate_make(&visitors[i].gate);
		visitors[i].process =
			child_start(i == 0 ? connect_and_talk : connect_send_and_go, &visitors[i]);
	}
}

static void end_visit(struct visitor *visitor)
{
	child_join(visitor->process);
	gate_close(&visitor->gate);
}

/* ---- listening ----------------------------------------------------------- */

static void expect_end(relevo_pipe *pipe)
{
	void *data;
	size_t size;
	assert_status(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size), RELEVO_END_OF_STREAM);
}

static relevo_listener *listen_at(struct place *place, const char *address)
{
	relevo_listener *listener = NULL;
	assert_ok(relevo_listener_open(address, NULL, &listener));
	snprintf(place->told, sizeof place->told, "%s", relevo_listener_address(listener));
	return listener;
}

static void expect_no_other(const struct place *place)
{
	relevo_listener *second = NULL;
	assert_fails(relevo_listener_open(place->told, NULL, &second), RELEVO_ADDRESS_IN_USE,
		     strrchr(place->told, '/'));
	assert_null(second);
}

/* One that talks, and one that has gone before it is accepted. */
static void serve(relevo_listener *listener, struct visitor visitors[VISITORS])
{
	relevo_pipe *pipe;
	gate_open(&visitors[0].gate);
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &pipe));
	line_expect(pipe, "hello");
	line_send(pipe, "welcome");
	expect_end(pipe);
	relevo_pipe_close(pipe);
	end_visit(&visitors[0]);

	gate_open(&visitors[1].gate);
	end_visit(&visitors[1]);
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &pipe));
	line_expect(pipe, "gone by now");
	expect_end(pipe);
	relevo_pipe_close(pipe);
}

static void expect_nobody(relevo_listener *listener)
{
	relevo_pipe *pipe = NULL;
	assert_fails(relevo_listener_accept(listener, 0, &pipe), RELEVO_TIMED_OUT,
		     relevo_listener_address(listener));
	int64_t start = test_now();
	assert_status(relevo_listener_accept(listener, 200, &pipe), RELEVO_TIMED_OUT);
	assert_gave_up(start, 200);
	assert_null(pipe);
}

static void listener_rules(void **state)
{
	struct place *place = *state;
	struct visitor visitors[ROUNDS][VISITORS];
	relevo_pipe *pipe = NULL;
	int fd;
	for (int i = 0; i < ROUNDS; i++)
		start_visitors(visitors[i], place);
	relevo_listener *listener = listen_at(place, place->address);
	if (!place->over_tcp)
		assert_string_equal(relevo_listener_address(listener), place->address);
	expect_no_other(place);
	expect_nobody(listener);
	serve(listener, visitors[0]);
	expect_no_other(place);
	relevo_listener_hang_up(listener);
	assert_fails(relevo_listener_accept(listener, RELEVO_FOREVER, &pipe), RELEVO_CLOSED,
		     place->told);
	assert_status(relevo_listener_fd(listener, &fd), RELEVO_CLOSED);
	assert_fails(relevo_pipe_connect(place->told, NULL, 5000, &pipe), RELEVO_NOT_FOUND,
		     "nobody listens");
	relevo_listener_close(listener);
	/* The address is free again. */
	listener = listen_at(place, place->told);
	serve(listener, visitors[1]);
	relevo_listener_close(listener);
}

static void addresses_of_the_wrong_kind(void **state)
{
	(void)state;
	static const char *const wrong[] = { "tcp://127.0.0.1", "fd://3", "ipc://here",
					     "/tmp/socket",     "",       "abstract://" };
	relevo_listener *listener = NULL;
	relevo_pipe *pipe = NULL;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_fails(relevo_listener_open(wrong[i], NULL, &listener), RELEVO_BAD_ADDRESS,
			     wrong[i]);
		assert_fails(relevo_pipe_connect(wrong[i], NULL, 0, &pipe), RELEVO_BAD_ADDRESS,
			     wrong[i]);
	}
	assert_status(relevo_pipe_connect(NULL, NULL, 0, &pipe), RELEVO_BAD_ARGUMENT);
	assert_null(listener);
	assert_null(pipe);
}

/* Both sides in one process, and all that a pipe does. */
static void it_is_a_pipe(void **state)
{
	struct place *place = *state;
	relevo_pipe *here = NULL, *there = NULL;
	bool ready = false;
	relevo_listener *listener = listen_at(place, place->address);
	assert_ok(relevo_pipe_connect(place->told, NULL, TEST_PATIENCE, &there));
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &here));
	relevo_listener_close(listener);
	assert_true(relevo_pipe_receives(here) && relevo_pipe_sends(here));
	assert_true(relevo_pipe_receives(there) && relevo_pipe_sends(there));
	line_send(here, "from the listener");
	assert_ok(relevo_pipe_poll(there, 1000, &ready));
	assert_true(ready);
	line_expect(there, "from the listener");
	size_t got = 7;
	char byte;
	assert_ok(relevo_pipe_send(there, NULL, 0, TEST_PATIENCE));
	assert_ok(relevo_pipe_recv_into(here, TEST_PATIENCE, &byte, 1, &got));
	assert_int_equal(got, 0);
	relevo_pipe_close(here);
	expect_end(there);
	relevo_pipe_close(there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLACE_CASE(listener_rules),
		leaks_unit_test(addresses_of_the_wrong_kind),
		PLACE_CASE(it_is_a_pipe),
		/* Behind these nng still closes something now and then. */
		PORT_CASE(listener_rules),
		PORT_CASE(it_is_a_pipe),
	};
	return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
