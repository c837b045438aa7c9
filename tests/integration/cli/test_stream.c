/* Much input, bytes of all kinds, readers and writers that come and go. */
#include "integration/cli/client.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>

/* A pipe that is not inherited. */
static void pipe_make(int ends[2])
{
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}

/* Read that text from a pipe. */
static void expect_from(int fd, const char *text)
{
	for (; *text != '\0'; text++) {
		char byte;
		struct pollfd entry = { .fd = fd, .events = POLLIN };
		assert_int_equal(poll(&entry, 1, TEST_PATIENCE), 1);
		assert_int_equal(read(fd, &byte, 1), 1);
		assert_int_equal(byte, *text);
	}
}

/* ---- what goes in comes out ------------------------------------------------ */

static FILE *open_in(const struct scene *scene, const char *name)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", scene->broker.folder, name);
	FILE *file = fopen(path, "w+e");
	assert_non_null(file);
	return file;
}

static void expect_same(FILE *first, FILE *second)
{
	static char left[65536], right[65536];
	size_t got;
	rewind(first);
	rewind(second);
	do {
		got = fread(left, 1, sizeof left, first);
		assert_int_equal(fread(right, 1, sizeof right, second), got);
		assert_memory_equal(left, right, got);
	} while (got > 0);
}

static void a_million_lines(void **state)
{
	struct scene *scene = *state;
	FILE *in = open_in(scene, "in"), *out = open_in(scene, "out");
	for (int i = 0; i < 1000000; i++)
		fprintf(in, "%d is a line of some bytes\n", i);
	assert_int_equal(fflush(in), 0);
	rewind(in);
	child_join(client_begin(fileno(in), -1, "queue", "put", "q"));
	assert_int_equal(counts_of(scene->queue).ready, 1000000);
	child_join(client_begin(-1, fileno(out), "queue", "get", "q", "--all"));
	expect_same(in, out);
	assert_int_equal(counts_of(scene->queue).acknowledged, 1000000);
	fclose(in);
	fclose(out);
}

static void items_with_newlines_between_zeros(void **state)
{
	(void)state;
	static const char items[] = "one\nline\0\0two\n\n\0end";
	struct outcome outcome = client_run(
		items, sizeof items, (const char *const[]){ "queue", "put", "-0", "q", NULL });
	expect_output(outcome, "");
	outcome = client("", "queue", "get", "--null", "--all", "q");
	assert_int_equal(outcome.status, 0);
	assert_int_equal(outcome.size, sizeof items);
	assert_memory_equal(outcome.out, items, sizeof items);
	outcome_free(&outcome);
}

static void bytes_as_a_whole(void **state)
{
	struct scene *scene = *state;
	enum { SIZE = 3 * 1024 * 1024 + 1 };
	uint8_t *bytes = malloc(SIZE);
	assert_non_null(bytes);
	pattern_fill(bytes, SIZE, 1);
	expect_output(client_run((char *)bytes, SIZE,
				 (const char *const[]){ "queue", "put", "--whole", "q", NULL }),
		      "");
	free(bytes);
	assert_int_equal(counts_of(scene->queue).ready, 1);
	struct outcome outcome = client("", "queue", "get", "--raw", "q");
	assert_int_equal(outcome.size, SIZE);
	assert_true(pattern_holds((uint8_t *)outcome.out, SIZE, 1));
	outcome_free(&outcome);
}

static void a_line_longer_than_the_buffer(void **state)
{
	(void)state;
	enum { SIZE = 1024 * 1024 };
	char *line = malloc(SIZE);
	assert_non_null(line);
	memset(line, 'x', SIZE);
	memcpy(line, "first\n", 6);
	memcpy(line + SIZE - 6, "\nlast\n", 6);
	expect_output(client_run(line, SIZE, (const char *const[]){ "queue", "put", "q", NULL }),
		      "");
	struct outcome outcome = client("", "queue", "get", "--all", "q");
	assert_int_equal(outcome.size, SIZE);
	assert_memory_equal(outcome.out, line, SIZE);
	outcome_free(&outcome);
	free(line);
}

