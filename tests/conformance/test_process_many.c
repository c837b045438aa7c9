/* Processes among others: their children, their descriptors, the server that forks them. */
#include "conformance/cast.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

/* ---- process_arguments ------------------------------------------------------------ */

enum { BLOB = 1 << 20 };

/* Begins with a NUL, and has bytes that are no ASCII and no UTF-8. */
static void fill_blob(unsigned char *blob)
{
	for (int i = 0; i < BLOB; i++)
		blob[i] = (unsigned char)(i * 7);
}

static const char odd_text[] = "caf\xc3\xa9\0behind";

static void check_named(relevo_tuple *arguments)
{
	size_t index;
	int64_t hello;
	double bye;
	child_check(relevo_tuple_find(arguments, "hello", &index) == RELEVO_OK);
	child_check(relevo_tuple_int(arguments, index, &hello) == RELEVO_OK && hello == 23);
	child_check(relevo_tuple_find(arguments, "bye", &index) == RELEVO_OK);
	child_check(relevo_tuple_double(arguments, index, &bye) == RELEVO_OK && bye == 2.54);
}

static int tell_all(relevo_tuple *arguments)
{
	static unsigned char blob[BLOB];
	relevo_session *session;
	relevo_queue *queue;
	int64_t one, two;
	const void *bytes, *text;
	size_t size;
	struct relevo_bytes key = relevo_process_key();
	child_check(relevo_process_session(&session) == RELEVO_OK);
	child_check(relevo_tuple_queue(arguments, 0, session, NULL, &queue) == RELEVO_OK);
	child_check(relevo_tuple_int(arguments, 1, &one) == RELEVO_OK && one == 1);
	child_check(relevo_tuple_int(arguments, 2, &two) == RELEVO_OK && two == 2);
	check_named(arguments);
	fill_blob(blob);
	child_check(relevo_tuple_bytes(arguments, 5, &bytes, &size) == RELEVO_OK);
	child_check(size == BLOB && memcmp(bytes, blob, BLOB) == 0);
	child_check(relevo_tuple_bytes(arguments, 6, &text, &size) == RELEVO_OK);
	child_check(size == sizeof odd_text && memcmp(text, odd_text, size) == 0);
	child_check(relevo_queue_put(queue, key.data, key.size, TEST_PATIENCE) == RELEVO_OK);
	relevo_queue_close(queue);
	report("%s %d", relevo_process_name(relevo_process_current()), (int)getpid());
	return 0;
}

static relevo_tuple *make_arguments(const relevo_queue *queue)
{
	static unsigned char blob[BLOB];
	relevo_tuple *tuple = NULL;
	fill_blob(blob);
	assert_ok(relevo_tuple_new(&tuple));
	assert_ok(relevo_tuple_add_queue(tuple, NULL, queue));
	assert_ok(relevo_tuple_add_int(tuple, NULL, 1));
	assert_ok(relevo_tuple_add_int(tuple, NULL, 2));
	assert_ok(relevo_tuple_add_int(tuple, "hello", 23));
	assert_ok(relevo_tuple_add_double(tuple, "bye", 2.54));
	assert_ok(relevo_tuple_add_bytes(tuple, NULL, blob, BLOB));
	assert_ok(relevo_tuple_add_bytes(tuple, NULL, odd_text, sizeof odd_text));
	return tuple;
}

static void process_arguments(void **state)
{
	const struct stage *stage = *state;
	relevo_queue *queue = NULL;
	relevo_item item;
	assert_ok(relevo_queue_open(stage->session, NULL, NULL, &queue));
	relevo_tuple *tuple = make_arguments(queue);
	relevo_process *process = cast_new(stage, tell_all, "SomeProcess", tuple);
	/* They are the object's by now. */
	relevo_tuple_free(tuple);
	assert_ok(relevo_process_start(process));
	expect_report(stage, "SomeProcess %d", (int)relevo_process_pid(process));
	assert_ok(relevo_queue_get(queue, TEST_PATIENCE, &item));
	struct relevo_bytes key = relevo_process_key();
	assert_int_equal(item.size, key.size);
	assert_memory_equal(item.data, key.data, key.size);
	relevo_item_free(&item);
	relevo_queue_close(queue);
	assert_int_equal(cast_end(process), 0);
}

