/* Ends of pipes made of descriptors, and descriptors taken out of ends. */
#include "support/listeners.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

static relevo_pipe *end_of(int fd, enum relevo_direction direction)
{
	relevo_pipe *pipe = NULL;
	assert_ok(relevo_pipe_from_fd(fd, direction, &pipe));
	return pipe;
}

static int taken_from(relevo_pipe *pipe)
{
	int fd = -1;
	assert_ok(relevo_pipe_take_fd(pipe, &fd));
	relevo_pipe_close(pipe);
	return fd;
}

/* ---- to another program --------------------------------------------------- */

/* This program, started anew with the number of a descriptor. */
static int answer_over(const char *number)
{
	relevo_pipe *pipe = NULL;
	char *text = NULL;
	size_t size;
	int fd = atoi(number);
	child_check(relevo_pipe_from_fd(fd, RELEVO_DIRECTION_BOTH, &pipe) == RELEVO_OK);
	child_check((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	child_check(relevo_pipe_recv(pipe, TEST_PATIENCE, (void **)&text, &size) == RELEVO_OK);
	child_check(relevo_pipe_send(pipe, text, size, TEST_PATIENCE) == RELEVO_OK);
	free(text);
	relevo_pipe_close(pipe);
	return EXIT_SUCCESS;
}

/* What was sent before the descriptor was taken is there still. */
static void it_goes_through_exec(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	char number[16];
	pipe_send_text(made.ends[0], "through exec");
	int fd = taken_from(made.ends[1]);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	snprintf(number, sizeof number, "%d", fd);
	pid_t child = fork();
	if (child == 0) {
		fcntl(fd, F_SETFD, 0);
		execl("/proc/self/exe", "pipe_fd", "answer", number, (char *)NULL);
		_exit(EXIT_FAILURE);
	}
	close(fd);
	pipe_expect_text(made.ends[0], "through exec");
	child_join(child);
	pipe_expect_end(made.ends[0]);
	relevo_pipe_close(made.ends[0]);
}

static void send_descriptor(int socket, int fd)
{
	char byte = 'd';
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof fd)];
	} control = { .bytes = { 0 } };
	struct iovec piece = { &byte, 1 };
	struct msghdr message = { .msg_iov = &piece,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof control.bytes };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(head), &fd, sizeof fd);
	assert_int_equal(sendmsg(socket, &message, 0), 1);
}

static int receive_descriptor(int socket)
{
	char byte;
	int fd = -1;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof fd)];
	} control;
	struct iovec piece = { &byte, 1 };
	struct msghdr message = { .msg_iov = &piece,
				  .msg_iovlen = 1,
				  .msg_control = control.bytes,
				  .msg_controllen = sizeof control.bytes };
	assert_int_equal(recvmsg(socket, &message, 0), 1);
	assert_non_null(CMSG_FIRSTHDR(&message));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	return fd;
}