/* ---- limits ----------------------------------------------------------------- */

static void a_line_that_is_too_long(void **state)
{
	struct scene *scene = *state;
	static const char *const limit[] = { "--max-item", "10", NULL };
	struct test_broker narrow;
	(void)scene;
	test_broker_start(&narrow, limit);
	setenv("RELEVO_URL", narrow.url, 1);
	expect_output(client("", "queue", "create", "n"), "");
	struct outcome outcome = client("1\n2\n12345678901\n4\n", "queue", "put", "n");
	assert_non_null(strstr(outcome.error, "\n2 put\n"));
	expect_failure(outcome, 1,
		       "queue put: line 3: more than the 10 bytes that an item may have "
		       "(TOO_LARGE)\n");
	expect_failure(client("12345678901", "queue", "put", "--whole", "n"), 1,
		       "queue put: item 1: more than the 10 bytes");
	expect_output(client("1234567890", "queue", "put", "--whole", "n"), "");
	expect_output(client("", "queue", "get", "--all", "n"), "1\n2\n1234567890\n");
	test_broker_stop(&narrow);
}

/* The most memory that a process has had, in KiB. */
static long peak_memory(pid_t pid)
{
	char path[64], line[256];
	long peak = -1;
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL)
		sscanf(line, "VmHWM: %ld", &peak);
	fclose(file);
	assert_true(peak > 0);
	return peak;
}

enum { MEGABYTE = 1024 * 1024, LINE_SIZE = 64 };

/* Write so many bytes of lines, and take them out again on the other side. */
static void stream(const struct scene *scene, int fd, size_t bytes)
{
	static char block[MEGABYTE];
	static relevo_item items[4096];
	memset(block, 'x', sizeof block);
	for (size_t i = LINE_SIZE; i <= sizeof block; i += LINE_SIZE)
		block[i - 1] = '\n';
	for (size_t left = bytes; left > 0; left -= sizeof block) {
		for (size_t done = 0; done < sizeof block;) {
			ssize_t step = write(fd, block + done, sizeof block - done);
			assert_true(step > 0);
			done += (size_t)step;
		}
		for (size_t missing = sizeof block / LINE_SIZE, got; missing > 0; missing -= got) {
			assert_ok(relevo_queue_get_many(scene->queue, TEST_PATIENCE, items,
							missing < 4096 ? missing : 4096, &got));
			for (size_t i = 0; i < got; i++)
				relevo_item_free(&items[i]);
		}
	}
}

static void endless_input_in_little_memory(void **state)
{
	struct scene *scene = *state;
	int ends[2];
	pipe_make(ends);
	pid_t putter = client_begin(ends[0], -1, "queue", "put", "q");
	close(ends[0]);
	stream(scene, ends[1], 8 * (size_t)MEGABYTE);
	long before = peak_memory(putter);
	stream(scene, ends[1], 64 * (size_t)MEGABYTE);
	assert_in_range(peak_memory(putter) - before, 0, 8 * 1024);
	close(ends[1]);
	child_join(putter);
}

/* ---- as they come -------------------------------------------------------------- */

static void lines_are_put_as_they_come(void **state)
{
	struct scene *scene = *state;
	int ends[2];
	pipe_make(ends);
	pid_t putter = client_begin(ends[0], -1, "queue", "put", "q");
	close(ends[0]);
	assert_int_equal(write(ends[1], "one\ntw", 6), 6);
	expect_text(scene->queue, "one");
	assert_int_equal(write(ends[1], "o\n", 2), 2);
	expect_text(scene->queue, "two");
	close(ends[1]);
	child_join(putter);
}

