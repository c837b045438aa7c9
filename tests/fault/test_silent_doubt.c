/* A broker that says nothing: what may be done by now, what is not, and whoever connects. */
#include "support/queues.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

/* In ms: of calls that have a time-out, and of those that have the session's. */
enum { TIME = 200, SESSION_TIME = 400 };

/* In ms: what the library gives the broker beyond a call's time, and a busy machine needs. */
enum { SLACK = 1000 };

static relevo_session *session;
static relevo_queue *queue, *bounded;
static relevo_event *event;

static int doubt_setup(void **state)
{
	const struct relevo_session_options options = { .timeout = SESSION_TIME };
	if (scene_setup(state) != 0)
		return -1;
	const struct scene *scene = *state;
	assert_ok(relevo_session_open(scene->broker.url, &options, &session));
	queue = queue_open(session, "queue");
	bounded = queue_open_bounded(session, "bounded", 100);
	assert_ok(relevo_event_open(session, "event", NULL, &event));
	return 0;
}

/* A test that failed may have left the broker stopped. */
static int doubt_teardown(void **state)
{
	const struct scene *scene = *state;
	kill(scene->broker.pid, SIGCONT);
	relevo_queue_close(queue);
	relevo_queue_close(bounded);
	relevo_event_close(event);
	relevo_session_close(session);
	return scene_teardown(state);
}

#define doubt_unit_test(function)                                                                  \
	cmocka_unit_test_setup_teardown(function, doubt_setup, doubt_teardown)

static int put(relevo_queue *into)
{
	return relevo_queue_put(into, "x", 1, TIME);
}

/* ---- a broker that stands still ---------------------------------------------------- */

/* Unanswered is not undone: whoever tries again puts it twice. */
static void what_is_unanswered_may_be_done(void **state)
{
	struct scene *scene = *state;
	process_stop(scene->broker.pid);
	assert_fails(put(bounded), RELEVO_UNANSWERED, "not known");
	process_go_on(scene->broker.pid);
	assert_int_equal(counts_of(bounded).ready, 1);
	assert_ok(put(bounded));
	assert_int_equal(counts_of(bounded).ready, 2);
}

/* What has not left this process is taken back, and never done. */
static void what_was_not_sent_is_taken_back(void **state)
{
	/* What waits to be sent is bounded: a few of these fill it. */
	enum { SIZE = 1024 * 1024 };
	struct scene *scene = *state;
	uint8_t *bytes = calloc(1, SIZE);
	int status = RELEVO_OK, accepted = 0;
	assert_non_null(bytes);
	process_stop(scene->broker.pid);
	for (; status == RELEVO_OK && accepted < 1000; accepted += status == RELEVO_OK)
		status = relevo_queue_put(queue, bytes, SIZE, 100);
	assert_status(status, RELEVO_TIMED_OUT);
	assert_status(put(bounded), RELEVO_TIMED_OUT);
	assert_status(relevo_event_set(event), RELEVO_TIMED_OUT);
	process_go_on(scene->broker.pid);
	assert_int_equal(counts_of(queue).ready, accepted);
	assert_int_equal(counts_of(bounded).ready, 0);
	bool it_is;
	assert_ok(relevo_event_is_set(event, &it_is));
	assert_false(it_is);
	assert_ok(put(bounded));
	free(bytes);
}

/* ---- an address that takes nobody in ----------------------------------------------- */

static int crowd[3];

/* A socket there that nobody accepts from, with as many in its line as it has room for. */
static int be_full(const char *url)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	const struct sockaddr *address = (const struct sockaddr *)&name;
	snprintf(name.sun_path, sizeof name.sun_path, "%s", url + strlen("ipc://"));
	unlink(name.sun_path);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, address, sizeof name), 0);
	assert_int_equal(listen(listener, 0), 0);
	for (size_t i = 0; i < sizeof crowd / sizeof crowd[0]; i++) {
		crowd[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(crowd[i], address, sizeof name);
	}
	return listener;
}

struct patient {
	struct scene *scene;
	struct gate gate;
};

static void *get_patiently(void *argument)
{
	relevo_item item;
	struct patient *patient = argument;
	gate_open(&patient->gate);
	relevo_queue_get(patient->scene->queue, 20 * TIME, &item);
	return NULL;
}

/* Who has little time does not wait for one who has more, and connects. */
static void who_connects_holds_up_nobody(void **state)
{
	struct scene *scene = *state;
	struct patient patient = { .scene = scene };
	struct relevo_queue_state counts;
	relevo_item item;
	pthread_t thread;
	broker_kill(&scene->broker);
	int listener = be_full(scene->broker.url);
	gate_make(&patient.gate);
	/* This one finds out that the connection is lost. */
	assert_status(relevo_queue_inspect(scene->queue, &counts), RELEVO_DISCONNECTED);
	assert_int_equal(pthread_create(&thread, NULL, get_patiently, &patient), 0);
	gate_pass(&patient.gate);
	for (int i = 0; i < 2; i++) {
		int64_t before = test_now();
		assert_status(relevo_queue_get(scene->queue, TIME, &item), RELEVO_TIMED_OUT);
		assert_between(test_now() - before, TIME, TIME + SLACK);
	}
	thread_join(thread, "who has more time does not give up");
	gate_close(&patient.gate);
	close(listener);
	for (size_t i = 0; i < sizeof crowd / sizeof crowd[0]; i++)
		close(crowd[i]);
	unlink(scene->broker.url + strlen("ipc://"));
	broker_again(&scene->broker);
	relevo_queue_close(scene->queue);
	assert_fails(relevo_session_close(scene->session), RELEVO_DISCONNECTED,
		     "closed the connection");
	scene->session = session_open(scene->broker.url);
	scene->queue = queue_open(scene->session, "q");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		doubt_unit_test(what_is_unanswered_may_be_done),
		doubt_unit_test(what_was_not_sent_is_taken_back),
		doubt_unit_test(who_connects_holds_up_nobody),
	};
	return cmocka_run_group_tests_name("silent doubt", tests, NULL, NULL);
}
