/* Standard streams as others leave them: closed, or not blocking. */
#include "integration/cli/client.h"

#include <fcntl.h>
#include <poll.h>

/* "relevo" and these words of a shell, such as `queue get q >&-`. */
static struct outcome in_shell(const char *words)
{
	char line[256];
	const char *const command[] = { "/bin/sh", "-c", line, NULL };
	const struct relevo_run_options options = {
		.program.output.kind = RELEVO_STREAM_PIPE,
		.program.errors.kind = RELEVO_STREAM_PIPE,
		.timeout = TEST_PATIENCE,
	};
	struct relevo_program_output output;
	snprintf(line, sizeof line, "exec '%s' %s", RELEVO_EXE, words);
	assert_ok(relevo_program_run(command, &options, &output));
	struct outcome outcome = {
		.status = output.exit_code,
		.out = strdup(output.output),
		.error = strdup(output.errors),
		.size = output.output_size,
	};
	relevo_program_output_free(&output);
	return outcome;
}

/* ---- closed ----------------------------------------------------------------- */

static void closed_input(void **state)
{
	struct scene *scene = *state;
	static const char *const reason = "reading standard input: Bad file descriptor (SYSTEM)\n";
	char complaint[128];
	snprintf(complaint, sizeof complaint, "queue put: %s", reason);
	expect_failure(in_shell("queue put q <&-"), 1, complaint);
	expect_failure(in_shell("queue put --whole q <&-"), 1, complaint);
	snprintf(complaint, sizeof complaint, "pool map: %s", reason);
	expect_failure(in_shell("pool map p - <&-"), 1, complaint);
	assert_int_equal(counts_of(scene->queue).ready, 0);
	/* Who needs none gets along without. */
	expect_output(in_shell("queue put q one <&-"), "");
	expect_text(scene->queue, "one");
}

static void closed_output(void **state)
{
	struct scene *scene = *state;
	static const char *const reason =
		"writing to standard output: Bad file descriptor (SYSTEM)\n";
	char complaint[128];
	put_text(scene->queue, "one");
	snprintf(complaint, sizeof complaint, "queue get: %s", reason);
	expect_failure(in_shell("queue get q >&-"), 1, complaint);
	assert_int_equal(counts_of(scene->queue).ready, 1);
	snprintf(complaint, sizeof complaint, "%s", reason);
	struct outcome outcome = in_shell("queue list >&-");
	assert_non_null(strstr(outcome.error, reason));
	assert_int_equal(outcome.status, 1);
	outcome_free(&outcome);
	expect_output(in_shell("queue put q two >&-"), "");
}

static void closed_errors(void **state)
{
	struct scene *scene = *state;
	struct outcome outcome = in_shell("queue stat missing 2>&-");
	assert_int_equal(outcome.status, 6);
	outcome_free(&outcome);
	expect_output(in_shell("queue put q one <&- 2>&-"), "");
	expect_output(in_shell("queue get q <&- 2>&-"), "one\n");
	assert_int_equal(counts_of(scene->queue).acknowledged, 1);
}

/* What is closed here is closed there. */
static void commands_find_them_closed(void **state)
{
	(void)state;
	expect_output(in_shell("lock run l -- sh -c '[ -e /proc/self/fd/0 ] || echo closed' <&-"),
		      "closed\n");
}

/* ---- not blocking --------------------------------------------------------------- */

/* Both ends of a pipe, of which this test has one, do not wait. */
static void pipe_without_waiting(int ends[2])
{
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
}

static void set_waiting(int fd)
{
	assert_int_equal(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK), 0);
}

static void input_that_comes_late(void **state)
{
	struct scene *scene = *state;
	static const char *const options[] = { "-v", "--whole" };
	for (int i = 0; i < 2; i++) {
		int ends[2];
		pipe_without_waiting(ends);
		pid_t putter = client_begin(ends[0], -1, "queue", "put", options[i], "q");
		/* Without waiting it would have ended by then. */
		assert_false(process_ends(putter, 200));
		assert_int_equal(write(ends[1], "late", 4), 4);
		close(ends[1]);
		child_join(putter);
		/* It is not for the client to change. */
		assert_true((fcntl(ends[0], F_GETFL) & O_NONBLOCK) != 0);
		close(ends[0]);
		expect_text(scene->queue, "late");
	}
}

/* The client would have to wait now. */
static void wait_until_full(int writing)
{
	struct pollfd entry = { .fd = writing, .events = POLLOUT };
	int64_t until = test_now() + TEST_PATIENCE;
	while (poll(&entry, 1, 0) == 1) {
		assert_true(test_now() < until);
		poll(NULL, 0, 1);
	}
}

static size_t count_lines(int fd)
{
	static char bytes[4096];
	size_t lines = 0;
	ssize_t got;
	set_waiting(fd);
	while ((got = read(fd, bytes, sizeof bytes)) > 0) {
		for (ssize_t i = 0; i < got; i++)
			lines += bytes[i] == '\n';
	}
	return lines;
}

/* Lines of output, of which the first is read when no more go into the pipe. */
static size_t lines_of(const char *const *words)
{
	int ends[2];
	pipe_without_waiting(ends);
	pid_t client = client_start(-1, ends[1], words);
	wait_until_full(ends[1]);
	close(ends[1]);
	size_t lines = count_lines(ends[0]);
	close(ends[0]);
	child_join(client);
	return lines;
}

static void output_to_a_slow_reader(void **state)
{
	struct scene *scene = *state;
	enum { QUEUES = 600, ITEMS = 5000 };
	relevo_queue *queues[QUEUES];
	for (int i = 0; i < QUEUES; i++) {
		char name[200];
		memset(name, 'x', sizeof name);
		snprintf(name + 190, 10, "%d", i);
		queues[i] = queue_open(scene->session, name);
	}
	for (int i = 0; i < ITEMS; i++)
		put_text(scene->queue, "an item, about as long as a line of text");
	assert_int_equal(lines_of((const char *const[]){ "queue", "list", "--json", NULL }),
			 QUEUES + 1);
	assert_int_equal(lines_of((const char *const[]){ "queue", "peek", "-a", "q", NULL }),
			 ITEMS);
	assert_int_equal(lines_of((const char *const[]){ "queue", "get", "-a", "q", NULL }), ITEMS);
	for (int i = 0; i < QUEUES; i++)
		relevo_queue_close(queues[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(closed_input),
		client_unit_test(closed_output),
		client_unit_test(closed_errors),
		client_unit_test(commands_find_them_closed),
		client_unit_test(input_that_comes_late),
		client_unit_test(output_to_a_slow_reader),
	};
	return cmocka_run_group_tests_name("cli/standard", tests, NULL, NULL);
}
