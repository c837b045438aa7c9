/* A client carries on with durable values, arrays and events when its connection is lost. */
#include "support/carry.h"

#include <poll.h>

/* A value by way of the cutter, and the same directly. */
struct both {
	relevo_value *here, *there;
};

static relevo_value *open_value(relevo_session *session)
{
	const struct relevo_value_options options = {
		.type = RELEVO_TYPE_INT64,
		.unlocked = true,
		.durable = true,
	};
	relevo_value *value;
	assert_ok(relevo_value_open(session, "cell", &options, &value));
	return value;
}

static struct both begin(struct line *line)
{
	line_open(line, (struct relevo_queue_options){ 0 });
	return (struct both){ open_value(line->session), open_value(line->direct) };
}

static void end(struct both *both)
{
	relevo_value_close(both->here);
	relevo_value_close(both->there);
}

static int64_t value_of(relevo_value *value)
{
	int64_t number;
	assert_ok(relevo_value_get(value, &number, sizeof number));
	return number;
}

static void set_value(relevo_value *value, int64_t number)
{
	assert_ok(relevo_value_set(value, &number, sizeof number));
}

static void looks_ride(void **state)
{
	struct line *line = *state;
	struct both both = begin(line);
	set_value(both.there, 7);
	cutter_cut(&line->cutter);
	assert_int_equal(value_of(both.here), 7);
	/* What was not sent on the lost connection is on the next. */
	cutter_cut(&line->cutter);
	poll(NULL, 0, 50);
	set_value(both.there, 8);
	assert_int_equal(value_of(both.here), 8);
	end(&both);
}

/* ---- waits -------------------------------------------------------------------- */

struct waiting {
	relevo_event *event;
	relevo_value *value;
	int64_t timeout;
	int status;
	char detail[512];
	pthread_t thread;
};

static void *wait_or_add(void *argument)
{
	struct waiting *waiting = argument;
	const int64_t one = 1;
	waiting->status = waiting->event != NULL
				  ? relevo_event_wait(waiting->event, waiting->timeout)
				  : relevo_value_add(waiting->value, &one, NULL, sizeof one);
	snprintf(waiting->detail, sizeof waiting->detail, "%s", relevo_error_detail());
	return NULL;
}

static void waiting_start(struct waiting *waiting)
{
	assert_int_equal(pthread_create(&waiting->thread, NULL, wait_or_add, waiting), 0);
}

static relevo_event *open_event(relevo_session *session)
{
	const struct relevo_event_options options = { .durable = true };
	relevo_event *event;
	assert_ok(relevo_event_open(session, "event", &options, &event));
	return event;
}

static void a_wait_rides_out_the_gap(void **state)
{
	struct line *line = *state;
	struct waiting waiting = { .timeout = RELEVO_FOREVER };
	line_open(line, (struct relevo_queue_options){ 0 });
	relevo_event *there = open_event(line->direct);
	waiting.event = open_event(line->session);
	waiting_start(&waiting);
	poll(NULL, 0, 100);
	go_away(line);
	assert_ok(relevo_event_set(there));
	poll(NULL, 0, 300);
	come_back(line);
	thread_join(waiting.thread, "the wait");
	assert_status(waiting.status, RELEVO_OK);
	relevo_event_close(waiting.event);
	relevo_event_close(there);
}

static void its_deadline_ends_it(void **state)
{
	struct line *line = *state;
	struct waiting waiting = { .timeout = 500 };
	line_open(line, (struct relevo_queue_options){ 0 });
	waiting.event = open_event(line->session);
	go_away(line);
	int64_t before = test_now();
	waiting_start(&waiting);
	thread_join(waiting.thread, "the wait");
	assert_between(test_now() - before, 500, 1500);
	assert_status(waiting.status, RELEVO_TIMED_OUT);
	assert_non_null(strstr(waiting.detail, "no connection in time"));
	come_back(line);
	relevo_event_close(waiting.event);
}

/* ---- changes --------------------------------------------------------------------- */

static void a_change_that_was_sent_is_in_doubt(void **state)
{
	struct line *line = *state;
	struct both both = begin(line);
	struct waiting adding = { .value = both.here };
	set_value(both.here, 1);
	atomic_store(&line->cutter.swallows, true);
	waiting_start(&adding);
	poll(NULL, 0, 300);
	lose_what_was_said(line);
	thread_join(adding.thread, "the change");
	assert_status(adding.status, RELEVO_UNANSWERED);
	assert_non_null(strstr(adding.detail, "whether the value \"cell\" was changed"));
	/* It was not, and is not now. */
	assert_int_equal(value_of(both.here), 1);
	assert_int_equal(value_of(both.there), 1);
	end(&both);
}

static void one_that_was_not_is_made_when_it_can_be(void **state)
{
	struct line *line = *state;
	struct both both = begin(line);
	struct waiting adding = { .value = both.here };
	set_value(both.here, 1);
	go_away(line);
	/* From now on the connection is known to be lost. */
	assert_status(relevo_session_flush(line->session, 0), RELEVO_DISCONNECTED);
	waiting_start(&adding);
	poll(NULL, 0, 200);
	come_back(line);
	thread_join(adding.thread, "the change");
	assert_status(adding.status, RELEVO_OK);
	assert_int_equal(value_of(both.there), 2);
	end(&both);
}

/* ---- another broker ---------------------------------------------------------------- */

static void they_are_the_same_after_a_restart(void **state)
{
	struct line *line = *state;
	struct both both = begin(line);
	set_value(both.here, 41);
	/* One that would not come back by itself. */
	relevo_queue_close(line->scene->queue);
	line->scene->queue = NULL;
	assert_ok(relevo_session_close(line->scene->session));
	broker_kill(&line->scene->broker);
	broker_again(&line->scene->broker);
	line->scene->session = session_open(line->scene->broker.url);
	assert_int_equal(value_of(both.here), 41);
	set_value(both.here, 42);
	assert_int_equal(value_of(both.there), 42);
	end(&both);
}

static void one_that_was_made_anew_is_another(void **state)
{
	struct line *line = *state;
	struct both both = begin(line);
	int64_t number;
	go_away(line);
	assert_ok(relevo_value_delete(line->direct, "cell"));
	relevo_value *new = open_value(line->direct);
	come_back(line);
	assert_fails(relevo_value_get(both.here, &number, sizeof number), RELEVO_GONE, "cell");
	relevo_value_close(new);
	end(&both);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		line_test(looks_ride),
		line_test(a_wait_rides_out_the_gap),
		line_test(its_deadline_ends_it),
		line_test(a_change_that_was_sent_is_in_doubt),
		line_test(one_that_was_not_is_made_when_it_can_be),
		line_test(they_are_the_same_after_a_restart),
		line_test(one_that_was_made_anew_is_another),
	};
	return cmocka_run_group_tests_name("carry_cells", tests, NULL, NULL);
}