static void it_goes_along_with_a_message(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	int sockets[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	int fd = taken_from(made.ends[1]);
	send_descriptor(sockets[0], fd);
	close(fd);
	relevo_pipe *there = end_of(receive_descriptor(sockets[1]), RELEVO_DIRECTION_BOTH);
	pipe_expect_talk(made.ends[0], there);
	close(sockets[0]);
	close(sockets[1]);
}

static void the_direction_is_the_ends(void **state)
{
	(void)state;
	int fds[2];
	void *data;
	size_t size;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	relevo_pipe *sends = end_of(fds[0], RELEVO_DIRECTION_SEND);
	relevo_pipe *receives = end_of(fds[1], RELEVO_DIRECTION_RECEIVE);
	int fd = -1;
	assert_ok(relevo_pipe_fd(sends, &fd));
	assert_int_equal(fd, fds[0]);
	pipe_send_text(sends, "one way");
	pipe_expect_text(receives, "one way");
	assert_status(relevo_pipe_recv(sends, 0, &data, &size), RELEVO_BAD_STATE);
	assert_status(relevo_pipe_send(receives, "x", 1, 0), RELEVO_BAD_STATE);
	relevo_pipe_close(sends);
	relevo_pipe_close(receives);
}

static void *receive_late(void *pipe)
{
	void *data = NULL;
	size_t size;
	child_check(relevo_pipe_recv(pipe, RELEVO_FOREVER, &data, &size) == RELEVO_OK);
	child_check(size == 4 && memcmp(data, "late", 4) == 0);
	free(data);
	return NULL;
}

static bool has_slept(void *before)
{
	return process_sleeps(getpid()) > *(long *)before;
}

/* Other programs' descriptors may be told not to block: calls wait all the same. */
static void one_that_does_not_block(void **state)
{
	(void)state;
	int fds[2];
	pthread_t thread;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	relevo_pipe *here = end_of(fds[0], RELEVO_DIRECTION_BOTH);
	relevo_pipe *there = end_of(fds[1], RELEVO_DIRECTION_BOTH);
	long before = process_sleeps(getpid());
	assert_int_equal(pthread_create(&thread, NULL, receive_late, here), 0);
	assert_true(eventually(has_slept, &before));
	assert_ok(relevo_pipe_send(there, "late", 4, TEST_PATIENCE));
	pthread_join(thread, NULL);
	relevo_pipe_close(here);
	relevo_pipe_close(there);
}

/* ---- what is refused ------------------------------------------------------ */

/* And stays the caller's. */
static void expect_refused(int fd, const char *why)
{
	char number[32];
	relevo_pipe *pipe = NULL;
	snprintf(number, sizeof number, "descriptor %d ", fd);
	assert_fails(relevo_pipe_from_fd(fd, RELEVO_DIRECTION_BOTH, &pipe), RELEVO_BAD_ARGUMENT,
		     number);
	assert_non_null(strstr(relevo_error_detail(), why));
	assert_null(pipe);
	if (fd >= 0)
		assert_int_equal(close(fd), 0);
}

static int listening(void)
{
	const struct sockaddr_un nameless = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&nameless, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void what_is_no_end(void **state)
{
	(void)state;
	int fds[2];
	relevo_pipe *pipe = NULL;
	expect_refused(-1, "not open");
	expect_refused(open("/dev/null", O_RDWR | O_CLOEXEC), "no socket");
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	expect_refused(fds[0], "no socket");
	expect_refused(fds[1], "no socket");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	expect_refused(fds[0], "SOCK_SEQPACKET");
	expect_refused(fds[1], "SOCK_SEQPACKET");
	expect_refused(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "no Unix socket");
	expect_refused(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "not connected");
	expect_refused(listening(), "listens");
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	assert_fails(relevo_pipe_from_fd(fds[0], (enum relevo_direction)3, &pipe),
		     RELEVO_BAD_ARGUMENT, "3 is no direction");
	close(fds[0]);
	close(fds[1]);
}

static void the_handle_stays_and_is_closed(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	void *data;
	size_t size;
	int fd = -1, again = -1;
	assert_ok(relevo_pipe_take_fd(made.ends[0], &fd));
	assert_status(relevo_pipe_recv(made.ends[0], 0, &data, &size), RELEVO_CLOSED);
	assert_status(relevo_pipe_send(made.ends[0], "x", 1, 0), RELEVO_CLOSED);
	assert_status(relevo_pipe_take_fd(made.ends[0], &again), RELEVO_CLOSED);
	assert_int_equal(again, -1);
	relevo_pipe_close(made.ends[0]);
	relevo_pipe *pipe = end_of(fd, RELEVO_DIRECTION_BOTH);
	pipe_expect_talk(pipe, made.ends[1]);
}

static void not_with_a_message_in_hand(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	char little[4];
	size_t got;
	int fd = -1;
	pipe_send_text(made.ends[0], "more than four");
	assert_status(relevo_pipe_recv_into(made.ends[1], 0, little, sizeof little, &got),
		      RELEVO_TOO_SHORT);
	assert_fails(relevo_pipe_take_fd(made.ends[1], &fd), RELEVO_BAD_STATE, "received");
	assert_int_equal(fd, -1);
	pipe_expect_text(made.ends[1], "more than four");
	assert_ok(relevo_pipe_take_fd(made.ends[1], &fd));
	close(fd);
	close_both(&made);
}

static void not_of_a_remote_one(void **state)
{
	(void)state;
	relevo_listener *listener = listener_at_any_port("");
	const struct relevo_listener_options options = { .key_file = "" };
	relevo_pipe *there = NULL, *here = NULL;
	int fd = -1;
	assert_ok(relevo_pipe_connect(relevo_listener_address(listener), &options, TEST_PATIENCE,
				      &there));
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &here));
	assert_status(relevo_pipe_take_fd(there, &fd), RELEVO_NOT_LOCAL);
	assert_status(relevo_pipe_take_fd(here, &fd), RELEVO_NOT_LOCAL);
	pipe_expect_talk(here, there);
	relevo_listener_close(listener);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "answer") == 0)
		return answer_over(argv[2]);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_through_exec),
		cmocka_unit_test(it_goes_along_with_a_message),
		cmocka_unit_test(the_direction_is_the_ends),
		cmocka_unit_test(one_that_does_not_block),
		cmocka_unit_test(what_is_no_end),
		cmocka_unit_test(the_handle_stays_and_is_closed),
		cmocka_unit_test(not_with_a_message_in_hand),
		cmocka_unit_test(not_of_a_remote_one),
	};
	return cmocka_run_group_tests_name("pipe_fd", tests, NULL, NULL);
}