/* ---- process_nested_order ------------------------------------------------------------ */

enum { LEVELS = 2, BRANCHES = 2 };

/* Say which this is, and have two children that do so, as far down as `levels`. */
static int recur(relevo_tuple *arguments)
{
	const char *path;
	size_t depth;
	int fd;
	child_check(relevo_tuple_take_descriptor(arguments, 0, &fd) == RELEVO_OK);
	child_check(relevo_tuple_text(arguments, 1, &path, &depth) == RELEVO_OK);
	child_check(dprintf(fd, "%s;", path) > 0);
	for (int i = 0; i < BRANCHES && depth < LEVELS; i++) {
		char longer[LEVELS + 1];
		relevo_tuple *tuple;
		relevo_process *process;
		snprintf(longer, sizeof longer, "%s%d", path, i);
		child_check(relevo_tuple_new(&tuple) == RELEVO_OK);
		child_check(relevo_tuple_add_descriptor(tuple, NULL, fd) == RELEVO_OK);
		child_check(relevo_tuple_add_text(tuple, NULL, longer) == RELEVO_OK);
		const struct relevo_process_options options = {
			.method = relevo_process_method(relevo_process_current()),
			.arguments = tuple,
		};
		child_check(relevo_process_new(recur, &options, &process) == RELEVO_OK);
		relevo_tuple_free(tuple);
		child_check(relevo_process_start(process) == RELEVO_OK);
		child_check(relevo_process_join(process, TEST_PATIENCE) == RELEVO_OK);
		relevo_process_free(process);
	}
	return 0;
}

static void process_nested_order(void **state)
{
	const struct stage *stage = *state;
	relevo_tuple *tuple = NULL;
	char said[64];
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_ok(relevo_tuple_new(&tuple));
	assert_ok(relevo_tuple_add_descriptor(tuple, NULL, ends[1]));
	assert_ok(relevo_tuple_add_text(tuple, NULL, ""));
	relevo_process *process = cast_start(stage, recur, NULL, tuple);
	relevo_tuple_free(tuple);
	close(ends[1]);
	assert_int_equal(cast_end(process), 0);
	ssize_t size = read(ends[0], said, sizeof said - 1);
	assert_true(size > 0);
	said[size] = '\0';
	assert_string_equal(said, ";0;00;01;1;10;11;");
	assert_int_equal(read(ends[0], said, 1), 0);
	close(ends[0]);
}

/* ---- process_burst ---------------------------------------------------------------------- */

enum { BURST = 100, BURST_OF_SPAWN = 20 };

static int nothing(relevo_tuple *arguments)
{
	(void)arguments;
	return 0;
}

static int until_killed(relevo_tuple *arguments)
{
	(void)arguments;
	while (pause() < 0)
		continue;
	return EXIT_FAILURE;
}

