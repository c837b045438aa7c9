/* The broker of a data folder: whoever comes first starts it, the last one out ends it. */
#include "support/queues.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* What it stays for when nobody uses it, and some more, in ms. */
enum { GRACE = 1000, SOON = 3 * GRACE };

static char base[64], url[300];

static int data_setup(void **state)
{
	/* Brokers are orphans on purpose: here they become this program's. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	setenv("RELEVO_BROKER", RELEVOD_EXE, 1);
	test_folder_make(base);
	snprintf(url, sizeof url, "data://%s/data", base);
	return leaks_setup(state);
}

static int data_teardown(void **state)
{
	unsetenv("RELEVO_BROKER");
	test_folder_remove(base);
	return leaks_teardown(state);
}

#define data_unit_test(function)                                                                   \
	cmocka_unit_test_setup_teardown(function, data_setup, data_teardown)

/* The one process in the background. */
static pid_t find_broker(void)
{
	pid_t found[16];
	assert_int_equal(process_children(getpid(), found, 16), 1);
	return found[0];
}

static void expect_end(pid_t broker)
{
	assert_true(process_ends(broker, SOON));
	assert_int_equal(waitpid(broker, NULL, 0), broker);
}

static void kill_broker(pid_t broker)
{
	kill(broker, SIGKILL);
	assert_true(process_ends(broker, TEST_PATIENCE));
	assert_int_equal(waitpid(broker, NULL, 0), broker);
}

static relevo_queue *open_durable(relevo_session *session, const char *name)
{
	const struct relevo_queue_options options = { .durable = true };
	relevo_queue *queue = NULL;
	assert_ok(relevo_queue_open(session, name, &options, &queue));
	return queue;
}

static void use_at(const char *place)
{
	relevo_session *session = session_open(place);
	relevo_queue *queue = open_durable(session, "q");
	put_text(queue, "hello");
	expect_text(queue, "hello");
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
}

static void nothing_has_to_run(void **state)
{
	struct stat status;
	(void)state;
	relevo_session *session = session_open(url);
	assert_string_equal(relevo_session_url(session), url);
	assert_int_equal(stat(url + strlen("data://"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	use_at(url);
	pid_t broker = find_broker();
	assert_ok(relevo_session_close(session));
	expect_end(broker);
	use_at(url);
	expect_end(find_broker());
}

/* ---- many at once ------------------------------------------------------------ */

struct starter {
	struct gate ready, go, done, end;
};

static void starter_make(struct starter *starter)
{
	gate_make(&starter->ready);
	gate_make(&starter->go);
	gate_make(&starter->done);
	gate_make(&starter->end);
}

static void starter_close(struct starter *starter)
{
	gate_close(&starter->ready);
	gate_close(&starter->go);
	gate_close(&starter->done);
	gate_close(&starter->end);
}

static void start_and_stay(void *argument)
{
	struct starter *starter = argument;
	relevo_session *session;
	relevo_queue *queue;
	gate_open(&starter->ready);
	gate_pass(&starter->go);
	int status = relevo_session_open(url, NULL, &session);
	if (status != RELEVO_OK)
		fprintf(stderr, "%s\n", relevo_error_detail());
	child_check(status == RELEVO_OK);
	child_check(relevo_queue_open(session, "q", NULL, &queue) == RELEVO_OK);
	child_check(relevo_queue_put(queue, "here", 4, 1000) == RELEVO_OK);
	child_check(relevo_session_flush(session, TEST_PATIENCE) == RELEVO_OK);
	gate_open(&starter->done);
	gate_pass(&starter->end);
	relevo_queue_close(queue);
	child_check(relevo_session_close(session) == RELEVO_OK);
}

static void many_start_one(void **state)
{
	enum { STARTERS = 10 };
	pid_t children[STARTERS], found[STARTERS + 2];
	struct starter starter;
	(void)state;
	starter_make(&starter);
	for (int i = 0; i < STARTERS; i++)
		children[i] = child_start(start_and_stay, &starter);
	for (int i = 0; i < STARTERS; i++)
		gate_pass(&starter.ready);
	for (int i = 0; i < STARTERS; i++)
		gate_open(&starter.go);
	for (int i = 0; i < STARTERS; i++)
		gate_pass(&starter.done);
	assert_int_equal(process_children(getpid(), found, STARTERS + 2), STARTERS + 1);
	for (int i = 0; i < STARTERS; i++)
		gate_open(&starter.end);
	for (int i = 0; i < STARTERS; i++)
		child_join(children[i]);
	/* All were there together, so what they put is in one place. */
	relevo_session *session = session_open(url);
	relevo_queue *queue = queue_open(session, "q");
	for (int i = 0; i < STARTERS; i++)
		expect_text(queue, "here");
	expect_empty(queue);
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
	expect_end(find_broker());
	starter_close(&starter);
}

/* Around the moment at which it ends. */
static void one_that_is_ending_is_not_in_the_way(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		use_at(url);
		pid_t broker = find_broker();
		if (process_ends(broker, GRACE - 15 + 6 * i))
			waitpid(broker, NULL, 0);
		use_at(url);
		/* That one, or its successor. */
		pid_t found[2];
		size_t count = process_children(getpid(), found, 2);
		for (size_t j = 0; j < count; j++) {
			if (j + 1 < count || found[j] != broker)
				expect_end(found[j]);
		}
		if (count == 1 && found[0] == broker)
			expect_end(broker);
	}
}

/* ---- crashes ------------------------------------------------------------------- */

static void the_next_call_starts_another(void **state)
{
	(void)state;
	relevo_session *session = session_open(url);
	relevo_queue *queue = open_durable(session, "q"), *again;
	kill_broker(find_broker());
	/* The first one may still find out that the broker is gone. */
	int status = relevo_queue_open(session, "again", NULL, &again);
	if (status == RELEVO_DISCONNECTED)
		status = relevo_queue_open(session, "again", NULL, &again);
	assert_ok(status);
	put_text(again, "hello");
	expect_text(again, "hello");
	relevo_queue_close(again);
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
	expect_end(find_broker());
}

static void what_all_of_them_left_is_no_hindrance(void **state)
{
	char path[128];
	pid_t found[4];
	(void)state;
	struct starter starter;
	starter_make(&starter);
	pid_t child = child_start(start_and_stay, &starter);
	gate_open(&starter.go);
	gate_pass(&starter.done);
	assert_int_equal(process_children(getpid(), found, 4), 2);
	pid_t broker = found[0] == child ? found[1] : found[0];
	child_kill(child);
	kill_broker(broker);
	snprintf(path, sizeof path, "%s/data/broker.sock", base);
	assert_int_equal(access(path, F_OK), 0);
	use_at(url);
	expect_end(find_broker());
	assert_int_not_equal(access(path, F_OK), 0);
	starter_close(&starter);
}

static void it_ends_when_all_are_killed(void **state)
{
	pid_t found[4];
	struct starter starter;
	(void)state;
	starter_make(&starter);
	pid_t child = child_start(start_and_stay, &starter);
	gate_open(&starter.go);
	gate_pass(&starter.done);
	assert_int_equal(process_children(getpid(), found, 4), 2);
	child_kill(child);
	expect_end(found[0] == child ? found[1] : found[0]);
	starter_close(&starter);
}

/* ---- who counts ------------------------------------------------------------------ */

struct inherited {
	relevo_session *session;
	struct gate go;
};

static void use_later(void *argument)
{
	struct inherited *inherited = argument;
	relevo_queue *queue;
	relevo_item item;
	gate_pass(&inherited->go);
	const struct relevo_queue_options existing = { .mode = RELEVO_OPEN_EXISTING };
	child_check(relevo_queue_open(inherited->session, "q", &existing, &queue) == RELEVO_OK);
	child_check(relevo_queue_get(queue, 0, &item) == RELEVO_OK);
	relevo_item_free(&item);
	relevo_queue_close(queue);
	child_check(relevo_session_close(inherited->session) == RELEVO_OK);
}

/* It has no connection yet, and what is there lies in memory. */
static void it_stays_for_a_child_that_has_not_spoken(void **state)
{
	struct inherited inherited;
	(void)state;
	gate_make(&inherited.go);
	inherited.session = session_open(url);
	relevo_queue *queue = queue_open(inherited.session, "q");
	put_text(queue, "for the child");
	relevo_queue_close(queue);
	pid_t broker = find_broker();
	pid_t child = child_start(use_later, &inherited);
	assert_ok(relevo_session_close(inherited.session));
	assert_false(process_ends(broker, 2 * GRACE));
	gate_open(&inherited.go);
	child_join(child);
	expect_end(broker);
	gate_close(&inherited.go);
}

static void one_that_was_started_by_hand_serves_too(void **state)
{
	struct test_broker broker;
	char data[80];
	(void)state;
	snprintf(data, sizeof data, "%s/data", base);
	test_broker_start(&broker, (const char *const[]){ "--data", data, NULL });
	relevo_session *session = session_open(url), *other = session_open(broker.url);
	relevo_queue *here = open_durable(session, "q"), *there = open_durable(other, "q");
	put_text(here, "hello");
	expect_text(there, "hello");
	relevo_queue_close(here);
	relevo_queue_close(there);
	assert_int_equal(find_broker(), broker.pid);
	assert_ok(relevo_session_close(session));
	assert_ok(relevo_session_close(other));
	/* Whoever started it ends it. */
	assert_false(process_ends(broker.pid, 2 * GRACE));
	test_broker_stop(&broker);
}

static void two_folders_have_two(void **state)
{
	char second[300];
	pid_t found[4];
	(void)state;
	snprintf(second, sizeof second, "data://%s/second/", base);
	relevo_session *here = session_open(url), *there = session_open(second);
	relevo_queue *one = open_durable(here, "q"), *other = open_durable(there, "q");
	put_text(one, "here");
	put_text(other, "there");
	expect_text(one, "here");
	expect_text(other, "there");
	relevo_queue_close(one);
	relevo_queue_close(other);
	assert_int_equal(process_children(getpid(), found, 4), 2);
	assert_ok(relevo_session_close(here));
	assert_ok(relevo_session_close(there));
	expect_end(found[0]);
	expect_end(found[1]);
}

/* ---- places and circumstances ------------------------------------------------------ */

static void a_path_may_be_long(void **state)
{
	(void)state;
	size_t length = strlen(url);
	/* As long as a URL can be. */
	for (int i = 0; length < sizeof url - 1; i++)
		url[length++] = i % 100 == 0 ? '/' : 'x';
	url[length] = '\0';
	for (char *slash = url + strlen("data://") + 1; (slash = strchr(slash, '/')) != NULL;
	     slash++) {
		*slash = '\0';
		mkdir(url + strlen("data://"), 0700);
		*slash = '/';
	}
	use_at(url);
	expect_end(find_broker());
	use_at(url);
	expect_end(find_broker());
}

static void use_without_much(void *argument)
{
	char here[128];
	(void)argument;
	snprintf(here, sizeof here, "%s/gone", base);
	child_check(mkdir(here, 0700) == 0 && chdir(here) == 0 && rmdir(here) == 0);
	clearenv();
	setenv("RELEVO_BROKER", RELEVOD_EXE, 1);
	umask(0777);
	int errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close(fd);
	relevo_session *session;
	relevo_queue *queue;
	bool opened = relevo_session_open(url, NULL, &session) == RELEVO_OK &&
		      relevo_queue_open(session, "q", NULL, &queue) == RELEVO_OK;
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		opened = opened && fcntl(fd, F_GETFD) == -1;
	dup2(errors, STDERR_FILENO);
	if (!opened)
		fprintf(stderr, "%s\n", relevo_error_detail());
	child_check(opened);
	relevo_queue_close(queue);
	child_check(relevo_session_close(session) == RELEVO_OK);
}

static void it_needs_little(void **state)
{
	(void)state;
	child_join(child_start(use_without_much, NULL));
	expect_end(find_broker());
}

static void refused(const char *place, int status, const char *text)
{
	relevo_session *session;
	assert_fails(relevo_session_open(place, NULL, &session), status, text);
	assert_int_equal(process_children(getpid(), (pid_t[1]){ 0 }, 1), 0);
}

static void what_cannot_be_is_named(void **state)
{
	char place[300], path[128];
	(void)state;
	refused("data://data", RELEVO_BAD_ADDRESS, "needs the absolute path of a folder");
	refused("data:///proc/none", RELEVO_NOT_FOUND, "the data folder /proc/none cannot be made");
	snprintf(path, sizeof path, "%s/none/data", base);
	snprintf(place, sizeof place, "data://%s", path);
	refused(place, RELEVO_NOT_FOUND, path);
	snprintf(path, sizeof path, "%s/data", base);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	refused(url, RELEVO_DENIED, "Not a directory");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, 0777), 0);
	refused(url, RELEVO_DENIED, "others may write in the data folder");
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 4711, (gid_t)-1), 0);
		refused(url, RELEVO_DENIED, "belongs to uid 4711");
	}
}

