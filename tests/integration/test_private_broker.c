/* The private broker, for programs that find none running. */
#include "support/queues.h"

#include <dirent.h>
#include <fcntl.h>
#include <relevo/process.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

static int private_setup(void **state)
{
	/* Brokers are orphans on purpose: here they become this program's. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setenv("RELEVO_BROKER", RELEVOD_EXE, 1);
	return leaks_setup(state);
}

static int private_teardown(void **state)
{
	unsetenv("RELEVO_BROKER");
	return leaks_teardown(state);
}

/* The one process in the background that listens for this program. */
static pid_t find_broker(void)
{
	pid_t found[8];
	size_t count = process_children(getpid(), found, 8);
	assert_int_equal(count, 1);
	return found[0];
}

static void expect_end(pid_t broker)
{
	assert_true(process_ends(broker, 2000));
	waitpid(broker, NULL, 0);
}

static void nothing_has_to_run(void **state)
{
	(void)state;
	relevo_session *session = session_open(NULL);
	relevo_queue *queue = queue_open(session, "q");
	assert_int_equal(strncmp(relevo_session_url(session), "abstract://", 11), 0);
	put_text(queue, "hello");
	expect_text(queue, "hello");
	pid_t broker = find_broker();
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
	expect_end(broker);
}

static void nobody_has_to_want_it(void **state)
{
	(void)state;
	relevo_session *session;
	struct relevo_session_options options = { .no_private_broker = true };
	pid_t found[8];
	assert_fails(relevo_session_open(NULL, &options, &session), RELEVO_NO_BROKER,
		     "relevo.sock");
	assert_int_equal(process_children(getpid(), found, 8), 0);
}

static void open_behind_close(void *argument)
{
	(void)argument;
	relevo_session *lost = session_open(NULL);
	closefrom(STDERR_FILENO + 1);
	relevo_session *session = session_open(NULL);
	child_check(strcmp(relevo_session_url(lost), relevo_session_url(session)) != 0);
	relevo_queue *queue = queue_open(session, "q");
	put_text(queue, "hello");
	expect_text(queue, "hello");
	relevo_queue_close(queue);
	child_check(relevo_session_close(session) == RELEVO_OK);
}

/* As one that makes itself a daemon does. */
static void a_program_that_closes_all_descriptors_gets_another(void **state)
{
	(void)state;
	pid_t brokers[8];
	child_join(child_start(open_behind_close, NULL));
	size_t count = process_children(getpid(), brokers, 8);
	for (size_t i = 0; i < count; i++)
		expect_end(brokers[i]);
}

static void two_sessions_share_one(void **state)
{
	(void)state;
	relevo_session *first = session_open(NULL), *second = session_open(NULL);
	assert_string_equal(relevo_session_url(first), relevo_session_url(second));
	relevo_queue *here = queue_open(first, "q"), *there = queue_open(second, "q");
	pid_t broker = find_broker();
	put_text(here, "hello");
	expect_text(there, "hello");
	relevo_queue_close(here);
	assert_ok(relevo_session_close(first));
	put_text(there, "still there");
	expect_text(there, "still there");
	relevo_queue_close(there);
	assert_ok(relevo_session_close(second));
	expect_end(broker);
}

static void another_one_after_the_last_was_closed(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		relevo_session *session = session_open(NULL);
		relevo_queue *queue = queue_open(session, "q");
		pid_t broker = find_broker();
		expect_empty(queue);
		put_text(queue, "left behind");
		relevo_queue_close(queue);
		assert_ok(relevo_session_close(session));
		expect_end(broker);
	}
}

struct forked {
	relevo_session *session;
	relevo_queue *queue;
};

static void forked_put(void *argument)
{
	struct forked *scene = argument;
	relevo_session *second;
	child_check(relevo_queue_put(scene->queue, "child", 5, 1000) == RELEVO_OK);
	child_check(relevo_session_flush(scene->session, 1000) == RELEVO_OK);
	child_check(relevo_session_open(NULL, NULL, &second) == RELEVO_OK);
	child_check(relevo_session_close(second) == RELEVO_OK);
}

