/* Programs that wait at an address of their own. */
#include "conformance/line.h"

#include <stdlib.h>

/* Where a case plays. */
struct place {
	char folder[64];
	char address[96];
};

static int at_a_path(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	assert_non_null(place);
	test_folder_make(place->folder);
	snprintf(place->address, sizeof place->address, "ipc://%s/socket", place->folder);
	*state = place;
	return leaks_setup(NULL);
}

static int at_a_name(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	assert_non_null(place);
	snprintf(place->address, sizeof place->address, "abstract://relevo-test-%d", (int)getpid());
	*state = place;
	return leaks_setup(NULL);
}

/* Which also finds out whether anything is left in the folder. */
static int leave(void **state)
{
	struct place *place = *state;
	if (place->folder[0] != '\0')
		assert_int_equal(rmdir(place->folder), 0);
	free(place);
	return leaks_teardown(NULL);
}

#define PLACE_CASE(name)                                                                           \
	{ #name "_ipc", name, at_a_path, leave, NULL },                                            \
	{                                                                                          \
#name "_abstract", name, at_a_name, leave, NULL                                    \
	}

static void connect_and_talk(void *argument)
{
	const struct place *place = argument;
	relevo_pipe *pipe;
	child_check(relevo_pipe_connect(place->address, TEST_PATIENCE, &pipe) == RELEVO_OK);
	line_send(pipe, "hello");
	line_expect(pipe, "welcome");
	relevo_pipe_close(pipe);
}

static void connect_send_and_go(void *argument)
{
	const struct place *place = argument;
	relevo_pipe *pipe;
	child_check(relevo_pipe_connect(place->address, 0, &pipe) == RELEVO_OK);
	line_send(pipe, "gone by now");
	relevo_pipe_close(pipe);
}

static void expect_no_other(const struct place *place)
{
	relevo_listener *second = NULL;
	assert_fails(relevo_listener_open(place->address, &second), RELEVO_ADDRESS_IN_USE,
		     strstr(place->address, "/relevo-"));
	assert_null(second);
}

static void expect_end(relevo_pipe *pipe)
{
	void *data;
	size_t size;
	assert_status(relevo_pipe_recv(pipe, &data, &size, TEST_PATIENCE), RELEVO_END_OF_STREAM);
}

/* One that talks, and one that has gone before it is accepted. */
static void serve_two(relevo_listener *listener, struct place *place)
{
	relevo_pipe *pipe;
	pid_t child = child_start(connect_and_talk, place);
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &pipe));
	line_expect(pipe, "hello");
	line_send(pipe, "welcome");
	expect_end(pipe);
	relevo_pipe_close(pipe);
	child_join(child);

	child_join(child_start(connect_send_and_go, place));
	assert_ok(relevo_listener_accept(listener, 0, &pipe));
	line_expect(pipe, "gone by now");
	expect_end(pipe);
	relevo_pipe_close(pipe);
}

static void listener_rules(void **state)
{
	struct place *place = *state;
	relevo_listener *listener = NULL;
	relevo_pipe *pipe = NULL;
	int fd;
	assert_fails(relevo_pipe_connect(place->address, 0, &pipe), RELEVO_NOT_FOUND,
		     "nobody listens");
	assert_ok(relevo_listener_open(place->address, &listener));
	assert_string_equal(relevo_listener_address(listener), place->address);
	expect_no_other(place);
	int64_t start = test_now();
	assert_status(relevo_listener_accept(listener, 0, &pipe), RELEVO_TRY_AGAIN);
	assert_status(relevo_listener_accept(listener, 200, &pipe), RELEVO_TIMED_OUT);
	assert_gave_up(start, 200);
	serve_two(listener, place);
	expect_no_other(place);
	relevo_listener_hang_up(listener);
	assert_fails(relevo_listener_accept(listener, RELEVO_FOREVER, &pipe), RELEVO_CLOSED,
		     place->address);
	assert_status(relevo_listener_fd(listener, &fd), RELEVO_CLOSED);
	assert_status(relevo_pipe_connect(place->address, 0, &pipe), RELEVO_NOT_FOUND);
	relevo_listener_close(listener);
	/* The address is free again. */
	assert_ok(relevo_listener_open(place->address, &listener));
	serve_two(listener, place);
	relevo_listener_close(listener);
}

static void addresses_of_the_wrong_kind(void **state)
{
	(void)state;
	static const char *const wrong[] = { "tcp://127.0.0.1:7000", "fd://3", "ipc://here",
					     "/tmp/socket",          "",       "abstract://" };
	relevo_listener *listener = NULL;
	relevo_pipe *pipe = NULL;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_fails(relevo_listener_open(wrong[i], &listener), RELEVO_BAD_ADDRESS,
			     wrong[i]);
		assert_fails(relevo_pipe_connect(wrong[i], 0, &pipe), RELEVO_BAD_ADDRESS, wrong[i]);
	}
	assert_status(relevo_pipe_connect(NULL, 0, &pipe), RELEVO_BAD_ARGUMENT);
	assert_null(listener);
	assert_null(pipe);
}

/* Both sides in one process, and all that a pipe does. */
static void it_is_a_pipe(void **state)
{
	const struct place *place = *state;
	relevo_listener *listener = NULL;
	relevo_pipe *here = NULL, *there = NULL;
	bool ready = false;
	assert_ok(relevo_listener_open(place->address, &listener));
	assert_ok(relevo_pipe_connect(place->address, 0, &there));
	assert_ok(relevo_listener_accept(listener, 0, &here));
	relevo_listener_close(listener);
	assert_true(relevo_pipe_receives(here) && relevo_pipe_sends(here));
	assert_true(relevo_pipe_receives(there) && relevo_pipe_sends(there));
	line_send(here, "from the listener");
	assert_ok(relevo_pipe_poll(there, 1000, &ready));
	assert_true(ready);
	line_expect(there, "from the listener");
	size_t got = 7;
	char byte;
	assert_ok(relevo_pipe_send(there, NULL, 0, 0));
	assert_ok(relevo_pipe_recv_into(here, &byte, 1, 0, &got));
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
	};
	return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
