/* What becomes of objects and clients when a broker or a client goes. */
#include "conformance/stage.h"
#include "support/queues.h"

#include <signal.h>

/* ---- server_restart ------------------------------------------------------- */

struct waiting {
	struct stage *stage;
	relevo_queue *queue;
	struct gate ready;
};

/* It is told that the broker has gone, in time, and can go on with the next one. */
static void wait_for_item(void *argument)
{
	struct waiting *waiting = argument;
	relevo_queue *queue = stage_queue(waiting->stage, waiting->queue);
	relevo_session *session = stage_session(waiting->stage);
	relevo_item item;
	gate_open(&waiting->ready);
	child_check(relevo_queue_get(queue, &item, RELEVO_FOREVER) == RELEVO_DISCONNECTED);
	gate_open(&waiting->ready);
	/* Until the other one is there, there is none. */
	relevo_queue *again = NULL;
	int64_t start = test_now();
	while (relevo_queue_open(session, "again", NULL, &again) != RELEVO_OK) {
		child_check(test_now() - start < TEST_PATIENCE);
		hold_still(10);
	}
	child_check(relevo_queue_get(again, &item, TEST_PATIENCE) == RELEVO_OK);
	relevo_item_free(&item);
	relevo_queue_close(again);
	stage_leave(waiting->stage);
}

/* SIGINT means nothing to a broker that is started in the background, and to the
 * processes that it serves what it did before. */
static void start_in_background(struct stage *stage)
{
	struct sigaction ignored = { .sa_handler = SIG_IGN }, before;
	assert_int_equal(sigaction(SIGINT, &ignored, &before), 0);
	broker_again(&stage->broker);
	assert_int_equal(sigaction(SIGINT, &before, NULL), 0);
}

static void stop(struct stage *stage)
{
	assert_int_equal(kill(stage->broker.pid, SIGTERM), 0);
	assert_int_equal(test_wait(stage->broker.pid), 0);
}

/* Clients that come now are served. */
static void expect_service(const struct stage *stage)
{
	for (int i = 0; i < 3; i++) {
		relevo_session *session = session_open(stage->broker.url);
		relevo_queue *queue = queue_open(session, NULL);
		put_text(queue, "x");
		expect_text(queue, "x");
		relevo_queue_close(queue);
		assert_ok(relevo_close(session));
	}
}

static void expect_told(relevo_queue *old)
{
	relevo_item item;
	int64_t start = test_now();
	/* Unless it has been noticed before. */
	int status = relevo_queue_get(old, &item, RELEVO_FOREVER);
	assert_true(status == RELEVO_DISCONNECTED || status == RELEVO_GONE);
	assert_fails(relevo_queue_get(old, &item, RELEVO_FOREVER), RELEVO_GONE, "\"old\"");
	assert_between(test_now() - start, 0, 2000);
}

static void server_restart(void **state)
{
	struct stage *stage = *state;
	struct waiting waiting = { .stage = stage };
	struct sigaction before, after;
	assert_int_equal(sigaction(SIGINT, NULL, &before), 0);
	waiting.queue = queue_open(stage->session, "old");
	gate_make(&waiting.ready);
	pid_t child = child_start(wait_for_item, &waiting);
	gate_pass(&waiting.ready);
	wait_for_getters(waiting.queue, 1);

	int64_t stopped = test_now();
	stop(stage);
	start_in_background(stage);
	expect_service(stage);
	gate_pass(&waiting.ready);
	assert_between(test_now() - stopped, 0, 2000 + 1000);
	expect_told(waiting.queue);
	relevo_queue_close(waiting.queue);
	relevo_queue *again = queue_open(stage->session, "again");
	put_text(again, "x");
	child_join(child);
	relevo_queue_close(again);

	assert_int_equal(kill(stage->broker.pid, SIGINT), 0);
	expect_service(stage);
	assert_ok(relevo_flush(stage->session, TEST_PATIENCE));
	/* At once, again and again. */
	for (int i = 0; i < 3; i++) {
		stop(stage);
		start_in_background(stage);
		expect_service(stage);
	}
	/* The first call may be what finds out. */
	if (relevo_flush(stage->session, TEST_PATIENCE) != RELEVO_OK)
		assert_ok(relevo_flush(stage->session, TEST_PATIENCE));
	assert_int_equal(sigaction(SIGINT, NULL, &after), 0);
	assert_true(before.sa_handler == after.sa_handler);
	gate_close(&waiting.ready);
}

/* ---- killed_client_is_cleaned ---------------------------------------------- */

struct owner {
	struct stage *stage;
	struct gate ready;
	enum relevo_lifetime lifetime;
};

