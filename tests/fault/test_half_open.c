/* Hosts that vanish: nothing comes from them any more, not even the end. */
#include "support/host.h"
#include "support/queues.h"

#include <signal.h>

/* Seconds until such a host has vanished, the least that relevod takes. */
#define TCP_TIMEOUT 4

struct guest {
	const char *url;
	struct gate ready, go_on;
};

static int half_open_setup(void **state)
{
	static char url[64];
	const struct test_host *host = test_host();
	const char *const arguments[] = { "--listen",      url, "--insecure-tcp",
					  "--tcp-timeout", "4", NULL };
	snprintf(url, sizeof url, "tcp://%s:0", host != NULL ? host->here : "127.0.0.1");
	return scene_setup_with(state, arguments);
}

static void hold_from_afar(void *argument)
{
	struct guest *guest = argument;
	relevo_session *session = NULL;
	relevo_queue *queue;
	relevo_lock *door;
	relevo_item item;
	size_t got;
	const struct relevo_queue_options options = { .mode = RELEVO_OPEN_EXISTING };
	child_check(test_host_enter());
	child_check(relevo_session_open(guest->url, NULL, &session) == RELEVO_OK);
	child_check(relevo_queue_open(session, "q", &options, &queue) == RELEVO_OK);
	child_check(relevo_lock_open(session, "door", NULL, &door) == RELEVO_OK);
	child_check(relevo_lock_acquire(door, TEST_PATIENCE, NULL) == RELEVO_OK);
	child_check(relevo_queue_lease(queue, TEST_PATIENCE, &item, 1, &got) == RELEVO_OK);
	gate_open(&guest->ready);
	pause();
}

/* What it held comes to somebody else, who waits for no less than the time of silence. */
static void a_host_that_vanishes_is_noticed(void **state)
{
	struct scene *scene = *state;
	struct guest guest = { .url = scene->broker.more };
	relevo_lock *door;
	relevo_item item;
	struct relevo_grant grant;
	size_t got;
	if (test_host() == NULL)
		skip();
	put_text(scene->queue, "held");
	assert_ok(relevo_session_flush(scene->session, TEST_PATIENCE));
	gate_make(&guest.ready);
	pid_t child = child_start(hold_from_afar, &guest);
	gate_pass(&guest.ready);
	assert_ok(relevo_lock_open(scene->session, "door", NULL, &door));
	int64_t vanished = test_now();
	test_host_unplug(true);
	assert_ok(relevo_lock_acquire(door, TEST_PATIENCE, &grant));
	/* The last thing that came from there did so before it vanished. */
	assert_between(test_now() - vanished, TCP_TIMEOUT * 1000 - 1500, TCP_TIMEOUT * 1000 + 4000);
	assert_true(grant.owner_died);
	assert_ok(relevo_queue_lease(scene->queue, TEST_PATIENCE, &item, 1, &got));
	assert_string_equal(item.data, "held");
	assert_int_equal(item.deliveries, 2);
	assert_ok(relevo_queue_ack(scene->queue, &item, 1));
	relevo_item_free(&item);
	assert_ok(relevo_lock_release(door));
	relevo_lock_close(door);
	child_kill(child);
	test_host_unplug(false);
	gate_close(&guest.ready);
}

static void stay_idle(void *argument)
{
	struct guest *guest = argument;
	relevo_session *session = NULL;
	relevo_queue *queue;
	child_check(test_host_enter());
	child_check(relevo_session_open(guest->url, NULL, &session) == RELEVO_OK);
	child_check(relevo_queue_open(session, "idle", NULL, &queue) == RELEVO_OK);
	gate_open(&guest->ready);
	gate_pass(&guest->go_on);
	/* It has not been taken for gone: the same connection, the same session. */
	child_check(relevo_queue_put(queue, "still here", 10, RELEVO_FOREVER) == RELEVO_OK);
	child_check(relevo_session_flush(session, TEST_PATIENCE) == RELEVO_OK);
	relevo_queue_close(queue);
	child_check(relevo_session_close(session) == RELEVO_OK);
}

/* A client that is silent for longer, or stopped, answers all the same: its kernel does. */
static void a_silent_client_is_none(void **state)
{
	struct scene *scene = *state;
	struct guest guest = { .url = scene->broker.more };
	relevo_item item;
	if (test_host() == NULL)
		skip();
	gate_make(&guest.ready);
	gate_make(&guest.go_on);
	pid_t child = child_start(stay_idle, &guest);
	gate_pass(&guest.ready);
	assert_int_equal(kill(child, SIGSTOP), 0);
	relevo_queue *idle = queue_open_existing(scene->session, "idle");
	assert_status(relevo_queue_get(idle, (TCP_TIMEOUT + 2) * 1000, &item), RELEVO_TIMED_OUT);
	assert_int_equal(kill(child, SIGCONT), 0);
	gate_open(&guest.go_on);
	assert_ok(relevo_queue_get(idle, TEST_PATIENCE, &item));
	relevo_item_free(&item);
	child_join(child);
	relevo_queue_close(idle);
	char *log = test_broker_log(&scene->broker);
	assert_null(strstr(log, "reason=\"disconnected\""));
	free(log);
	gate_close(&guest.ready);
	gate_close(&guest.go_on);
}

int main(void)
{
#define half_open_unit_test(function)                                                              \
	cmocka_unit_test_setup_teardown(function, half_open_setup, scene_teardown)
	const struct CMUnitTest tests[] = {
		half_open_unit_test(a_host_that_vanishes_is_noticed),
		half_open_unit_test(a_silent_client_is_none),
	};
	return cmocka_run_group_tests_name("half_open", tests, NULL, NULL);
}
