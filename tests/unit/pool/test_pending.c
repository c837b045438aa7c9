/* What was put before a process is started comes before what that puts. */
#include "session/flusher.h"
#include "session/outbox.h"
#include "session/session.h"

#include "support/broker.h"
#include "support/leaks.h"
#include "support/process.h"

#include <relevo/process.h>
#include <relevo/queue.h>
#include <string.h>

static int nothing(relevo_tuple *arguments)
{
	(void)arguments;
	return EXIT_SUCCESS;
}

static void start_and_join(enum relevo_start_method method)
{
	const struct relevo_process_options options = { .method = method };
	relevo_process *process = NULL;
	int code = -1;
	assert_ok(relevo_process_new(nothing, &options, &process));
	assert_ok(relevo_process_start(process));
	assert_ok(relevo_process_join(process, TEST_PATIENCE));
	assert_ok(relevo_process_exit_code(process, &code));
	assert_int_equal(code, EXIT_SUCCESS);
	relevo_process_free(process);
}

/* The descriptors that stay open from the first process on. */
static int start_server(void **state)
{
	(void)state;
	start_and_join(RELEVO_START_FORKSERVER);
	return 0;
}

static bool is_pending(struct relevo_session *session)
{
	pthread_mutex_lock(&session->lock);
	bool pending = outbox_pending(&session->connection);
	pthread_mutex_unlock(&session->lock);
	return pending;
}

/* As if the session had its thread, and that did not get to run: what is left pending
 * stays so until somebody sends it. */
static void replace_thread(struct relevo_session *session)
{
	flusher_stop(session);
	pthread_mutex_lock(&session->lock);
	session->flusher.running = true;
	session->flusher.stop = false;
	pthread_mutex_unlock(&session->lock);
}

static void is_sent_before(enum relevo_start_method method)
{
	struct test_broker broker;
	relevo_session *session = NULL;
	relevo_queue *queue = NULL;
	test_broker_start(&broker, NULL);
	assert_ok(relevo_session_open(broker.url, NULL, &session));
	assert_ok(relevo_queue_open(session, "q", NULL, &queue));
	replace_thread(session);
	for (int i = 0; i < 10; i++)
		assert_ok(relevo_queue_put(queue, "x", 1, RELEVO_FOREVER));
	assert_true(is_pending(session));
	start_and_join(method);
	assert_false(is_pending(session));
	session->flusher.running = false;
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
	test_broker_stop(&broker);
}

static void sent_before_forkserver(void **state)
{
	(void)state;
	is_sent_before(RELEVO_START_FORKSERVER);
}

static void sent_before_spawn(void **state)
{
	(void)state;
	is_sent_before(RELEVO_START_SPAWN);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		leaks_unit_test(sent_before_forkserver),
		leaks_unit_test(sent_before_spawn),
	};
	return cmocka_run_group_tests_name("pending", tests, start_server, NULL);
}
