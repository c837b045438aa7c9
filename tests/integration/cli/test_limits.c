/* Limits of time hold for all that a command does, whatever the broker does. */
#include "integration/cli/client.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>

/* It connects, is told nothing, and gives up when its own time is over, and half a second. */
static void expect_end(struct scene *scene, const char *const *words)
{
	int64_t before = test_now();
	assert_int_equal(kill(scene->broker.pid, SIGSTOP), 0);
	struct outcome outcome = client_run("x\n", 2, words);
	assert_int_equal(kill(scene->broker.pid, SIGCONT), 0);
	assert_int_equal(outcome.status, 3);
	assert_non_null(strstr(outcome.error, "(TIMED_OUT)"));
	outcome_free(&outcome);
	assert_between(test_now() - before, 300, 6000);
}

#define expect_end_of(scene, ...) expect_end((scene), (const char *const[]){ __VA_ARGS__, NULL })

static void a_broker_that_stands_still(void **state)
{
	struct scene *scene = *state;
	expect_end_of(scene, "queue", "get", "q", "-t", "300");
	expect_end_of(scene, "queue", "get", "q", "--all", "-t", "300");
	expect_end_of(scene, "queue", "put", "q", "-t", "300");
	expect_end_of(scene, "lock", "run", "l", "-t", "300", "--", "true");
	expect_end_of(scene, "pool", "map", "w", "--deadline", "300", "a");
}

/* What was sent is waited for no longer than anything else. */
static void a_broker_that_stops_when_items_are_put(void **state)
{
	struct scene *scene = *state;
	int input[2];
	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	pid_t putter = client_begin(input[0], -1, "queue", "put", "q", "-t", "300");
	close(input[0]);
	assert_int_equal(write(input[1], "first\n", 6), 6);
	expect_text(scene->queue, "first");
	assert_int_equal(kill(scene->broker.pid, SIGSTOP), 0);
	assert_int_equal(write(input[1], "second\n", 7), 7);
	assert_true(process_ends(putter, 3000));
	assert_int_equal(kill(scene->broker.pid, SIGCONT), 0);
	assert_int_equal(child_wait(putter), 3);
	close(input[1]);
}

/* ---- a broker that goes away --------------------------------------------- */

/* As client_begin(), with its complaints in a pipe. */
static pid_t putter_begin(int input, int complaints, const char *url)
{
	int own = dup(STDERR_FILENO);
	assert_true(own >= 0);
	assert_int_equal(dup2(complaints, STDERR_FILENO), STDERR_FILENO);
	pid_t pid = client_begin(input, -1, "--url", url, "queue", "put", "q", "-0");
	assert_int_equal(dup2(own, STDERR_FILENO), STDERR_FILENO);
	close(own);
	return pid;
}

static void read_line_of(pid_t pid, const char *name, char *line, size_t size)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	line[0] = '\0';
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fgets(line, (int)size, file) == NULL)
		line[0] = '\0';
	fclose(file);
}

/* It sleeps, and not in poll(2), where it waits for the broker: it waits for its next item. Where
 * the system does not say in what, it is believed. */
static bool reads_its_input(void *argument)
{
	char stat[256], where[64];
	const pid_t pid = *(pid_t *)argument;
	read_line_of(pid, "stat", stat, sizeof stat);
	const char *state = strrchr(stat, ')');
	read_line_of(pid, "wchan", where, sizeof where);
	return state != NULL && strncmp(state, ") S", 3) == 0 &&
	       (strstr(where, "pipe") != NULL || strcmp(where, "0") == 0);
}

static bool pipe_is_empty(void *argument)
{
	int left = 1;
	return ioctl(*(int *)argument, FIONREAD, &left) == 0 && left == 0;
}

static ssize_t read_all(int fd, char *text, size_t room)
{
	size_t size = 0;
	ssize_t got;
	while (size < room && (got = read(fd, text + size, room - size)) > 0)
		size += (size_t)got;
	return (ssize_t)size;
}

/* One item arrives, and the broker is killed before the next is read, or behind it. */
static void put_and_kill(bool before)
{
	struct test_broker broker;
	int input[2], complaints[2];
	char said[1024];
	test_broker_start(&broker, NULL);
	relevo_session *session = session_open(broker.url);
	relevo_queue *queue = queue_open(session, "q");
	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	assert_int_equal(pipe2(complaints, O_CLOEXEC), 0);
	pid_t putter = putter_begin(input[0], complaints[1], broker.url);
	close(complaints[1]);
	assert_int_equal(write(input[1], "first", 6), 6);
	expect_text(queue, "first");
	assert_true(eventually(reads_its_input, &putter));
	assert_int_equal(kill(broker.pid, before ? SIGKILL : SIGSTOP), 0);
	if (before)
		assert_int_equal(test_wait(broker.pid), 128 + SIGKILL);
	assert_int_equal(write(input[1], "second", 7), 7);
	close(input[1]);
	assert_true(eventually(pipe_is_empty, &input[0]));
	close(input[0]);
	if (!before) {
		assert_int_equal(kill(broker.pid, SIGKILL), 0);
		assert_int_equal(test_wait(broker.pid), 128 + SIGKILL);
	}
	ssize_t size = read_all(complaints[0], said, sizeof said - 1);
	said[size] = '\0';
	close(complaints[0]);
	if (strstr(said, "queue put: item 2: ") == NULL || strstr(said, "\n1 put\n") == NULL)
		fail_msg("it says \"%s\"", said);
	assert_int_equal(child_wait(putter), 3);
	relevo_queue_close(queue);
	relevo_session_close(session);
	test_folder_remove(broker.folder);
}

static void the_item_that_did_not_arrive_is_named(void **state)
{
	(void)state;
	put_and_kill(true);
	put_and_kill(false);
}

/* What connecting took is gone, and the rest is waited for. */
static void nothing_to_wait_for(void **state)
{
	(void)state;
	int64_t before = test_now();
	expect_failure(client("", "queue", "get", "q", "-t", "200"), 4, "queue get: ");
	assert_between(test_now() - before, 200, 6000);
}

/* The number of the status, and its name. */
static void no_descriptor_is_left(void **state)
{
	(void)state;
	const char *const words[] = { "sh", "-c", "ulimit -n 4; exec \"$0\" pool map w a",
				      RELEVO_EXE, NULL };
	const struct relevo_run_options options = { .program.errors.kind = RELEVO_STREAM_PIPE };
	struct relevo_program_output output;
	assert_ok(relevo_program_run(words, &options, &output));
	assert_int_equal(output.exit_code, 5);
	assert_non_null(strstr(output.errors, "(NO_DESCRIPTORS)"));
	relevo_program_output_free(&output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		client_unit_test(a_broker_that_stands_still),
		client_unit_test(a_broker_that_stops_when_items_are_put),
		client_unit_test(the_item_that_did_not_arrive_is_named),
		client_unit_test(nothing_to_wait_for),
		client_unit_test(no_descriptor_is_left),
	};
	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
