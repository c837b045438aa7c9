/* Events between processes. */
#include "conformance/role.h"

enum { WAITERS = 10 };

struct flag {
	const struct stage *stage;
	relevo_event *event;
	unsigned waiters; /* to wait for */
};

static const struct props flag_props = {
	sizeof(struct flag),
	{
		PROP(STAGE, struct flag, stage),
		PROP(EVENT, struct flag, event),
	},
};

static relevo_event *open_event(const struct stage *stage)
{
	relevo_event *event;
	assert_ok(relevo_event_open(stage->session, "flag", NULL, &event));
	return event;
}

static bool is_set(relevo_event *event)
{
	bool set;
	assert_ok(relevo_event_is_set(event, &set));
	return set;
}

static bool so_many_wait(void *argument)
{
	const struct flag *flag = argument;
	char text[512], expected[32];
	child_check(relevo_event_describe(flag->event, text, sizeof text) == RELEVO_OK);
	snprintf(expected, sizeof expected, ", %u waiting", flag->waiters);
	return strstr(text, expected) != NULL;
}

static void set_when_somebody_waits(void *argument)
{
	struct flag *flag = argument;
	child_check(eventually(so_many_wait, flag));
	child_check(relevo_event_set(flag->event) == RELEVO_OK);
}

static void wait_for_it(void *argument)
{
	const struct flag *flag = argument;
	relevo_event *event = flag->event;
	child_check(relevo_event_wait(event, RELEVO_FOREVER) == RELEVO_OK);
}

static void check_unset(relevo_event *event, int64_t msec)
{
	assert_false(is_set(event));
	int64_t start = test_now();
	assert_status(relevo_event_wait(event, 0), RELEVO_TIMED_OUT);
	assert_took(start, 0);
	start = test_now();
	assert_status(relevo_event_wait(event, msec), RELEVO_TIMED_OUT);
	assert_took(start, msec);
}

static void check_set(relevo_event *event)
{
	assert_true(is_set(event));
	assert_ok(relevo_event_wait(event, 0));
	assert_ok(relevo_event_wait(event, RELEVO_FOREVER));
	assert_true(is_set(event));
}

static void event_set_clear(void **state)
{
	const struct stage *stage = *state;
	struct flag flag = { stage, open_event(stage), 1 };
	check_unset(flag.event, 200);
	assert_ok(relevo_event_set(flag.event));
	assert_ok(relevo_event_set(flag.event));
	check_set(flag.event);
	assert_ok(relevo_event_clear(flag.event));
	check_unset(flag.event, 300);
	relevo_process *child = role_start(set_when_somebody_waits, &flag_props, &flag);
	assert_ok(relevo_event_wait(flag.event, TEST_PATIENCE));
	role_join(child);
	check_set(flag.event);
	relevo_event_close(flag.event);
}

static void event_set_releases_all(void **state)
{
	const struct stage *stage = *state;
	struct flag flag = { stage, open_event(stage), WAITERS };
	relevo_process *children[WAITERS];
	for (int i = 0; i < WAITERS; i++)
		children[i] = role_start(wait_for_it, &flag_props, &flag);
	assert_true(eventually(so_many_wait, &flag));
	/* Set and clear at once: who waited goes on all the same. */
	assert_ok(relevo_event_set(flag.event));
	assert_ok(relevo_event_clear(flag.event));
	for (int i = 0; i < WAITERS; i++)
		role_join(children[i]);
	flag.waiters = 0;
	assert_true(so_many_wait(&flag));
	relevo_event_close(flag.event);
}

static void event_describe(void **state)
{
	const struct stage *stage = *state;
	relevo_event *event = open_event(stage);
	char text[512], expected[512];
	snprintf(expected, sizeof expected, "event \"flag\" at %s: not set, 0 waiting",
		 stage->broker.url);
	assert_ok(relevo_event_describe(event, text, sizeof text));
	assert_string_equal(text, expected);
	assert_ok(relevo_event_set(event));
	assert_ok(relevo_event_describe(event, text, sizeof text));
	assert_non_null(strstr(text, ": set, 0 waiting"));
	assert_status(relevo_event_describe(event, text, 10), RELEVO_TOO_SHORT);
	assert_string_equal(text, "event \"fl");
	relevo_event_close(event);
}

static void event_open_rules(void **state)
{
	const struct stage *stage = *state;
	struct relevo_event_options options = { .mode = RELEVO_OPEN_EXISTING };
	relevo_event *event, *other;
	assert_fails(relevo_event_open(stage->session, "flag", &options, &event), RELEVO_NOT_FOUND,
		     "there is no event \"flag\"");
	options = (struct relevo_event_options){ .mode = RELEVO_OPEN_NEW, .set = true };
	assert_ok(relevo_event_open(stage->session, "flag", &options, &event));
	assert_true(is_set(event));
	assert_status(relevo_event_open(stage->session, "flag", &options, &other), RELEVO_EXISTS);
	relevo_barrier *barrier;
	const struct relevo_barrier_options three = { .parties = 3 };
	assert_fails(relevo_barrier_open(stage->session, "flag", &three, &barrier),
		     RELEVO_OPTION_MISMATCH, "\"flag\" is of the kind event, not barrier");
	assert_status(relevo_event_wait(event, -2), RELEVO_BAD_ARGUMENT);
	assert_status(relevo_value_delete(stage->session, "flag"), RELEVO_OPTION_MISMATCH);
	assert_ok(relevo_event_delete(stage->session, "flag"));
	assert_fails(relevo_event_wait(event, 0), RELEVO_GONE, "the event \"flag\" was deleted");
	relevo_event_close(event);
	assert_ok(relevo_event_open(stage->session, NULL, NULL, &event));
	assert_ok(relevo_event_open(stage->session, NULL, NULL, &other));
	assert_string_not_equal(relevo_event_name(event), relevo_event_name(other));
	assert_ok(relevo_event_set(event));
	assert_false(is_set(other));
	relevo_event_close(event);
	relevo_event_close(other);
}

/* The broker does nothing for somebody who waits. */
static void event_wait_is_idle(void **state)
{
	const struct stage *stage = *state;
	relevo_event *event = open_event(stage);
	const char *line = "voluntary_ctxt_switches";
	long before = test_broker_status(&stage->broker, line);
	assert_status(relevo_event_wait(event, 500), RELEVO_TIMED_OUT);
	assert_true(test_broker_status(&stage->broker, line) - before < 10);
	relevo_event_close(event);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		ROLE_CASE(event_set_clear),     ROLE_CASE(event_set_releases_all),
		STAGE_CASE(event_describe),     STAGE_CASE(event_open_rules),
		STAGE_CASE(event_wait_is_idle),
	};
	return cmocka_run_group_tests_name("event", tests, cast_prepare, NULL);
}
