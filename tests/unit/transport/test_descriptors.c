/* Descriptors that go with bytes over a socket. */
#include "transport/descriptors.h"

#include "support/leaks.h"
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
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

/* Also where the kernel would have padding to put one more into: the others are closed. */
static void all_come_or_none(void **state)
{
	(void)state;
	make_ends();
	for (size_t room = 1; room <= 4; room++) {
		int fds[DESCRIPTORS_MAX];
		char word[16];
		const struct iovec piece = { word, sizeof word };
		size_t count = room;
		send_some(ends[0], 5);
		assert_int_equal(descriptors_receive(ends[1], &piece, fds, &count, 0), -1);
		assert_int_equal(errno, EMFILE);
		assert_int_equal(count, 0);
	}
	close_ends();
}

static void what_is_left_is_counted(void **state)
{
	struct rlimit before, few;
	(void)state;
	int lowest_free = dup(STDIN_FILENO);
	assert_int_equal(close(lowest_free), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){ (rlim_t)lowest_free + 2, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	int two = descriptors_left(2), three = descriptors_left(3);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(two, 0);
	assert_int_equal(three, EMFILE);
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
		leaks_unit_test(all_come_or_none),
		leaks_unit_test(what_is_left_is_counted),
		leaks_unit_test(nobody_there_is_no_signal),
	};
	return cmocka_run_group_tests_name("descriptors", tests, NULL, NULL);
}