static void own_two_objects(void *argument)
{
	struct owner *owner = argument;
	relevo_session *session = stage_session(owner->stage);
	const struct relevo_queue_options queue_options = { .lifetime = owner->lifetime };
	const struct relevo_event_options event_options = { .lifetime = owner->lifetime };
	relevo_queue *queue;
	relevo_event *event;
	child_check(relevo_queue_open(session, "own", &queue_options, &queue) == RELEVO_OK);
	child_check(relevo_event_open(session, "flag", &event_options, &event) == RELEVO_OK);
	child_check(relevo_queue_put(queue, "left behind", 11, RELEVO_FOREVER) == RELEVO_OK);
	child_check(relevo_flush(session, TEST_PATIENCE) == RELEVO_OK);
	gate_open(&owner->ready);
	pause();
}

static pid_t start_owner(struct owner *owner, enum relevo_lifetime lifetime)
{
	owner->lifetime = lifetime;
	pid_t child = child_start(own_two_objects, owner);
	gate_pass(&owner->ready);
	return child;
}

/* OK or NOT_FOUND: whether there is such an object. The handle has been closed when it
 * returns. */
static int find_queue(const struct stage *stage)
{
	const struct relevo_queue_options options = { .mode = RELEVO_OPEN_EXISTING };
	relevo_queue *queue = NULL;
	int status = relevo_queue_open(stage->session, "own", &options, &queue);
	relevo_queue_close(queue);
	assert_ok(relevo_flush(stage->session, TEST_PATIENCE));
	return status;
}

static int find_event(const struct stage *stage)
{
	const struct relevo_event_options options = { .mode = RELEVO_OPEN_EXISTING };
	relevo_event *event = NULL;
	int status = relevo_event_open(stage->session, "flag", &options, &event);
	relevo_event_close(event);
	assert_ok(relevo_flush(stage->session, TEST_PATIENCE));
	return status;
}

static size_t lines_with(const struct stage *stage, const char *text)
{
	char *log = test_broker_log(&stage->broker);
	size_t count = 0;
	for (const char *at = log; (at = strstr(at, text)) != NULL; at++)
		count++;
	free(log);
	return count;
}

struct death {
	const struct stage *stage;
	size_t before; /* sessions that had ended */
};

static bool is_noticed(void *argument)
{
	const struct death *death = argument;
	return lines_with(death->stage, "event=session-gone") > death->before;
}

/* Kill it, and wait until the broker has noticed: 2 s at most. */
static void kill_owner(const struct stage *stage, pid_t child)
{
	struct death death = { stage, lines_with(stage, "event=session-gone") };
	int64_t killed = test_now();
	child_kill(child);
	assert_true(eventually(is_noticed, &death));
	assert_between(test_now() - killed, 0, 2000);
}

/* Nobody else uses them: both go, and the log tells it in one line. */
static void both_go(struct owner *owner, enum relevo_lifetime lifetime, size_t lines)
{
	struct stage *stage = owner->stage;
	pid_t child = start_owner(owner, lifetime);
	assert_ok(find_queue(stage));
	assert_ok(find_event(stage));
	kill_owner(stage, child);
	assert_status(find_queue(stage), RELEVO_NOT_FOUND);
	assert_status(find_event(stage), RELEVO_NOT_FOUND);
	assert_int_equal(lines_with(stage, "leases-returned=0 objects-ended=2"), lines);
}

/* Somebody else has the queue open: that one stays, with all that is in it. */
static void one_stays(struct owner *owner)
{
	struct stage *stage = owner->stage;
	pid_t child = start_owner(owner, RELEVO_UNTIL_UNUSED);
	relevo_queue *kept = queue_open_existing(stage->session, "own");
	kill_owner(stage, child);
	assert_status(find_event(stage), RELEVO_NOT_FOUND);
	assert_int_equal(lines_with(stage, "leases-returned=0 objects-ended=1"), 1);
	assert_ok(find_queue(stage));
	expect_text(kept, "left behind");
	put_text(kept, "works");
	expect_text(kept, "works");
	relevo_queue_close(kept);
	assert_status(find_queue(stage), RELEVO_NOT_FOUND);
}

static void killed_client_is_cleaned(void **state)
{
	struct stage *stage = *state;
	struct owner owner = { .stage = stage };
	gate_make(&owner.ready);
	both_go(&owner, RELEVO_WITH_SESSION, 1);
	both_go(&owner, RELEVO_UNTIL_UNUSED, 2);
	one_stays(&owner);
	gate_close(&owner.ready);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_CASE(server_restart),
		STAGE_CASE(killed_client_is_cleaned),
	};
	return cmocka_run_group_tests_name("conformance/life", tests, NULL, NULL);
}
