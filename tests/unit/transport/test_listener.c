#include "ends.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/leaks.h"

enum { STORM = 500, RACES = 25 };

static bool is_there(const char *name)
{
	struct stat about;
	return lstat(path_of(name), &about) == 0;
}

/* A socket by hand, bound to the path of a URL (which may be abstract). */
static int bound_socket(const char *url, int type)
{
	struct address address;
	struct sockaddr_un name;
	assert_int_equal(address_parse(url, &address, NULL), RELEVO_OK);
	socklen_t length = address_to_unix(&address, &name);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, length), 0);
	return fd;
}

static int listening_socket(const char *url)
{
	int fd = bound_socket(url, SOCK_STREAM);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

static void test_open_and_close(void **state)
{
	(void)state;
	mode_t usual = umask(0);
	struct listener *listener = listen_at(url_of("socket"));
	umask(usual);
	struct stat about;
	assert_int_equal(stat(path_of("socket"), &about), 0);
	assert_int_equal(about.st_mode, S_IFSOCK | 0600);
	assert_string_equal(listener_url(listener), url_of("socket"));
	int flags = fcntl(listener_fd(listener), F_GETFD);
	assert_int_equal(flags & FD_CLOEXEC, FD_CLOEXEC);

	struct channel *channel = NULL;
	assert_int_equal(listener_accept(listener, &channel), TRY_AGAIN);
	assert_null(channel);
	listener_close(listener);
	assert_false(is_there("socket"));
	assert_false(is_there("socket.lock"));
}

static void test_in_use(void **state)
{
	(void)state;
	struct error why;
	struct ends ends;
	ends_open(&ends, url_of("socket"));
	assert_int_equal(listen_status(url_of("socket"), &why), RELEVO_ADDRESS_IN_USE);
	assert_non_null(strstr(why.text, path_of("socket")));
	exchange(ends.client, ends.server);
	struct channel *another = connect_to(url_of("socket"));
	channel_close(another);
	ends_close(&ends);
	listener_close(listen_at(url_of("socket")));
}

/* Somebody who listens without knowing of our lock. */
static void test_in_use_by_a_stranger(void **state)
{
	(void)state;
	struct error why;
	int fd = listening_socket(url_of("socket"));
	assert_int_equal(listen_status(url_of("socket"), &why), RELEVO_ADDRESS_IN_USE);
	assert_non_null(strstr(why.text, path_of("socket")));
	assert_true(is_there("socket"));
	assert_false(is_there("socket.lock"));
	close(fd);
	unlink(path_of("socket"));
}

static void test_in_use_as_datagram(void **state)
{
	(void)state;
	struct error why;
	int fd = bound_socket(url_of("socket"), SOCK_DGRAM);
	assert_int_equal(listen_status(url_of("socket"), &why), RELEVO_ADDRESS_IN_USE);
	assert_true(is_there("socket"));
	close(fd);
	unlink(path_of("socket"));
}

static void test_stale_socket(void **state)
{
	(void)state;
	close(listening_socket(url_of("socket")));
	assert_true(is_there("socket"));
	struct ends ends;
	ends_open(&ends, url_of("socket"));
	exchange(ends.client, ends.server);
	ends_close(&ends);
	assert_false(is_there("socket"));
}

/* One that was killed leaves its lock file, too. */
static void test_after_a_death(void **state)
{
	(void)state;
	pid_t child = fork();
	if (child == 0) {
		struct listener *listener = NULL;
		_exit(try_listen(url_of("socket"), &listener, NULL) != RELEVO_OK);
	}
	assert_true(has_succeeded(child));
	assert_true(is_there("socket"));
	assert_true(is_there("socket.lock"));
	struct ends ends;
	ends_open(&ends, url_of("socket"));
	exchange(ends.client, ends.server);
	ends_close(&ends);
	assert_false(is_there("socket"));
	assert_false(is_there("socket.lock"));
}

static void test_not_a_socket(void **state)
{
	(void)state;
	struct error why;
	int fd = open(path_of("file"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "precious", 8), 8);
	close(fd);
	assert_int_equal(listen_status(url_of("file"), &why), RELEVO_BAD_ADDRESS);
	assert_non_null(strstr(why.text, path_of("file")));
	assert_non_null(strstr(why.text, "not a socket"));
	struct stat about;
	assert_int_equal(stat(path_of("file"), &about), 0);
	assert_int_equal(about.st_size, 8);
	assert_false(is_there("file.lock"));

	/* Nor is a symbolic link followed, wherever it leads. */
	assert_int_equal(symlink("/nowhere", path_of("link")), 0);
	assert_int_equal(listen_status(url_of("link"), &why), RELEVO_BAD_ADDRESS);
	assert_int_equal(symlink("file", path_of("other.lock")), 0);
	assert_int_equal(listen_status(url_of("other"), &why), RELEVO_BAD_ADDRESS);
	assert_non_null(strstr(why.text, path_of("other.lock")));
	unlink(path_of("other.lock"));
	unlink(path_of("link"));
	unlink(path_of("file"));
}

static void test_folder(void **state)
{
	(void)state;
	struct error why;
	assert_int_equal(listen_status(url_of("none/socket"), &why), RELEVO_NOT_FOUND);
	assert_non_null(strstr(why.text, path_of("none/socket")));
	assert_int_equal(mkdir(path_of("folder"), 0700), 0);
	assert_int_equal(listen_status(url_of("folder"), &why), RELEVO_BAD_ADDRESS);
	assert_non_null(strstr(why.text, path_of("folder")));
	rmdir(path_of("folder"));
}

static void listen_as_nobody(const char *url)
{
	struct listener *listener = NULL;
	struct error error = { 0 };
	if (geteuid() == 0 && seteuid(NOBODY) != 0)
		_exit(1);
	int status = try_listen(url, &listener, &error);
	_exit(status != RELEVO_DENIED || strstr(error.text, strstr(url, "/tmp")) == NULL);
}

static void test_denied(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path_of("folder"), 0500), 0);
	pid_t child = fork();
	if (child == 0)
		listen_as_nobody(url_of("folder/socket"));
	assert_true(has_succeeded(child));
	rmdir(path_of("folder"));
}