static void forked_children_use_it(void **state)
{
	(void)state;
	relevo_session *session = session_open(NULL);
	relevo_queue *queue = queue_open(session, "q");
	pid_t broker = find_broker();
	pid_t children[4];
	for (int i = 0; i < 4; i++)
		children[i] = child_start(forked_put, &(struct forked){ session, queue });
	for (int i = 0; i < 4; i++)
		expect_text(queue, "child");
	for (int i = 0; i < 4; i++)
		child_join(children[i]);
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
	expect_end(broker);
}

struct outliving {
	relevo_session *session;
	relevo_queue *queue;
	struct gate parent_closed;
};

static void outlive(void *argument)
{
	struct outliving *scene = argument;
	relevo_item item;
	gate_pass(&scene->parent_closed);
	child_check(relevo_queue_put(scene->queue, "later", 5, 1000) == RELEVO_OK);
	child_check(relevo_queue_get(scene->queue, 1000, &item) == RELEVO_OK);
	relevo_item_free(&item);
	relevo_queue_close(scene->queue);
	child_check(relevo_session_close(scene->session) == RELEVO_OK);
}

static int take_what_is_left(relevo_tuple *arguments)
{
	relevo_session *session;
	relevo_queue *queue;
	child_check(relevo_process_session(&session) == RELEVO_OK);
	child_check(relevo_tuple_queue(arguments, 0, session, NULL, &queue) == RELEVO_OK);
	expect_text(queue, "left for the child");
	relevo_queue_close(queue);
	return 0;
}

/* Once it is made, a process has its arguments, whatever is closed before it starts. */
static void it_stays_for_a_process_not_started_yet(enum relevo_start_method method)
{
	relevo_session *session = session_open(NULL);
	relevo_queue *queue = queue_open(session, NULL);
	relevo_tuple *tuple;
	relevo_process *process;
	int code = -1;
	pid_t broker = find_broker();
	put_text(queue, "left for the child");
	assert_ok(relevo_tuple_new(&tuple));
	assert_ok(relevo_tuple_add_queue(tuple, NULL, queue));
	const struct relevo_process_options options = { .arguments = tuple, .method = method };
	assert_ok(relevo_process_new(take_what_is_left, &options, &process));
	relevo_tuple_free(tuple);
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
	assert_ok(relevo_process_start(process));
	assert_ok(relevo_process_join(process, TEST_PATIENCE));
	assert_ok(relevo_process_exit_code(process, &code));
	assert_int_equal(code, 0);
	relevo_process_free(process);
	expect_end(broker);
}

static void it_stays_for_a_fork(void **state)
{
	(void)state;
	it_stays_for_a_process_not_started_yet(RELEVO_START_FORK);
}

static void it_stays_for_a_spawn(void **state)
{
	(void)state;
	it_stays_for_a_process_not_started_yet(RELEVO_START_SPAWN);
}

static void it_ends_with_a_process_never_started(void **state)
{
	(void)state;
	relevo_session *session = session_open(NULL);
	relevo_process *process;
	pid_t broker = find_broker();
	assert_ok(relevo_process_new(take_what_is_left, NULL, &process));
	assert_ok(relevo_session_close(session));
	relevo_process_free(process);
	expect_end(broker);
}

static void it_ends_with_the_last_that_uses_it(void **state)
{
	(void)state;
	struct outliving scene;
	scene.session = session_open(NULL);
	scene.queue = queue_open(scene.session, "q");
	pid_t broker = find_broker();
	gate_make(&scene.parent_closed);
	pid_t child = child_start(outlive, &scene);
	relevo_queue_close(scene.queue);
	assert_ok(relevo_session_close(scene.session));
	gate_open(&scene.parent_closed);
	child_join(child);
	expect_end(broker);
	gate_close(&scene.parent_closed);
}

static void open_and_wait(void *argument)
{
	struct gate *gate = argument;
	relevo_session *session;
	child_check(relevo_session_open(NULL, NULL, &session) == RELEVO_OK);
	gate_open(gate);
	pause();
}

static void it_ends_when_its_program_is_killed(void **state)
{
	(void)state;
	struct gate gate;
	gate_make(&gate);
	pid_t child = child_start(open_and_wait, &gate);
	gate_pass(&gate);
	/* Orphans go to this program. */
	pid_t found[2];
	assert_int_equal(process_children(getpid(), found, 2), 2);
	pid_t broker = found[0] == child ? found[1] : found[0];
	child_kill(child);
	expect_end(broker);
	gate_close(&gate);
}

