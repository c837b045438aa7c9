/* What the broker makes of clients that die, and clients of a broker that does. */
#include "conformance/stage.h"

#include "support/queues.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* ---- killed_client_is_cleaned ------------------------------------------------------ */

struct owner {
	const struct stage *stage;
	struct gate ready;
};

/* Has a queue that lives as long as anybody uses it, another that somebody else uses too,
 * and one of its session's. */
static void own_queues(void *argument)
{
	struct owner *owner = argument;
	const struct relevo_queue_options unused = { .lifetime = RELEVO_LIFETIME_UNTIL_UNUSED };
	const struct relevo_queue_options session = { .lifetime = RELEVO_LIFETIME_SESSION };
	relevo_session *own;
	relevo_queue *queues[3];
	child_check(relevo_session_open(owner->stage->broker.url, NULL, &own) == RELEVO_OK);
	child_check(relevo_queue_open(own, "alone", &unused, &queues[0]) == RELEVO_OK);
	child_check(relevo_queue_open(own, "shared", &unused, &queues[1]) == RELEVO_OK);
	child_check(relevo_queue_open(own, "owned", &session, &queues[2]) == RELEVO_OK);
	child_check(relevo_queue_put(queues[1], "x", 1, TEST_PATIENCE) == RELEVO_OK);
	child_check(relevo_session_flush(own, TEST_PATIENCE) == RELEVO_OK);
	gate_open(&owner->ready);
	pause();
}

static const struct stage *looked_at;

static int find(const char *name)
{
	const struct relevo_queue_options existing = { .mode = RELEVO_OPEN_EXISTING };
	relevo_queue *queue = NULL;
	int status = relevo_queue_open(looked_at->session, name, &existing, &queue);
	if (status == RELEVO_OK)
		relevo_queue_close(queue);
	return status;
}

static bool both_are_gone(void *argument)
{
	(void)argument;
	return find("alone") == RELEVO_NOT_FOUND && find("owned") == RELEVO_NOT_FOUND;
}

static int count_lines(const struct stage *stage, const char *text)
{
	char *log = test_broker_log(&stage->broker);
	int count = 0;
	for (const char *place = log; (place = strstr(place, text)) != NULL; place++)
		count++;
	free(log);
	return count;
}

static int lines_due;

static bool the_end_is_logged(void *argument)
{
	(void)argument;
	return count_lines(looked_at, "session-gone") == lines_due;
}

static void killed_client_is_cleaned(void **state)
{
	const struct stage *stage = *state;
	const struct relevo_queue_options unused = { .lifetime = RELEVO_LIFETIME_UNTIL_UNUSED };
	struct owner owner = { .stage = stage };
	relevo_queue *shared = NULL;
	looked_at = stage;
	gate_make(&owner.ready);
	pid_t child = child_start(own_queues, &owner);
	gate_pass(&owner.ready);
	assert_ok(relevo_queue_open(stage->session, "shared", &unused, &shared));
	assert_status(find("alone"), RELEVO_OK);
	assert_status(find("owned"), RELEVO_OK);
	lines_due = count_lines(stage, "session-gone") + 1;
	int64_t start = test_now();
	child_kill(child);
	assert_true(eventually(both_are_gone, NULL));
	assert_true(test_now() - start < 2000);
	assert_true(eventually(the_end_is_logged, NULL));
	/* Whoever has a handle keeps the object, and what is in it. */
	expect_text(shared, "x");
	put_text(shared, "y");
	expect_text(shared, "y");
	relevo_queue_close(shared);
	gate_close(&owner.ready);
}

/* ---- server_restart ------------------------------------------------------------------ */

/* Again at the same two addresses, at once. */
static void start_again(struct stage *stage)
{
	int ready[2];
	char number[16], byte;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(fcntl(ready[0], F_SETFD, FD_CLOEXEC), 0);
	snprintf(number, sizeof number, "%d", ready[1]);
	const char *arguments[] = { "--listen",       stage->broker.url,
				    "--listen",       stage->broker.more,
				    "--ready-fd",     number,
				    "--insecure-tcp", "--log-level",
				    "error",          NULL };
	stage->broker.pid = test_broker_spawn(arguments, STDERR_FILENO, -1);
	close(ready[1]);
	/* Both have been said at the end of the stream. */
	assert_int_equal(read(ready[0], &byte, 1), 1);
	while (read(ready[0], &byte, 1) > 0)
		continue;
	close(ready[0]);
}