static void one_that_stands_still_is_not_waited_for(void **state)
{
	const struct relevo_session_options options = { .timeout = 500 };
	relevo_session *session = session_open(url), *other;
	(void)state;
	pid_t broker = find_broker();
	process_stop(broker);
	int64_t before = test_now();
	assert_status(relevo_session_open(url, &options, &other), RELEVO_TIMED_OUT);
	assert_between(test_now() - before, 450, 1500);
	process_go_on(broker);
	assert_ok(relevo_session_close(session));
	expect_end(broker);
}

static void another_program_can_be_named(void **state)
{
	const struct relevo_session_options options = { .broker = "/nowhere/relevod" };
	relevo_session *session;
	(void)state;
	assert_fails(relevo_session_open(url, &options, &session), RELEVO_NO_BROKER,
		     "/nowhere/relevod, a private one, cannot be started");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		data_unit_test(nothing_has_to_run),
		data_unit_test(many_start_one),
		data_unit_test(one_that_is_ending_is_not_in_the_way),
		data_unit_test(the_next_call_starts_another),
		data_unit_test(what_all_of_them_left_is_no_hindrance),
		data_unit_test(it_ends_when_all_are_killed),
		data_unit_test(it_stays_for_a_child_that_has_not_spoken),
		data_unit_test(one_that_was_started_by_hand_serves_too),
		data_unit_test(two_folders_have_two),
		data_unit_test(a_path_may_be_long),
		data_unit_test(it_needs_little),
		data_unit_test(what_cannot_be_is_named),
		data_unit_test(one_that_stands_still_is_not_waited_for),
		data_unit_test(another_program_can_be_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