static void test_no_descriptors_to_open(void **state)
{
	(void)state;
	struct error why;
	exhaust_descriptors();
	int ipc = listen_status(url_of("socket"), &why);
	int abstract = listen_status("abstract://relevo-test-none", &why);
	spare_descriptors();
	assert_int_equal(ipc, RELEVO_NO_DESCRIPTORS);
	assert_int_equal(abstract, RELEVO_NO_DESCRIPTORS);
	assert_false(is_there("socket"));
}

/* Somebody removed our socket and made another: that one is his. */
static void test_replaced_socket(void **state)
{
	(void)state;
	struct listener *listener = listen_at(url_of("socket"));
	unlink(path_of("socket"));
	unlink(path_of("socket.lock"));
	int fd = listening_socket(url_of("socket"));
	listener_close(listener);
	assert_true(is_there("socket"));
	close(fd);
	unlink(path_of("socket"));
}

/* A forked child that closes what it inherited takes nothing from its parent. */
static void test_close_in_child(void **state)
{
	(void)state;
	struct listener *listener = listen_at(url_of("socket"));
	pid_t child = fork();
	if (child == 0) {
		listener_close(listener);
		_exit(0);
	}
	assert_true(has_succeeded(child));
	assert_true(is_there("socket.lock"));
	struct channel *channel = connect_to(url_of("socket"));
	channel_close(channel);
	listener_close(listener);
}

/* ---- races ------------------------------------------------------------- */

/* Waits for the start, tells its status, and holds what it got until the end. */
static void race(const char *url, int start, int result, int end)
{
	char byte;
	struct listener *listener = NULL;
	if (read(start, &byte, 1) != 0)
		_exit(1);
	int status = try_listen(url, &listener, NULL);
	byte = (char)status;
	if (write(result, &byte, 1) != 1 || read(end, &byte, 1) != 0)
		_exit(1);
	listener_close(listener);
	_exit(0);
}

static void test_race(void **state)
{
	(void)state;
	for (int i = 0; i < RACES; i++) {
		if (i % 2 == 0)
			close(listening_socket(url_of("socket")));
		int start[2], result[2], end[2];
		pid_t children[2];
		assert_int_equal(pipe2(start, O_CLOEXEC), 0);
		assert_int_equal(pipe2(result, O_CLOEXEC), 0);
		assert_int_equal(pipe2(end, O_CLOEXEC), 0);
		for (int j = 0; j < 2; j++) {
			children[j] = fork();
			if (children[j] != 0)
				continue;
			close(start[1]);
			close(end[1]);
			race(url_of("socket"), start[0], result[1], end[0]);
		}
		close(start[1]);
		char first, second;
		assert_int_equal(read(result[0], &first, 1), 1);
		assert_int_equal(read(result[0], &second, 1), 1);
		close(end[1]);
		assert_int_equal(first + second, RELEVO_OK + RELEVO_ADDRESS_IN_USE);
		assert_true(first == RELEVO_OK || second == RELEVO_OK);
		assert_true(has_succeeded(children[0]));
		assert_true(has_succeeded(children[1]));
		assert_false(is_there("socket"));
		assert_false(is_there("socket.lock"));
		close(start[0]);
		close(result[0]);
		close(result[1]);
		close(end[0]);
	}
}

/* ---- abstract and inherited sockets -------------------------------------- */

static void test_abstract(void **state)
{
	(void)state;
	char url[64];
	struct error why;
	snprintf(url, sizeof url, "abstract://relevo-test-%d", (int)getpid());
	struct ends ends;
	ends_open(&ends, url);
	assert_string_equal(listener_url(ends.listener), url);
	exchange(ends.client, ends.server);
	assert_int_equal(listen_status(url, &why), RELEVO_ADDRESS_IN_USE);
	assert_non_null(strstr(why.text, url));
	ends_close(&ends);
}