static void *get_for_ever(void *argument)
{
	relevo_item item;
	return (void *)(intptr_t)relevo_queue_get(argument, RELEVO_FOREVER, &item);
}

/* With a session that may not know yet that its broker has ended: one call is told, and the
 * next finds the new one. */
static relevo_queue *reopen(relevo_session *session)
{
	relevo_queue *queue = NULL;
	int status = relevo_queue_open(session, "q", NULL, &queue);
	if (status == RELEVO_DISCONNECTED)
		status = relevo_queue_open(session, "q", NULL, &queue);
	assert_ok(status);
	return queue;
}

/* A client that has waited since before is told, and can go on; a new one is served. */
static void restart(struct stage *stage, relevo_session *old, int signal_number)
{
	relevo_queue *queue = reopen(old), *again = NULL;
	relevo_item item;
	pthread_t thread;
	void *result;
	assert_int_equal(pthread_create(&thread, NULL, get_for_ever, queue), 0);
	wait_for_getters(queue, 1);
	assert_int_equal(kill(stage->broker.pid, signal_number), 0);
	test_wait(stage->broker.pid);
	int64_t stopped = test_now();
	start_again(stage);
	pthread_join(thread, &result);
	assert_true(test_now() - stopped < 2000);
	assert_status((int)(intptr_t)result, RELEVO_DISCONNECTED);
	/* The name may come to stand for another queue: the handle never does. */
	relevo_session *session = session_open(stage->broker.url);
	assert_ok(relevo_queue_open(session, "q", NULL, &again));
	put_text(again, "new");
	assert_fails(relevo_queue_get(queue, 0, &item), RELEVO_GONE, "\"q\"");
	expect_text(again, "new");
	relevo_queue_close(again);
	assert_ok(relevo_session_close(session));
	relevo_queue_close(queue);
	queue = reopen(old);
	put_text(queue, "reconnected");
	expect_text(queue, "reconnected");
	relevo_queue_close(queue);
}

static void server_restart(void **state)
{
	struct stage *stage = *state;
	relevo_session *remote = session_open(stage->broker.more);
	for (int i = 0; i < 3; i++) {
		restart(stage, stage->session, SIGTERM);
		restart(stage, remote, SIGKILL);
	}
	assert_ok(relevo_session_close(remote));
	relevo_queue_close(reopen(stage->session));
}

/* A program's private broker is behind it: what the terminal says is not for it. */
static void server_restart_ignores_sigint(void **state)
{
	pid_t broker;
	(void)state;
	setenv("RELEVO_BROKER", RELEVOD_EXE, 1);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	size_t before = process_children(getpid(), NULL, 0);
	relevo_session *session = session_open(NULL);
	relevo_queue *queue = queue_open(session, "q");
	pid_t children[8];
	assert_int_equal(process_children(getpid(), children, 8), before + 1);
	broker = children[before];
	put_text(queue, "kept");
	assert_ok(relevo_session_flush(session, TEST_PATIENCE));
	assert_int_equal(kill(broker, SIGINT), 0);
	expect_text(queue, "kept");
	assert_true(process_runs(broker));
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
	assert_true(process_ends(broker, 2000));
	waitpid(broker, NULL, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	unsetenv("RELEVO_BROKER");
}

/* nng keeps some descriptors once it has been used. */
static int start_nng(void **state)
{
	const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	struct test_broker broker;
	(void)state;
	test_broker_start(&broker, arguments);
	assert_ok(relevo_session_close(session_open(broker.more)));
	test_broker_stop(&broker);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "killed_client_is_cleaned", killed_client_is_cleaned, stage_setup, stage_teardown,
		  NULL },
		{ "server_restart", server_restart, stage_setup_tcp, stage_teardown, NULL },
		{ "server_restart_ignores_sigint", server_restart_ignores_sigint, stage_setup,
		  stage_teardown, NULL },
	};
	return cmocka_run_group_tests_name("life", tests, start_nng, NULL);
}