static int broker_descriptors(const struct stage *stage)
{
	char path[64];
	int count = 0;
	snprintf(path, sizeof path, "/proc/%d/fd", (int)stage->broker.pid);
	DIR *folder = opendir(path);
	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

struct broker_count {
	const struct stage *stage;
	int descriptors;
};

/* The broker hears of the last ends a moment after their parent. */
static bool broker_has_as_many(void *argument)
{
	const struct broker_count *count = argument;
	return broker_descriptors(count->stage) == count->descriptors;
}

static void process_burst(void **state)
{
	const struct stage *stage = *state;
	relevo_process *processes[BURST];
	int count = cast_method == RELEVO_START_SPAWN ? BURST_OF_SPAWN : BURST;
	struct broker_count before = { stage, broker_descriptors(stage) };
	for (int i = 0; i < count; i++)
		processes[i] = cast_start(stage, nothing, NULL, NULL);
	for (int i = 0; i < count; i++)
		assert_int_equal(cast_end(processes[i]), 0);
	for (int i = 0; i < count; i++) {
		processes[i] = cast_start(stage, until_killed, NULL, NULL);
		assert_ok(relevo_process_terminate(processes[i]));
	}
	for (int i = 0; i < count; i++)
		assert_int_equal(cast_end(processes[i]), -SIGTERM);
	/* No child is left, dead or alive, but the server. */
	pid_t children[4];
	size_t left = process_children(getpid(), children, 4);
	assert_true(left <= 2); /* the broker of the stage */
	siginfo_t info = { 0 };
	assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), 0);
	assert_int_equal(info.si_pid, 0);
	assert_true(eventually(broker_has_as_many, &before));
}

/* ---- process_descriptors ----------------------------------------------------------------------
 */

static int tell_descriptors(relevo_tuple *arguments)
{
	int64_t fd;
	int count = 0;
	child_check(relevo_tuple_int(arguments, 0, &fd) == RELEVO_OK);
	bool there = fcntl((int)fd, F_GETFD) >= 0;
	DIR *folder = opendir("/proc/self/fd");
	child_check(folder != NULL);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	report("%d %d", there, count);
	await_cue();
	return 0;
}

static void process_descriptors(void **state)
{
	const struct stage *stage = *state;
	enum { CHILDREN = 5, HIGH_FD = 300 };
	relevo_process *processes[CHILDREN];
	relevo_tuple *tuple = NULL;
	int first = -1, null = open("/dev/null", O_RDONLY);
	/* Without the flag that closes it on exec: it would be inherited. */
	assert_int_equal(dup2(null, HIGH_FD), HIGH_FD);
	close(null);
	assert_ok(relevo_tuple_new(&tuple));
	assert_ok(relevo_tuple_add_int(tuple, NULL, HIGH_FD));
	for (int i = 0; i < CHILDREN; i++)
		processes[i] = cast_start(stage, tell_descriptors, NULL, tuple);
	relevo_tuple_free(tuple);
	for (int i = 0; i < CHILDREN; i++) {
		relevo_item item;
		int there, count;
		assert_ok(relevo_queue_get(cast_reports, TEST_PATIENCE, &item));
		assert_int_equal(sscanf(item.data, "%d %d", &there, &count), 2);
		relevo_item_free(&item);
		assert_int_equal(there, cast_method == RELEVO_START_FORK);
		if (first < 0)
			first = count;
		if (cast_method != RELEVO_START_FORK)
			assert_int_equal(count, first);
	}
	for (int i = 0; i < CHILDREN; i++)
		give_cue();
	for (int i = 0; i < CHILDREN; i++)
		assert_int_equal(cast_end(processes[i]), 0);
	close(HIGH_FD);
}

/* ---- forkserver_death
 * ------------------------------------------------------------------------------ */

static int tell_server(relevo_tuple *arguments)
{
	(void)arguments;
	report("%d", (int)getppid());
	return 0;
}

enum { DONE = -1 };

static int work_until_cue(relevo_tuple *arguments)
{
	(void)arguments;
	report("%d", (int)getppid());
	await_cue();
	report("%d", DONE);
	return 0;
}

/* The next report, in a child. */
static int hear(void)
{
	relevo_item item;
	child_check(relevo_queue_get(cast_reports, TEST_PATIENCE, &item) == RELEVO_OK);
	int number = atoi(item.data);
	relevo_item_free(&item);
	return number;
}

static relevo_process *start_in_child(const struct stage *stage, relevo_target *target)
{
	const struct relevo_process_options options = { .method = RELEVO_START_FORKSERVER,
							.session = stage->session };
	relevo_process *process;
	child_check(relevo_process_new(target, &options, &process) == RELEVO_OK);
	child_check(relevo_process_start(process) == RELEVO_OK);
	return process;
}

