/* A session that begins with what another one has open. */
#include "fixture.h"

static struct engine_peer *heir_of(struct fixture *fixture, const struct engine_peer *parent)
{
	struct error error;
	struct engine_peer *heir = engine_peer_new(fixture->engine, fixture->first_user);
	assert_non_null(heir);
	assert_int_equal(engine_peer_inherit(heir, parent, &error), RELEVO_OK);
	return heir;
}

static const struct queue_options until_unused = { .lifetime = QUEUE_HANDLES };

static bool is_there(struct engine_peer *peer, const char *name)
{
	struct queue_opened opened;
	struct error error;
	int status = queue_open(peer, name, QUEUE_OPEN_EXISTING, &until_unused, &opened, &error);
	if (status == RELEVO_OK)
		assert_int_equal(queue_close(peer, opened.handle, &error), RELEVO_OK);
	return status == RELEVO_OK;
}

static void numbers_are_the_same(void **state)
{
	struct fixture *fixture = *state;
	struct call call = { 0 };
	struct error error;
	open_plain(fixture->a, "closed");
	uint32_t queue = open_queue(fixture->a, "q", &until_unused);
	assert_int_equal(queue_close(fixture->a, 1, &error), RELEVO_OK);
	put_now(fixture->a, queue, "x");
	struct engine_peer *heir = heir_of(fixture, fixture->a);
	assert_int_equal(queue_close(fixture->a, queue, &error), RELEVO_OK);
	expect(heir, queue, "x", &call);
	ack(heir, &call);
	/* The number that is free is so for it, too. */
	assert_int_equal(open_plain(heir, "next"), 1);
	assert_int_equal(queue_close(heir, queue, &error), RELEVO_OK);
	assert_false(is_there(fixture->b, "q"));
	gone(fixture, &heir);
}

static void what_it_has_open_ends_with_it(void **state)
{
	struct fixture *fixture = *state;
	open_queue(fixture->a, "q", &until_unused);
	struct engine_peer *heir = heir_of(fixture, fixture->a);
	struct engine_peer *second = heir_of(fixture, heir);
	gone(fixture, &fixture->a);
	assert_true(is_there(fixture->b, "q"));
	gone(fixture, &heir);
	assert_true(is_there(fixture->b, "q"));
	gone(fixture, &second);
	assert_false(is_there(fixture->b, "q"));
}

static void leases_stay_where_they_are(void **state)
{
	struct fixture *fixture = *state;
	struct call call = { 0 };
	uint32_t queue = open_plain(fixture->a, "q");
	put_now(fixture->a, queue, "x");
	expect(fixture->a, queue, "x", &call);
	struct engine_peer *heir = heir_of(fixture, fixture->a);
	gone(fixture, &heir);
	assert_int_equal(counts_of(fixture->a, queue).leased, 1);
	ack(fixture->a, &call);
}

/* What ends with a session ends with the one that made it. */
static void what_is_a_sessions_is_not_its_heirs(void **state)
{
	struct fixture *fixture = *state;
	const struct queue_options with_session = { .lifetime = QUEUE_SESSION };
	uint32_t queue = open_queue(fixture->a, "q", &with_session);
	struct engine_peer *heir = heir_of(fixture, fixture->a);
	struct queue_counts counts;
	struct error error;
	gone(fixture, &fixture->a);
	assert_int_equal(queue_count(heir, queue, &counts, &error), RELEVO_GONE);
	gone(fixture, &heir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(numbers_are_the_same),
		fixture_test(what_it_has_open_ends_with_it),
		fixture_test(leases_stay_where_they_are),
		fixture_test(what_is_a_sessions_is_not_its_heirs),
	};
	return cmocka_run_group_tests_name("inherit", tests, NULL, NULL);
}
