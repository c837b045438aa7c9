/* The broker is killed, restarted, ended. */
#include "support/queues.h"

#include <pthread.h>
#include <signal.h>

static struct scene the_scene;

static int gone_setup(void **state)
{
	if (leaks_setup(state) != 0)
		return -1;
	test_broker_start(&the_scene.broker, NULL);
	the_scene.session = session_open(the_scene.broker.url);
	the_scene.queue = queue_open(the_scene.session, "q");
	*state = &the_scene;
	return 0;
}

/* The test closes the session and ends the broker. */
static int gone_teardown(void **state)
{
	test_folder_remove(the_scene.broker.folder);
	return leaks_teardown(state);
}

static void end_broker(struct test_broker *broker)
{
	assert_int_equal(kill(broker->pid, SIGTERM), 0);
	assert_int_equal(test_wait(broker->pid), 0);
}

enum wait_kind { WAIT_GET, WAIT_LEASE, WAIT_PUT, WAIT_RENDEZVOUS, KINDS };

struct waiting {
	enum wait_kind kind;
	relevo_queue *queue;
	int status;
	bool told;
};

static void *wait_for_what_never_comes(void *argument)
{
	struct waiting *waiting = argument;
	relevo_item item;
	size_t got;
	switch (waiting->kind) {
	case WAIT_GET:
		waiting->status = relevo_queue_get(waiting->queue, RELEVO_FOREVER, &item);
		break;
	case WAIT_LEASE:
		waiting->status = relevo_queue_lease(waiting->queue, 60000, &item, 1, &got);
		break;
	default:
		waiting->status = relevo_queue_put(waiting->queue, "x", 1, RELEVO_FOREVER);
		break;
	}
	waiting->told = relevo_error_detail()[0] != '\0';
	return NULL;
}

static void start_waiting(struct scene *scene, struct waiting waiting[], pthread_t threads[],
			  int count)
{
	for (int i = 0; i < count; i++) {
		enum wait_kind kind = (enum wait_kind)(i % KINDS);
		int64_t capacity = kind == WAIT_PUT ? 1 : kind == WAIT_RENDEZVOUS ? -1 : 0;
		relevo_queue *queue = queue_open_bounded(scene->session, NULL, capacity);
		if (kind == WAIT_PUT)
			put_text(queue, "full");
		waiting[i] = (struct waiting){ .kind = kind, .queue = queue };
		pthread_create(&threads[i], NULL, wait_for_what_never_comes, &waiting[i]);
		if (kind == WAIT_PUT || kind == WAIT_RENDEZVOUS)
			wait_for_putters(queue, 1);
		else
			wait_for_getters(queue, 1);
	}
}

static void every_waiting_call_is_told_within_2_seconds(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 16 };
	struct waiting waiting[COUNT];
	pthread_t threads[COUNT];
	for (int in_order = 0; in_order < 2; in_order++) {
		start_waiting(scene, waiting, threads, COUNT);
		int64_t before = test_now();
		if (in_order)
			end_broker(&scene->broker);
		else
			broker_kill(&scene->broker);
		for (int i = 0; i < COUNT; i++) {
			pthread_join(threads[i], NULL);
			assert_int_equal(waiting[i].status, RELEVO_DISCONNECTED);
			assert_true(waiting[i].told);
			relevo_queue_close(waiting[i].queue);
		}
		assert_between(test_now() - before, 0, 2000);
		if (!in_order) {
			broker_again(&scene->broker);
			assert_ok(relevo_session_flush(scene->session, 2000));
		}
	}
	relevo_queue_close(scene->queue);
	assert_status(relevo_session_close(scene->session), RELEVO_DISCONNECTED);
}

static void without_a_broker_calls_fail_at_once(void **state)
{
	struct scene *scene = *state;
	relevo_item item;
	relevo_queue *queue;
	broker_kill(&scene->broker);
	int64_t before = test_now();
	assert_status(relevo_queue_get(scene->queue, RELEVO_FOREVER, &item), RELEVO_DISCONNECTED);
	for (int i = 0; i < 3; i++) {
		int status = relevo_queue_get(scene->queue, RELEVO_FOREVER, &item);
		assert_true(status == RELEVO_NO_BROKER || status == RELEVO_DISCONNECTED);
		assert_non_null(strstr(relevo_error_detail(), scene->broker.folder));
	}
	assert_int_not_equal(relevo_queue_open(scene->session, "x", NULL, &queue), RELEVO_OK);
	assert_int_not_equal(relevo_session_flush(scene->session, 5000), RELEVO_OK);
	assert_between(test_now() - before, 0, 2000);
	relevo_queue_close(scene->queue);
	assert_status(relevo_session_close(scene->session), RELEVO_DISCONNECTED);
}