static void items_are_written_as_they_come(void **state)
{
	struct scene *scene = *state;
	int ends[2];
	pipe_make(ends);
	pid_t getter = client_begin(-1, ends[1], "queue", "get", "--follow", "q");
	close(ends[1]);
	put_text(scene->queue, "one");
	expect_from(ends[0], "one\n");
	put_text(scene->queue, "two");
	expect_from(ends[0], "two\n");
	wait_for_getters(scene->queue, 1);
	assert_int_equal(kill(getter, SIGTERM), 0);
	assert_int_equal(child_wait(getter), 128 + SIGTERM);
	close(ends[0]);
	assert_int_equal(counts_of(scene->queue).acknowledged, 2);
}

static void follow_ends_with_the_queue(void **state)
{
	struct scene *scene = *state;
	pid_t getter = client_begin(-1, -1, "queue", "get", "--follow", "q");
	wait_for_getters(scene->queue, 1);
	expect_output(client("", "queue", "delete", "q"), "");
	assert_int_equal(child_wait(getter), 6);
}

/* A queue "once", whose items are given up when they come back. */
static relevo_queue *open_once(const struct scene *scene, int items)
{
	const struct relevo_queue_options options = { .max_deliveries = 1 };
	relevo_queue *queue;
	assert_ok(relevo_queue_open(scene->session, "once", &options, &queue));
	for (int i = 0; i < items; i++)
		put_text(queue, "a line that fills a pipe with less than a batch of its kind, so "
				"that writing has to stop");
	return queue;
}

static void wait_until_full(int writing)
{
	struct pollfd entry = { .fd = writing, .events = POLLOUT };
	int64_t until = test_now() + TEST_PATIENCE;
	while (poll(&entry, 1, 0) == 1) {
		assert_true(test_now() < until);
		poll(NULL, 0, 1);
	}
}

static void wait_for_none_leased(relevo_queue *queue)
{
	int64_t until = test_now() + TEST_PATIENCE;
	while (counts_of(queue).leased > 0) {
		assert_true(test_now() < until);
		poll(NULL, 0, 1);
	}
}

/* Whoever reads stands still, and then leaves, or the client is killed. */
static void expect_unseen_items_uncounted(const struct scene *scene, bool killed)
{
	enum { LINES = 3000 };
	relevo_queue *queue = open_once(scene, LINES);
	int ends[2];
	pipe_make(ends);
	pid_t getter = client_begin(-1, ends[1], "queue", "get", "--all", "once");
	wait_until_full(ends[1]);
	/* What is not taken is nobody's meanwhile. */
	wait_for_none_leased(queue);
	if (killed)
		assert_int_equal(kill(getter, SIGKILL), 0);
	close(ends[1]);
	close(ends[0]);
	assert_int_equal(child_wait(getter), 128 + (killed ? SIGKILL : SIGPIPE));
	struct relevo_queue_state counts = counts_of(queue);
	assert_in_range(counts.acknowledged, 1, LINES - 1);
	assert_int_equal(counts.dead_lettered, 0);
	assert_int_equal(counts.ready, LINES - counts.acknowledged);
	assert_ok(relevo_queue_delete(scene->session, "once"));
	relevo_queue_close(queue);
}

static void what_nobody_saw_was_not_delivered(void **state)
{
	expect_unseen_items_uncounted(*state, false);
	expect_unseen_items_uncounted(*state, true);
}

static void a_full_disk_takes_nothing(void **state)
{
	struct scene *scene = *state;
	relevo_queue *queue = open_once(scene, 3);
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(full >= 0);
	pid_t getter = client_begin(-1, full, "queue", "get", "--all", "once");
	close(full);
	assert_int_equal(child_wait(getter), 1);
	assert_int_equal(counts_of(queue).ready, 3);
	relevo_queue_close(queue);
}