static int join_in_child(relevo_process *process)
{
	int code;
	child_check(relevo_process_join(process, TEST_PATIENCE) == RELEVO_OK);
	child_check(relevo_process_exit_code(process, &code) == RELEVO_OK);
	relevo_process_free(process);
	return code;
}

static void signal_server(const struct stage *stage, int number)
{
	bool alive;
	relevo_process *worker = start_in_child(stage, work_until_cue);
	int server = hear();
	child_check(server != getpid());
	child_check(kill(server, number) == 0);
	if (number == SIGKILL)
		child_check(process_ends(server, TEST_PATIENCE));
	relevo_process *next = start_in_child(stage, tell_server);
	child_check((hear() == server) == (number == SIGINT));
	child_check(join_in_child(next) == 0);
	child_check(relevo_process_is_alive(worker, &alive) == RELEVO_OK && alive);
	give_cue();
	child_check(hear() == DONE);
	child_check(join_in_child(worker) == (number == SIGINT ? 0 : 255));
}

/* With a server of its own, so that the test's is there for the others. */
static void lose_servers(void *argument)
{
	const struct stage *stage = argument;
	signal_server(stage, SIGINT);
	signal_server(stage, SIGKILL);
}

static void forkserver_death(void **state)
{
	if (!CAST_MAY_FORK)
		skip();
	child_join(child_start(lose_servers, *state));
}

/* ---- start_method_contexts
 * ---------------------------------------------------------------------------- */

static int tell_method(relevo_tuple *arguments)
{
	(void)arguments;
	report("%s %s", relevo_process_method_name(relevo_process_method(relevo_process_current())),
	       relevo_process_method_name(relevo_process_default_method()));
	return 0;
}

static void start_method_contexts(void **state)
{
	const struct stage *stage = *state;
	const enum relevo_start_method *methods = relevo_process_methods();
	size_t count = 0;
	if (!CAST_MAY_FORK)
		skip();
	assert_int_equal(methods[0], RELEVO_START_FORKSERVER);
	assert_int_equal(relevo_process_default_method(), methods[0]);
	while (methods[count] != RELEVO_START_DEFAULT)
		count++;
	assert_int_equal(count, 3);
	for (size_t i = 0; i < count; i++) {
		const struct relevo_process_options options = { .method = methods[i],
								.session = stage->session };
		relevo_process *process = NULL;
		assert_ok(relevo_process_new(tell_method, &options, &process));
		assert_int_equal(relevo_process_method(process), methods[i]);
		assert_ok(relevo_process_start(process));
		expect_report(stage, "%s forkserver", relevo_process_method_name(methods[i]));
		assert_int_equal(cast_end(process), 0);
	}
	assert_fails(relevo_process_set_default_method((enum relevo_start_method)9, true),
		     RELEVO_BAD_ARGUMENT, "9");
	assert_ok(relevo_process_set_default_method(RELEVO_START_SPAWN, false));
	assert_fails(relevo_process_set_default_method(RELEVO_START_FORK, false), RELEVO_BAD_STATE,
		     "spawn");
	assert_int_equal(relevo_process_default_method(), RELEVO_START_SPAWN);
	assert_ok(relevo_process_set_default_method(RELEVO_START_FORK, true));
	const struct relevo_process_options options = { .session = stage->session };
	relevo_process *process = NULL;
	assert_ok(relevo_process_new(tell_method, &options, &process));
	assert_ok(relevo_process_start(process));
	expect_report(stage, "fork fork");
	assert_int_equal(cast_end(process), 0);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		CAST_CASE(process_arguments),
		CAST_CASE(process_nested_order),
		CAST_CASE(process_burst),
		CAST_CASE(process_descriptors),
		CAST_ONLY(forkserver_death, cast_forkserver),
		CAST_ONLY(start_method_contexts, cast_forkserver),
	};
	return cmocka_run_group_tests_name("process_many", tests, cast_prepare, NULL);
}
