/* Descriptors that go with bytes over a socket. */
#include "wire/descriptors.h"

#include "support/leaks.h"
#include "support/test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2];

static void make_ends(void)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
}

static void close_ends(void)
{
	close(ends[0]);
	close(ends[1]);
}

/* Send `count` descriptors, all of the same pipe's end, with a word. */
static void send_some(int fd, size_t count)
{
	int fds[DESCRIPTORS_MAX];
	char word[] = "word";
	const struct iovec piece = { word, sizeof word };
	for (size_t i = 0; i < count; i++)
		fds[i] = fd;
	assert_int_equal(descriptors_send(ends[0], &piece, fds, count, 0), sizeof word);
}

/* Receive into room for `room`; how many came. They are those of the pipe. */
static size_t receive_some(int fd, size_t room)
{
	int fds[DESCRIPTORS_MAX + 1];
	char word[16];
	const struct iovec piece = { word, sizeof word };
	size_t count = room;
	memset(fds, 0xff, sizeof fds);
	assert_int_equal(descriptors_receive(ends[1], &piece, fds, &count, 0), sizeof "word");
	assert_string_equal(word, "word");
	assert_int_equal(fds[room], -1);
	for (size_t i = 0; i < count; i++) {
		assert_int_not_equal(fds[i], fd);
		assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
		close(fds[i]);
	}
	return count;
}

static void as_many_come_as_were_sent(void **state)
{
	const size_t counts[] = { 0, 1, 2, 3, DESCRIPTORS_MAX };
	(void)state;
	make_ends();
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		send_some(ends[0], counts[i]);
		assert_int_equal(receive_some(ends[0], DESCRIPTORS_MAX), counts[i]);
	}
	close_ends();
}

/* Also where the kernel would have padding to put one more into. */
static void no_more_come_than_fit(void **state)
{
	(void)state;
	make_ends();
	for (size_t room = 1; room <= 4; room++) {
		send_some(ends[0], 5);
		assert_int_equal(receive_some(ends[0], room), room);
	}
	close_ends();
}

static void nobody_there_is_no_signal(void **state)
{
	char byte = 0;
	const struct iovec piece = { &byte, 1 };
	size_t count = 0;
	int fd;
	(void)state;
	make_ends();
	close(ends[1]);
	assert_int_equal(descriptors_send(ends[0], &piece, NULL, 0, 0), -1);
	assert_int_equal(descriptors_receive(ends[0], &piece, &fd, &count, 0), 0);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(as_many_come_as_were_sent),
		leaks_unit_test(no_more_come_than_fit),
		leaks_unit_test(nobody_there_is_no_signal),
	};
	return cmocka_run_group_tests_name("descriptors", tests, NULL, NULL);
}