static void items_with_a_time_and_a_slow_reader(void **state)
{
	struct scene *scene = *state;
	const struct relevo_queue_options options = { .lease = 300 };
	enum { LINES = 3000 };
	relevo_queue *queue;
	assert_ok(relevo_queue_open(scene->session, "timed", &options, &queue));
	for (int i = 0; i < LINES; i++)
		put_text(queue, "a line that fills a pipe with less than a batch of its kind");
	int ends[2];
	pipe_make(ends);
	pid_t getter = client_begin(-1, ends[1], "queue", "get", "--all", "timed");
	wait_until_full(ends[1]);
	close(ends[1]);
	wait_for_none_leased(queue);
	/* No time of theirs runs now. */
	assert_false(process_ends(getter, 400));
	size_t lines = 0;
	char bytes[4096];
	ssize_t got;
	while ((got = read(ends[0], bytes, sizeof bytes)) > 0) {
		for (ssize_t i = 0; i < got; i++)
			lines += bytes[i] == '\n';
	}
	close(ends[0]);
	child_join(getter);
	assert_int_equal(lines, LINES);
	assert_int_equal(counts_of(queue).acknowledged, LINES);
	assert_int_equal(counts_of(queue).redelivered, 0);
	relevo_queue_close(queue);
}

/* While nothing comes. */
static void nobody_waits_for_a_reader_that_has_left(void **state)
{
	struct scene *scene = *state;
	static const char *const commands[][6] = {
		{ "queue", "get", "q", NULL },
		{ "queue", "get", "q", "--follow", NULL },
		{ "queue", "get", "q", "--count", "3", NULL },
	};
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		int ends[2];
		pipe_make(ends);
		pid_t getter = client_start(-1, ends[1], commands[i]);
		close(ends[1]);
		wait_for_getters(scene->queue, 1);
		close(ends[0]);
		assert_int_equal(child_wait(getter), 128 + SIGPIPE);
		wait_for_getters(scene->queue, 0);
	}
}

static void nor_for_its_next_look(void **state)
{
	int ends[2];
	(void)state;
	pipe_make(ends);
	pid_t top = client_begin(-1, ends[1], "top", "--batch", "--delay", "3600000");
	close(ends[1]);
	close(ends[0]);
	assert_int_equal(child_wait(top), 128 + SIGPIPE);
}

static void a_reader_that_leaves_loses_nothing(void **state)
{
	struct scene *scene = *state;
	enum { LINES = 100000 };
	int ends[2];
	for (int i = 0; i < LINES; i++) {
		char line[16];
		snprintf(line, sizeof line, "%d", i);
		put_text(scene->queue, line);
	}
	pipe_make(ends);
	pid_t getter = client_begin(-1, ends[1], "queue", "get", "--all", "q");
	close(ends[1]);
	expect_from(ends[0], "0\n");
	close(ends[0]);
	assert_int_equal(child_wait(getter), 128 + SIGPIPE);
	struct relevo_queue_state counts = counts_of(scene->queue);
	char next[16];
	assert_int_equal(counts.leased, 0);
	assert_in_range(counts.acknowledged, 1, LINES - 1);
	assert_int_equal(counts.ready, LINES - counts.acknowledged);
	snprintf(next, sizeof next, "%d", (int)counts.acknowledged);
	expect_text(scene->queue, next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(a_million_lines),
		client_unit_test(items_with_newlines_between_zeros),
		client_unit_test(bytes_as_a_whole),
		client_unit_test(a_line_longer_than_the_buffer),
		client_unit_test(a_line_that_is_too_long),
		client_unit_test(endless_input_in_little_memory),
		client_unit_test(lines_are_put_as_they_come),
		client_unit_test(items_are_written_as_they_come),
		client_unit_test(follow_ends_with_the_queue),
		client_unit_test(a_reader_that_leaves_loses_nothing),
		client_unit_test(what_nobody_saw_was_not_delivered),
		client_unit_test(a_full_disk_takes_nothing),
		client_unit_test(items_with_a_time_and_a_slow_reader),
		client_unit_test(nobody_waits_for_a_reader_that_has_left),
		client_unit_test(nor_for_its_next_look),
	};
	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