static size_t entries_of(const char *folder)
{
	size_t count = 0;
	DIR *open = opendir(folder);
	assert_non_null(open);
	while (readdir(open) != NULL)
		count++;
	closedir(open);
	return count;
}

static void it_makes_no_file(void **state)
{
	(void)state;
	char folder[64], *before = getenv("XDG_RUNTIME_DIR");
	before = before != NULL ? strdup(before) : NULL;
	test_folder_make(folder);
	setenv("XDG_RUNTIME_DIR", folder, 1);
	relevo_session *session = session_open(NULL);
	assert_int_equal(entries_of(folder), 2);
	pid_t broker = find_broker();
	assert_ok(relevo_session_close(session));
	expect_end(broker);
	assert_int_equal(entries_of(folder), 2);
	test_folder_remove(folder);
	if (before != NULL)
		setenv("XDG_RUNTIME_DIR", before, 1);
	else
		unsetenv("XDG_RUNTIME_DIR");
	free(before);
}

static void no_descriptor_reaches_it(void **state)
{
	(void)state;
	int ends[2];
	char byte;
	/* On purpose without close-on-exec, low and high. */
	assert_int_equal(pipe(ends), 0);
	int high = fcntl(ends[1], F_DUPFD, 700);
	assert_true(high >= 700);
	relevo_session *session = session_open(NULL);
	pid_t broker = find_broker();
	close(ends[1]);
	close(high);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
	assert_ok(relevo_session_close(session));
	expect_end(broker);
}

