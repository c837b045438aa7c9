/* Who is at the other end of a pipe. */
#include "support/listeners.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static void expect_peer(const relevo_pipe *pipe, const char *expected)
{
	char text[RELEVO_PIPE_PEER_TEXT];
	assert_ok(relevo_pipe_peer(pipe, text, sizeof text));
	assert_string_equal(text, expected);
}

static void process_text(pid_t pid, char *text, size_t size)
{
	snprintf(text, size, "uid=%u pid=%d", (unsigned)getuid(), (int)pid);
}

static void expect_process(const relevo_pipe *pipe, pid_t pid)
{
	char expected[RELEVO_PIPE_PEER_TEXT];
	process_text(pid, expected, sizeof expected);
	expect_peer(pipe, expected);
}

/* It looks at who listens, and stays until it has been looked at. */
static void connect_and_look(void *argument)
{
	char text[RELEVO_PIPE_PEER_TEXT], expected[RELEVO_PIPE_PEER_TEXT];
	relevo_pipe *pipe = NULL;
	void *data;
	size_t size;
	child_check(relevo_pipe_connect(argument, NULL, TEST_PATIENCE, &pipe) == RELEVO_OK);
	child_check(relevo_pipe_peer(pipe, text, sizeof text) == RELEVO_OK);
	process_text(getppid(), expected, sizeof expected);
	child_check(strcmp(text, expected) == 0);
	child_check(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size) == RELEVO_END_OF_STREAM);
	relevo_pipe_close(pipe);
}

static void a_process_of_this_host(void **state)
{
	(void)state;
	relevo_listener *listener = NULL;
	relevo_pipe *pipe = NULL;
	assert_ok(relevo_listener_open(NULL, NULL, &listener));
	pid_t child = child_start(connect_and_look, (void *)relevo_listener_address(listener));
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &pipe));
	expect_process(pipe, child);
	relevo_pipe_close(pipe);
	child_join(child);
	/* Each of several is told apart. */
	pid_t second = child_start(connect_and_look, (void *)relevo_listener_address(listener));
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &pipe));
	expect_process(pipe, second);
	relevo_pipe_close(pipe);
	child_join(second);
	relevo_listener_close(listener);
}

static void whoever_made_the_pair(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	char text[RELEVO_PIPE_PEER_TEXT];
	expect_process(made.ends[0], getpid());
	expect_process(made.ends[1], getpid());
	relevo_pipe_hang_up(made.ends[0]);
	assert_status(relevo_pipe_peer(made.ends[0], text, sizeof text), RELEVO_CLOSED);
	assert_string_equal(text, "");
	close_both(&made);
}

/* A socket of which the test knows the port. */
static int connect_raw(const relevo_listener *listener, char *text, size_t size)
{
	const char *port = strrchr(relevo_listener_address(listener), ':') + 1;
	struct sockaddr_in name = { .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)atoi(port)),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof name;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &length), 0);
	snprintf(text, size, "127.0.0.1:%u", ntohs(name.sin_port));
	return fd;
}

static void another_host_perhaps(void **state)
{
	(void)state;
	relevo_listener *listener = listener_at_any_port("");
	const struct relevo_listener_options options = { .key_file = "" };
	const char *address = relevo_listener_address(listener);
	char expected[RELEVO_PIPE_PEER_TEXT], text[RELEVO_PIPE_PEER_TEXT];
	relevo_pipe *there = NULL, *here = NULL;
	int fd = connect_raw(listener, expected, sizeof expected);
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &here));
	expect_peer(here, expected);
	/* Room for all but the last byte. */
	assert_fails(relevo_pipe_peer(here, text, strlen(expected)), RELEVO_TOO_SHORT, expected);
	assert_string_equal(text, "");
	assert_ok(relevo_pipe_peer(here, text, strlen(expected) + 1));
	relevo_pipe_close(here);
	close(fd);
	assert_ok(relevo_pipe_connect(address, &options, TEST_PATIENCE, &there));
	expect_peer(there, address + strlen("tcp://"));
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &here));
	pipe_expect_talk(here, there);
	relevo_listener_close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_of_this_host),
		cmocka_unit_test(whoever_made_the_pair),
		cmocka_unit_test(another_host_perhaps),
	};
	return cmocka_run_group_tests_name("pipe_peer", tests, NULL, NULL);
}
