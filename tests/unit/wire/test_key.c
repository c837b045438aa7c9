#include "wire/key.h"

#include "support/leaks.h"
#include "support/test.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

struct file {
	char folder[32];
	char path[128];
};

static struct file the_file;

static int setup(void **state)
{
	struct file *file = &the_file;
	snprintf(file->folder, sizeof file->folder, "/tmp/relevo-key-XXXXXX");
	assert_non_null(mkdtemp(file->folder));
	snprintf(file->path, sizeof file->path, "%.30s/key", file->folder);
	*state = file;
	return 0;
}

static int teardown(void **state)
{
	struct file *file = *state;
	unlink(file->path);
	return rmdir(file->folder);
}

static void write_key(const struct file *file, const void *bytes, size_t size, mode_t mode)
{
	int fd = open(file->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static nsec_t in_msec(uint32_t msec)
{
	return clock_deadline(clock_now(), msec);
}

static void assert_refused(const char *path, int status, const char *text)
{
	struct key *key = NULL;
	struct error error;
	assert_int_equal(key_load(path, in_msec(200), &key, &error), status);
	assert_null(key);
	assert_non_null(strstr(error.text, path));
	assert_non_null(strstr(error.text, text));
}

static void assert_loads(const struct file *file, const void *bytes, size_t size)
{
	struct key *key;
	struct error error;
	assert_int_equal(key_load(file->path, in_msec(TEST_PATIENCE), &key, &error), RELEVO_OK);
	assert_int_equal(key->size, size);
	assert_memory_equal(key->bytes, bytes, size);
	key_free(key);
}

static void test_bytes_are_the_key(void **state)
{
	const struct file *file = *state;
	static const uint8_t binary[KEY_MIN_SIZE] = { 0, 1, '\n', 255, 0,  5,  6,  7,
						      8, 9, 10,   11,  12, 13, 14, 0 };
	write_key(file, binary, sizeof binary, 0600);
	assert_loads(file, binary, sizeof binary);
	write_key(file, "0123456789abcdef", 16, 0400);
	assert_loads(file, "0123456789abcdef", 16);
}

static void test_line_ends_do_not_count(void **state)
{
	const struct file *file = *state;
	write_key(file, "0123456789abcdef\n", 17, 0600);
	assert_loads(file, "0123456789abcdef", 16);
	write_key(file, "0123456789abcdef\r\n", 18, 0600);
	assert_loads(file, "0123456789abcdef", 16);
}

static void test_its_size_has_limits(void **state)
{
	const struct file *file = *state;
	char *bytes = malloc(2 * KEY_MAX_SIZE);
	assert_non_null(bytes);
	memset(bytes, 'k', 2 * KEY_MAX_SIZE);
	write_key(file, bytes, KEY_MAX_SIZE, 0600);
	assert_loads(file, bytes, KEY_MAX_SIZE);
	write_key(file, bytes, KEY_MAX_SIZE + 1, 0600);
	assert_refused(file->path, RELEVO_BAD_ARGUMENT, "too many bytes");
	write_key(file, bytes, 2 * KEY_MAX_SIZE, 0600);
	assert_refused(file->path, RELEVO_BAD_ARGUMENT, "too many bytes");
	write_key(file, bytes, KEY_MIN_SIZE - 1, 0600);
	assert_refused(file->path, RELEVO_BAD_ARGUMENT, "too few bytes");
	write_key(file, "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", 18, 0600);
	assert_refused(file->path, RELEVO_BAD_ARGUMENT, "too few bytes");
	write_key(file, "", 0, 0600);
	assert_refused(file->path, RELEVO_BAD_ARGUMENT, "too few bytes");
	free(bytes);
}

static void test_others_may_have_no_access(void **state)
{
	const struct file *file = *state;
	static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0610, 0777 };
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		char text[32];
		snprintf(text, sizeof text, "mode %04o", (unsigned)modes[i]);
		write_key(file, "0123456789abcdef", 16, modes[i]);
		assert_refused(file->path, RELEVO_DENIED, text);
	}
}

static void test_what_is_no_file(void **state)
{
	const struct file *file = *state;
	assert_refused("/no/such/key", RELEVO_NOT_FOUND, "No such file");
	assert_refused(file->folder, RELEVO_BAD_ARGUMENT, "is a folder");
}

