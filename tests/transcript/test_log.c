/* The broker's log, and what it is written to: nothing, a pipe that nobody reads, a full disk. */
#include "transcript/scene.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A broker whose standard error is what a test gives it. */
struct logger {
	char folder[64];
	char url[ADDRESS_MAX];
	pid_t pid;
};

static void wait_for_bytes(int fd, const char *what)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN };
	if (poll(&entry, 1, WIRE_MSEC) != 1)
		fail_msg("%s did not come in %d ms", what, WIRE_MSEC);
}

static void wait_until_ready(int fd)
{
	char byte = '\0';
	while (byte != '\n') {
		wait_for_bytes(fd, "the broker's being ready");
		assert_int_equal(read(fd, &byte, 1), 1);
	}
	close(fd);
}

/* `error` -1: it has no standard streams at all. */
static void start(struct logger *logger, int error)
{
	int ready[2];
	char number[16];
	test_folder_make(logger->folder);
	snprintf(logger->url, sizeof logger->url, "ipc://%s/socket", logger->folder);
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(fcntl(ready[0], F_SETFD, FD_CLOEXEC), 0);
	snprintf(number, sizeof number, "%d", ready[1]);
	const char *const arguments[] = { "--listen", logger->url, "--ready-fd", number, NULL };
	logger->pid = test_broker_spawn(arguments, error, -1);
	close(ready[1]);
	wait_until_ready(ready[0]);
}

static void stop(struct logger *logger)
{
	assert_int_equal(kill(logger->pid, SIGTERM), 0);
	assert_int_equal(test_wait(logger->pid), 0);
	test_folder_remove(logger->folder);
}

/* So many clients come and go: two lines each. */
static void visit(const struct logger *logger, int times)
{
	for (int i = 0; i < times; i++) {
		struct wire_client client;
		wire_connect(&client, logger->url);
		wire_hello(&client);
		wire_close(&client);
	}
}

/* Such frames are refused, with a line each. */
static void be_refused(const struct logger *logger, int times)
{
	for (int i = 0; i < times; i++) {
		struct wire_client client;
		wire_connect(&client, logger->url);
		wire_send_prefix(&client, 1, UINT32_MAX);
		wire_receive(&client);
		wire_expect_end(&client);
		wire_close(&client);
	}
}

static void test_without_streams_the_log_goes_nowhere(void **state)
{
	struct logger logger;
	char path[ADDRESS_MAX + 8];
	struct stat lock;
	(void)state;
	start(&logger, -1);
	visit(&logger, 3);
	snprintf(path, sizeof path, "%s/socket.lock", logger.folder);
	assert_int_equal(stat(path, &lock), 0);
	assert_int_equal(lock.st_size, 0);
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		char target[64] = "";
		snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)logger.pid, fd);
		assert_true(readlink(path, target, sizeof target - 1) > 0);
		assert_string_equal(target, "/dev/null");
	}
	stop(&logger);
}

/* Everything until the end, into one text; free() it. */
static char *read_all(int fd)
{
	size_t size = 0, room = 4 << 20;
	char *text = malloc(room);
	ssize_t got;
	assert_non_null(text);
	while ((got = read(fd, text + size, room - 1 - size)) > 0)
		size += (size_t)got;
	text[size] = '\0';
	return text;
}

/* Whether that comes; the text is in one line. */
static bool read_until(int fd, const char *text)
{
	char line[2048];
	size_t used = 0;
	for (;;) {
		if (used == 0)
			wait_for_bytes(fd, text);
		if (read(fd, line + used, 1) != 1)
			return false;
		if (line[used] == '\n') {
			line[used] = '\0';
			if (strstr(line, text) != NULL)
				return true;
			used = 0;
		} else if (used < sizeof line - 1) {
			used++;
		}
	}
}

static void fill(int fd)
{
	char bytes[4096];
	memset(bytes, '\n', sizeof bytes);
	int flags = fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	while (write(fd, bytes, sizeof bytes) > 0)
		;
	fcntl(fd, F_SETFL, flags);
}

static void test_a_log_that_nobody_reads_holds_up_nobody(void **state)
{
	struct logger logger;
	int ends[2];
	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	fill(ends[1]);
	start(&logger, ends[1]);
	visit(&logger, 300);
	/* The descriptor is shared: nobody else finds it changed. */
	assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	close(ends[1]);
	stop(&logger);
	close(ends[0]);
}

static void test_lines_that_found_no_room_are_counted(void **state)
{
	struct logger logger;
	int ends[2];
	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	fill(ends[1]);
	start(&logger, ends[1]);
	close(ends[1]);
	/* More than the broker has room for: 500 of each kind of event are told. */
	visit(&logger, 600);
	be_refused(&logger, 600);
	assert_true(read_until(ends[0], "event=log-lines-lost count="));
	stop(&logger);
	close(ends[0]);
}

static void test_a_full_disk_is_no_obstacle(void **state)
{
	struct logger logger;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	(void)state;
	if (full < 0)
		skip();
	start(&logger, full);
	close(full);
	visit(&logger, 300);
	stop(&logger);
}

static void test_what_comes_again_and_again_is_counted(void **state)
{
	struct logger logger;
	int ends[2];
	unsigned long count = 0;
	enum { TIMES = 1500, IN_FULL = 500, PART = 100 };
	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) > 0);
	start(&logger, ends[1]);
	close(ends[1]);
	/* Bit by bit: lines that the thread has no time to write would find no room. */
	for (int told = 0; told < IN_FULL; told += PART) {
		be_refused(&logger, PART);
		for (int i = 0; i < PART; i++)
			assert_true(read_until(ends[0], "event=connection-failed"));
	}
	be_refused(&logger, TIMES - IN_FULL);
	assert_int_equal(kill(logger.pid, SIGTERM), 0);
	char *log = read_all(ends[0]);
	assert_int_equal(test_wait(logger.pid), 0);
	int lines = IN_FULL;
	for (const char *at = log; (at = strstr(at, "event=connection-failed")) != NULL; at++)
		lines++;
	assert_in_range(lines, IN_FULL, TIMES - 1);
	for (const char *repeats = log;
	     (repeats = strstr(repeats, "event=repeats of=\"connection-failed\" count="));) {
		repeats = strstr(repeats, "count=") + strlen("count=");
		count += strtoul(repeats, NULL, 10);
	}
	assert_int_equal(lines + count, TIMES);
	free(log);
	close(ends[0]);
	test_folder_remove(logger.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_streams_the_log_goes_nowhere),
		cmocka_unit_test(test_a_log_that_nobody_reads_holds_up_nobody),
		cmocka_unit_test(test_lines_that_found_no_room_are_counted),
		cmocka_unit_test(test_a_full_disk_is_no_obstacle),
		cmocka_unit_test(test_what_comes_again_and_again_is_counted),
	};
	return cmocka_run_group_tests_name("transcript/log", tests, NULL, NULL);
}