static void the_next_broker_is_found_and_old_handles_are_gone(void **state)
{
	struct scene *scene = *state;
	relevo_item item;
	struct relevo_queue_state counts;
	put_text(scene->queue, "lost");
	assert_ok(relevo_session_flush(scene->session, 5000));
	broker_kill(&scene->broker);
	broker_again(&scene->broker);
	/* The first call may be what finds out. */
	int status = relevo_queue_get(scene->queue, 5000, &item);
	assert_true(status == RELEVO_DISCONNECTED || status == RELEVO_GONE);
	/* Also when there is one of that name again. */
	relevo_queue *again = queue_open(scene->session, "q");
	assert_fails(relevo_queue_get(scene->queue, 5000, &item), RELEVO_GONE, "\"q\"");
	assert_status(relevo_queue_put(scene->queue, "x", 1, 5000), RELEVO_GONE);
	assert_status(relevo_queue_inspect(scene->queue, &counts), RELEVO_GONE);
	expect_empty(again);
	put_text(again, "works");
	expect_text(again, "works");
	relevo_queue_close(again);
	relevo_queue_close(scene->queue);
	assert_ok(relevo_session_close(scene->session));
	end_broker(&scene->broker);
}

static void many_threads_find_the_next_broker(void **state)
{
	struct scene *scene = *state;
	enum { COUNT = 8 };
	for (int round = 0; round < 5; round++) {
		struct waiting waiting[COUNT];
		pthread_t threads[COUNT];
		broker_kill(&scene->broker);
		broker_again(&scene->broker);
		/* All of them with a stale handle, at the same time. */
		for (int i = 0; i < COUNT; i++) {
			waiting[i] = (struct waiting){ .kind = WAIT_GET, .queue = scene->queue };
			pthread_create(&threads[i], NULL, wait_for_what_never_comes, &waiting[i]);
		}
		for (int i = 0; i < COUNT; i++) {
			pthread_join(threads[i], NULL);
			assert_true(waiting[i].status == RELEVO_DISCONNECTED ||
				    waiting[i].status == RELEVO_GONE);
		}
		relevo_queue_close(scene->queue);
		scene->queue = queue_open(scene->session, "q");
	}
	relevo_queue_close(scene->queue);
	assert_ok(relevo_session_close(scene->session));
	end_broker(&scene->broker);
}

static void puts_that_were_not_confirmed_are_told(void **state)
{
	struct scene *scene = *state;
	assert_int_equal(kill(scene->broker.pid, SIGSTOP), 0);
	put_text(scene->queue, "never arrives");
	broker_kill(&scene->broker);
	broker_again(&scene->broker);
	assert_status(relevo_session_flush(scene->session, 5000), RELEVO_DISCONNECTED);
	assert_ok(relevo_session_flush(scene->session, 5000));
	relevo_queue_close(scene->queue);
	assert_ok(relevo_session_close(scene->session));
	end_broker(&scene->broker);
}

static void leases_of_the_old_broker_are_not_the_owners(void **state)
{
	struct scene *scene = *state;
	relevo_item item;
	size_t got;
	put_text(scene->queue, "x");
	assert_ok(relevo_queue_lease(scene->queue, 5000, &item, 1, &got));
	broker_kill(&scene->broker);
	broker_again(&scene->broker);
	assert_int_not_equal(relevo_session_flush(scene->session, 5000), -1);
	relevo_queue *again = queue_open(scene->session, "q");
	assert_status(relevo_queue_ack(again, &item, 1), RELEVO_NOT_OWNER);
	assert_string_equal(item.data, "x");
	relevo_item_free(&item);
	relevo_queue_close(again);
	relevo_queue_close(scene->queue);
	assert_ok(relevo_session_close(scene->session));
	end_broker(&scene->broker);
}

static void use_anyway(void *argument)
{
	struct scene *scene = argument;
	relevo_item item;
	int64_t before = test_now();
	child_check(relevo_queue_get(scene->queue, 5000, &item) == RELEVO_NO_BROKER);
	child_check(test_now() - before < 2000);
	relevo_queue_close(scene->queue);
	child_check(relevo_session_close(scene->session) == RELEVO_OK);
}

static void a_child_forked_after_the_end_is_told(void **state)
{
	struct scene *scene = *state;
	broker_kill(&scene->broker);
	child_join(child_start(use_anyway, scene));
	relevo_queue_close(scene->queue);
	assert_status(relevo_session_close(scene->session), RELEVO_DISCONNECTED);
}

int main(void)
{
#define gone_unit_test(function)                                                                   \
	cmocka_unit_test_setup_teardown(function, gone_setup, gone_teardown)
	const struct CMUnitTest tests[] = {
		gone_unit_test(every_waiting_call_is_told_within_2_seconds),
		gone_unit_test(without_a_broker_calls_fail_at_once),
		gone_unit_test(the_next_broker_is_found_and_old_handles_are_gone),
		gone_unit_test(many_threads_find_the_next_broker),
		gone_unit_test(puts_that_were_not_confirmed_are_told),
		gone_unit_test(leases_of_the_old_broker_are_not_the_owners),
		gone_unit_test(a_child_forked_after_the_end_is_told),
	};
	return cmocka_run_group_tests_name("broker_gone", tests, NULL, NULL);
}