/* Whose other end would keep a reader for ever. */
static void test_what_is_neither_a_file_nor_a_pipe(void **state)
{
	const struct file *file = *state;
	if (mknod(file->path, S_IFCHR | 0600, makedev(1, 5)) != 0)
		skip();
	assert_refused(file->path, RELEVO_BAD_ARGUMENT, "neither a file nor a pipe");
}

/* ---- pipes -------------------------------------------------------------- */

/* Begin to write to the pipe after so long, so much at a time. */
static pid_t write_later(const struct file *file, int msec, const char *first, const char *second)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	poll(NULL, 0, msec);
	int fd = open(file->path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || write(fd, first, strlen(first)) < 0 || poll(NULL, 0, 50) < 0 ||
	    write(fd, second, strlen(second)) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}

static void test_a_pipe_is_read_to_its_end(void **state)
{
	const struct file *file = *state;
	int status;
	assert_int_equal(mkfifo(file->path, 0600), 0);
	pid_t writer = write_later(file, 50, "0123456789", "abcdef\n");
	assert_loads(file, "0123456789abcdef", 16);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);
	writer = write_later(file, 50, "", "");
	struct key *key;
	struct error error;
	assert_int_equal(key_load(file->path, in_msec(TEST_PATIENCE), &key, &error),
			 RELEVO_BAD_ARGUMENT);
	assert_int_equal(waitpid(writer, &status, 0), writer);
}

/* As a shell passes it: /dev/fd/N. */
static void test_a_pipe_may_have_no_name(void **state)
{
	struct file pipe_file = { .path = "" };
	int ends[2];
	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	snprintf(pipe_file.path, sizeof pipe_file.path, "/dev/fd/%d", ends[0]);
	assert_int_equal(write(ends[1], "0123456789abcdef\n", 17), 17);
	close(ends[1]);
	assert_loads(&pipe_file, "0123456789abcdef", 16);
	close(ends[0]);
}

/* What has come so far is no key, as more may come. */
static void test_a_pipe_that_nobody_closes_is_not_waited_for(void **state)
{
	char path[32];
	int ends[2];
	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
	assert_int_equal(write(ends[1], "0123456789abcdef\n", 17), 17);
	/* So that who waits for its end sees it, much too late. */
	pid_t holder = fork();
	assert_true(holder >= 0);
	if (holder == 0) {
		poll(NULL, 0, 3000);
		_exit(EXIT_SUCCESS);
	}
	close(ends[1]);
	assert_refused(path, RELEVO_TIMED_OUT, "a whole key");
	close(ends[0]);
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
}

static void test_a_pipe_that_nobody_writes_to_is_not_waited_for(void **state)
{
	const struct file *file = *state;
	assert_int_equal(mkfifo(file->path, 0600), 0);
	/* So that who waits for a writer sees one, much too late. */
	pid_t writer = write_later(file, 3000, "", "");
	nsec_t begin = clock_now();
	assert_refused(file->path, RELEVO_TIMED_OUT, "a whole key");
	assert_in_range(clock_now() - begin, 200 * NSEC_PER_MSEC, 2000 * NSEC_PER_MSEC);
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
}

static void test_a_key_of_somebody_else_is_refused(void **state)
{
	const struct file *file = *state;
	write_key(file, "0123456789abcdef", 16, 0600);
	/* Only root can give a file away. */
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(file->path, 65534, 65534), 0);
	assert_refused(file->path, RELEVO_DENIED, "belongs to uid 65534");
}

#define key_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		key_test(test_bytes_are_the_key),
		key_test(test_line_ends_do_not_count),
		key_test(test_its_size_has_limits),
		key_test(test_others_may_have_no_access),
		key_test(test_what_is_no_file),
		key_test(test_what_is_neither_a_file_nor_a_pipe),
		key_test(test_a_pipe_is_read_to_its_end),
		key_test(test_a_pipe_may_have_no_name),
		key_test(test_a_pipe_that_nobody_writes_to_is_not_waited_for),
		key_test(test_a_pipe_that_nobody_closes_is_not_waited_for),
		key_test(test_a_key_of_somebody_else_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