static void it_starts_without_standard_descriptors(void *unused)
{
	(void)unused;
	relevo_session *session;
	relevo_queue *queue;
	relevo_item item;
	close(0);
	close(1);
	close(2);
	if (relevo_session_open(NULL, NULL, &session) != RELEVO_OK ||
	    relevo_queue_open(session, "q", NULL, &queue) != RELEVO_OK ||
	    relevo_queue_put(queue, "x", 1, 0) != RELEVO_OK ||
	    relevo_queue_get(queue, 1000, &item) != RELEVO_OK)
		_exit(EXIT_FAILURE);
	relevo_item_free(&item);
	relevo_queue_close(queue);
	_exit(relevo_session_close(session) == RELEVO_OK ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void reap_orphans(void)
{
	while (waitpid(-1, NULL, 0) > 0)
		continue;
}

static void a_program_with_closed_descriptors_can_start_it(void **state)
{
	(void)state;
	child_join(child_start(it_starts_without_standard_descriptors, NULL));
	reap_orphans();
}

static void ignore_children(void *unused)
{
	(void)unused;
	relevo_session *session;
	sigset_t all;
	signal(SIGCHLD, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	child_check(relevo_session_open(NULL, NULL, &session) == RELEVO_OK);
	child_check(relevo_session_flush(session, 1000) == RELEVO_OK);
	child_check(relevo_session_close(session) == RELEVO_OK);
}

static void a_program_that_ignores_its_children_can_start_it(void **state)
{
	(void)state;
	child_join(child_start(ignore_children, NULL));
	reap_orphans();
}

static void it_ignores_the_interrupt_key(void **state)
{
	(void)state;
	relevo_session *session = session_open(NULL);
	pid_t broker = find_broker();
	assert_int_equal(kill(broker, SIGINT), 0);
	assert_ok(relevo_session_flush(session, 2000));
	assert_ok(relevo_session_close(session));
	expect_end(broker);
}

/* Listens where the private broker did, and would take whatever is sent. */
static int take_name(const relevo_session *session)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	const char *rest = relevo_session_url(session) + strlen("abstract://");
	memcpy(name.sun_path + 1, rest, strlen(rest));
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(rest));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&name, size), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static void whoever_has_its_name_next_is_not_it(void **state)
{
	(void)state;
	char byte;
	relevo_session *session = session_open(NULL);
	relevo_queue *queue = queue_open(session, "q");
	pid_t broker = find_broker();
	child_kill(broker);
	int fd = take_name(session);
	assert_status(relevo_session_flush(session, 1000), RELEVO_DISCONNECTED);
	assert_fails(relevo_session_flush(session, 1000), RELEVO_NO_BROKER, "has ended");
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(client >= 0);
	assert_int_equal(read(client, &byte, 1), 0);
	close(client);
	close(fd);
	relevo_queue_close(queue);
	relevo_session_close(session);
}

/* Those who have the old one keep their errors; who opens gets what works. */
static void a_killed_one_is_replaced_for_new_sessions(void **state)
{
	(void)state;
	relevo_session *old = session_open(NULL);
	child_kill(find_broker());
	relevo_session *session = session_open(NULL);
	relevo_queue *queue = queue_open(session, "q");
	pid_t broker = find_broker();
	put_text(queue, "hello");
	expect_text(queue, "hello");
	assert_status(relevo_session_flush(old, 1000), RELEVO_DISCONNECTED);
	assert_status(relevo_session_flush(old, 1000), RELEVO_NO_BROKER);
	relevo_session_close(old);
	assert_ok(relevo_session_flush(session, 1000));
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
	expect_end(broker);
}

static void a_missing_program_is_named(void **state)
{
	(void)state;
	relevo_session *session;
	setenv("RELEVO_BROKER", "/nowhere/relevod", 1);
	assert_fails(relevo_session_open(NULL, NULL, &session), RELEVO_NO_BROKER,
		     "/nowhere/relevod");
	struct relevo_session_options options = { .broker = "/nowhere/else/relevod" };
	assert_fails(relevo_session_open(NULL, &options, &session), RELEVO_NO_BROKER,
		     "/nowhere/else/relevod");
	options.broker = "/bin/false";
	assert_fails(relevo_session_open(NULL, &options, &session), RELEVO_NO_BROKER, "/bin/false");
	/* It says that it runs, and does not. */
	options.broker = "/bin/true";
	assert_status(relevo_session_open(NULL, &options, &session), RELEVO_NO_BROKER);
}

static void the_option_comes_before_the_environment(void **state)
{
	(void)state;
	relevo_session *session;
	setenv("RELEVO_BROKER", "/nowhere/relevod", 1);
	struct relevo_session_options options = { .broker = RELEVOD_EXE };
	assert_ok(relevo_session_open(NULL, &options, &session));
	pid_t broker = find_broker();
	assert_ok(relevo_session_close(session));
	expect_end(broker);
}

#define private_test(function)                                                                     \
	cmocka_unit_test_setup_teardown(function, private_setup, private_teardown)

/* It has as long as the session allows, and goes if that is not enough. */
static void one_that_stands_still_is_given_up(void **state)
{
	(void)state;
	char folder[64], program[96];
	pid_t left;
	relevo_session *session;
	test_folder_make(folder);
	snprintf(program, sizeof program, "%s/relevod", folder);
	FILE *file = fopen(program, "w");
	assert_non_null(file);
	fputs("#!/bin/sh\nkill -STOP $$\n", file);
	fclose(file);
	assert_int_equal(chmod(program, 0700), 0);
	const struct relevo_session_options options = { .broker = program, .timeout = 300 };
	int64_t before = test_now();
	assert_fails(relevo_session_open(NULL, &options, &session), RELEVO_TIMED_OUT,
		     "does not start in time");
	assert_between(test_now() - before, 300, 1300);
	assert_int_equal(process_children(getpid(), &left, 1), 0);
	test_folder_remove(folder);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		private_test(nothing_has_to_run),
		private_test(nobody_has_to_want_it),
		private_test(a_program_that_closes_all_descriptors_gets_another),
		private_test(two_sessions_share_one),
		private_test(another_one_after_the_last_was_closed),
		private_test(forked_children_use_it),
		private_test(it_stays_for_a_fork),
		private_test(it_stays_for_a_spawn),
		private_test(it_ends_with_a_process_never_started),
		private_test(it_ends_with_the_last_that_uses_it),
		private_test(it_ends_when_its_program_is_killed),
		private_test(it_makes_no_file),
		private_test(no_descriptor_reaches_it),
		private_test(a_program_with_closed_descriptors_can_start_it),
		private_test(a_program_that_ignores_its_children_can_start_it),
		private_test(it_ignores_the_interrupt_key),
		private_test(whoever_has_its_name_next_is_not_it),
		private_test(a_killed_one_is_replaced_for_new_sessions),
		private_test(a_missing_program_is_named),
		private_test(one_that_stands_still_is_given_up),
		private_test(the_option_comes_before_the_environment),
	};
	return cmocka_run_group_tests_name("private_broker", tests, NULL, NULL);
}
