/* Descriptors that travel over channels. */
#include "ends.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/leaks.h"

/* What each of them is recognised by: its size. */
static int file_of(off_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	return fd;
}

static off_t size_and_close(int fd)
{
	struct stat state;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &state), 0);
	close(fd);
	return state.st_size;
}

static void send_file(struct channel *channel, off_t size)
{
	int fd = file_of(size);
	assert_int_equal(channel_send_descriptor(channel, 'd', fd), RELEVO_OK);
	close(fd);
}

static void test_it_belongs_to_its_byte(void **state)
{
	struct ends ends;
	char bytes[9];
	(void)state;
	ends_open(&ends, url_of("s"));
	send_all(ends.server, "abc", 3);
	send_file(ends.server, 11);
	send_file(ends.server, 22);
	send_all(ends.server, "efg", 3);
	send_file(ends.server, 33);
	receive_all(ends.client, bytes, sizeof bytes);
	assert_memory_equal(bytes, "abcddefgd", 9);
	assert_int_equal(channel_take_descriptor(ends.client, 2), -1);
	assert_int_equal(size_and_close(channel_take_descriptor(ends.client, 3)), 11);
	assert_int_equal(channel_take_descriptor(ends.client, 3), -1);
	/* The one in between is closed. */
	assert_int_equal(size_and_close(channel_take_descriptor(ends.client, 8)), 33);
	ends_close(&ends);
}

static void test_what_nobody_takes_is_closed(void **state)
{
	enum { MANY = 100 };
	struct ends ends;
	char bytes[MANY];
	(void)state;
	ends_open(&ends, url_of("s"));
	int before = count_descriptors();
	for (int i = 0; i < MANY; i++)
		send_file(ends.server, i);
	receive_all(ends.client, bytes, MANY);
	assert_in_range(count_descriptors(), before + 1, before + 20);
	ends_close(&ends);
}

/* Send `count` descriptors with two bytes. */
static void send_raw(struct channel *channel, int count)
{
	int fds[8];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof fds)];
	} control = { 0 };
	char data[2] = "xy";
	struct iovec piece = { data, sizeof data };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE((size_t)count * sizeof *fds),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN((size_t)count * sizeof *fds);
	for (int i = 0; i < count; i++)
		fds[i] = file_of(i);
	memcpy(CMSG_DATA(head), fds, (size_t)count * sizeof *fds);
	assert_int_equal(sendmsg(channel_fd(channel), &message, 0), 2);
	for (int i = 0; i < count; i++)
		close(fds[i]);
}

static void test_a_message_brings_one_at_most(void **state)
{
	struct ends ends;
	char bytes[2];
	(void)state;
	ends_open(&ends, url_of("s"));
	int before = count_descriptors();
	send_raw(ends.server, 8);
	receive_all(ends.client, bytes, 2);
	assert_true(count_descriptors() <= before + 1);
	assert_int_equal(channel_take_descriptor(ends.client, 10), -1);
	assert_int_equal(count_descriptors(), before);
	ends_close(&ends);
}

static void test_an_accepted_channel_takes_none(void **state)
{
	struct ends ends;
	char bytes[3];
	(void)state;
	ends_open(&ends, url_of("s"));
	int before = count_descriptors();
	send_file(ends.client, 1);
	send_raw(ends.client, 8);
	receive_all(ends.server, bytes, 3);
	assert_memory_equal(bytes, "dxy", 3);
	assert_int_equal(count_descriptors(), before);
	assert_int_equal(channel_take_descriptor(ends.server, 0), -1);
	ends_close(&ends);
}

static void test_without_room_the_byte_comes_alone(void **state)
{
	struct ends ends;
	char bytes[2];
	(void)state;
	ends_open(&ends, url_of("s"));
	send_file(ends.server, 1);
	send_file(ends.server, 2);
	exhaust_descriptors();
	receive_all(ends.client, bytes, 1);
	spare_descriptors();
	receive_all(ends.client, bytes + 1, 1);
	assert_memory_equal(bytes, "dd", 2);
	assert_int_equal(channel_take_descriptor(ends.client, 0), CHANNEL_NO_DESCRIPTOR);
	assert_int_equal(size_and_close(channel_take_descriptor(ends.client, 1)), 2);
	ends_close(&ends);
}

static void test_an_abandoned_channel_closes_its_own(void **state)
{
	struct ends ends;
	char byte;
	(void)state;
	ends_open(&ends, url_of("s"));
	send_file(ends.server, 1);
	receive_all(ends.client, &byte, 1);
	int before = count_descriptors();
	pid_t child = fork();
	if (child == 0) {
		channel_abandon(ends.client);
		_exit(count_descriptors() == before - 2 ? 0 : 1);
	}
	assert_true(has_succeeded(child));
	assert_int_equal(size_and_close(channel_take_descriptor(ends.client, 0)), 1);
	ends_close(&ends);
}

static void test_a_full_socket_takes_it_later(void **state)
{
	struct ends ends;
	int fd = file_of(5);
	(void)state;
	ends_open(&ends, url_of("s"));
	size_t filled = fill(ends.server);
	assert_int_equal(channel_send_descriptor(ends.server, 'd', fd), TRY_AGAIN);
	char *bytes = malloc(filled);
	assert_non_null(bytes);
	receive_all(ends.client, bytes, filled);
	free(bytes);
	assert_int_equal(channel_send_descriptor(ends.server, 'd', fd), RELEVO_OK);
	close(fd);
	char byte;
	receive_all(ends.client, &byte, 1);
	assert_int_equal(size_and_close(channel_take_descriptor(ends.client, filled)), 5);
	ends_close(&ends);
}

/* As a user without rights: root may have as many on their way as it likes. */
static int send_until_refused(struct channel *channel)
{
	enum { LIMIT = 40, FAR_TOO_MANY = 4 * LIMIT };
	const struct rlimit few = { LIMIT, LIMIT };
	int fd = file_of(0);
	if (setrlimit(RLIMIT_NOFILE, &few) < 0 || (geteuid() == 0 && setuid(NOBODY) < 0))
		return 1;
	for (int i = 0; i < FAR_TOO_MANY; i++) {
		int status = channel_send_descriptor(channel, 'd', fd);
		if (status == RELEVO_LIMIT)
			return i < LIMIT ? 2 : 0;
		if (status != RELEVO_OK)
			return 3;
	}
	return 4;
}

static void test_too_many_on_their_way_are_refused(void **state)
{
	struct ends ends;
	(void)state;
	ends_open(&ends, url_of("s"));
	pid_t child = fork();
	if (child == 0)
		_exit(send_until_refused(ends.server));
	assert_true(has_succeeded(child));
	ends_close(&ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_it_belongs_to_its_byte),
		leaks_unit_test(test_what_nobody_takes_is_closed),
		leaks_unit_test(test_a_message_brings_one_at_most),
		leaks_unit_test(test_an_accepted_channel_takes_none),
		leaks_unit_test(test_without_room_the_byte_comes_alone),
		leaks_unit_test(test_an_abandoned_channel_closes_its_own),
		leaks_unit_test(test_a_full_socket_takes_it_later),
		leaks_unit_test(test_too_many_on_their_way_are_refused),
	};
	return cmocka_run_group_tests_name("descriptor", tests, NULL, NULL);
}