static void check_inherited(const char *bound)
{
	char url[32];
	int fd = listening_socket(bound);
	snprintf(url, sizeof url, "fd://%d", fd);
	assert_int_equal(fcntl(fd, F_SETFD, 0), 0);
	struct ends ends;
	ends_open(&ends, url);
	assert_int_equal(listener_fd(ends.listener), fd);
	assert_string_equal(listener_url(ends.listener), bound);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	struct channel *none = NULL;
	assert_int_equal(listener_accept(ends.listener, &none), TRY_AGAIN);
	exchange(ends.client, ends.server);
	ends_close(&ends);
}

static void test_inherited(void **state)
{
	(void)state;
	char abstract[64];
	snprintf(abstract, sizeof abstract, "abstract://relevo-test-%d", (int)getpid());
	check_inherited(abstract);
	check_inherited(url_of("socket"));
	/* Whoever made it removes it. */
	assert_true(is_there("socket"));
	unlink(path_of("socket"));
}

static void check_not_inherited(int fd, const char *part)
{
	char url[32];
	struct error why;
	snprintf(url, sizeof url, "fd://%d", fd);
	assert_int_equal(listen_status(url, &why), RELEVO_BAD_ADDRESS);
	if (strstr(why.text, url) == NULL || strstr(why.text, part) == NULL)
		fail_msg("%s: %s", part, why.text);
	if (fd < 1000) {
		assert_true(fcntl(fd, F_GETFD) >= 0);
		close(fd);
	}
}

static void test_not_inherited(void **state)
{
	(void)state;
	check_not_inherited(1000000, "not an open");
	check_not_inherited(open("/dev/null", O_RDONLY), "not a socket");
	check_not_inherited(socket(AF_INET, SOCK_STREAM, 0), "not a Unix socket");
	check_not_inherited(socket(AF_UNIX, SOCK_DGRAM, 0), "not a stream");
	check_not_inherited(socket(AF_UNIX, SOCK_SEQPACKET, 0), "not a stream");
	check_not_inherited(socket(AF_UNIX, SOCK_STREAM, 0), "does not listen");
	check_not_inherited(bound_socket("abstract://relevo-test-bound", SOCK_STREAM),
			    "does not listen");
}

/* ---- crowds ---------------------------------------------------------------- */

static void test_no_descriptors_to_accept(void **state)
{
	(void)state;
	struct ends ends;
	ends.listener = listen_at(url_of("socket"));
	ends.client = connect_to(url_of("socket"));
	ends.server = NULL;
	exhaust_descriptors();
	int first = listener_accept(ends.listener, &ends.server);
	int second = listener_accept(ends.listener, &ends.server);
	spare_descriptors();
	assert_int_equal(first, RELEVO_NO_DESCRIPTORS);
	assert_int_equal(second, RELEVO_NO_DESCRIPTORS);
	ends.server = accept_from(ends.listener);
	exchange(ends.client, ends.server);
	ends_close(&ends);
}

static void test_storm(void **state)
{
	(void)state;
	struct ends ends;
	struct listener *listener = ends.listener = listen_at(url_of("socket"));
	int accepted = 0;
	for (int i = 0; i < STORM; i++) {
		channel_close(connect_to(url_of("socket")));
		if (i % 50 != 49)
			continue;
		struct channel *channel;
		while (listener_accept(listener, &channel) == RELEVO_OK) {
			assert_int_equal(receive_end(channel), RELEVO_END_OF_STREAM);
			channel_close(channel);
			accepted++;
		}
	}
	assert_int_equal(accepted, STORM);
	ends.client = connect_to(url_of("socket"));
	ends.server = accept_from(listener);
	exchange(ends.client, ends.server);
	ends_close(&ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_open_and_close),
		leaks_unit_test(test_in_use),
		leaks_unit_test(test_in_use_by_a_stranger),
		leaks_unit_test(test_in_use_as_datagram),
		leaks_unit_test(test_stale_socket),
		leaks_unit_test(test_after_a_death),
		leaks_unit_test(test_not_a_socket),
		leaks_unit_test(test_folder),
		leaks_unit_test(test_denied),
		leaks_unit_test(test_no_descriptors_to_open),
		leaks_unit_test(test_replaced_socket),
		leaks_unit_test(test_close_in_child),
		leaks_unit_test(test_race),
		leaks_unit_test(test_abstract),
		leaks_unit_test(test_inherited),
		leaks_unit_test(test_not_inherited),
		leaks_unit_test(test_no_descriptors_to_accept),
		leaks_unit_test(test_storm),
	};
	return cmocka_run_group_tests_name("wire/listener", tests, NULL, NULL);
}
