/* Pipes with a name: who meets whom, and what becomes of it. */
#include "core/peer.h"
#include "engine/pipe.h"

#include "fixture.h"

#include <stdlib.h>
#include <string.h>

/* A source whose ends are counted. */
static int alive;
static int next_failure;

static int make(struct account *account, void *ends[2], struct error *error)
{
	(void)account;
	if (next_failure != RELEVO_OK)
		return error_set(error, next_failure, "no pipes today");
	ends[0] = malloc(1);
	ends[1] = malloc(1);
	alive += 2;
	return RELEVO_OK;
}

static void release(void *end)
{
	free(end);
	alive--;
}

static const struct pipe_source source = { make, release };

static int setup(void **state)
{
	const struct engine_config config = {
		.seed = 42,
		.peer_waiters = 3,
		.peer_leases = 10,
		.peer_handles = 4,
		.pipes = &source,
	};
	*state = fixture_open(&config);
	alive = next_failure = 0;
	return 0;
}

static int teardown(void **state)
{
	fixture_close(*state);
	return alive == 0 ? 0 : -1;
}

/* One that comes to a pipe. */
struct comer {
	struct waiter waiter;
	int answers, status;
	struct pipe_meeting meeting;
	char text[ERROR_TEXT_SIZE];
};

static void on_answer(struct waiter *waiter, const struct answer *answer)
{
	struct comer *comer = container_of(waiter, struct comer, waiter);
	comer->answers++;
	comer->status = answer->status;
	if (answer->status == RELEVO_OK)
		comer->meeting = *answer->meeting;
	strncpy(comer->text, answer->text, sizeof comer->text - 1);
}

static void come(struct engine_peer *peer, const struct pipe_request *request, struct comer *comer)
{
	*comer = (struct comer){ .waiter.answer = on_answer };
	pipe_meet(peer, request, peer->engine->now, &comer->waiter);
}

static void assert_met(const struct comer *comer, int status)
{
	assert_int_equal(comer->answers, 1);
	assert_string_equal(relevo_error_name(comer->status), relevo_error_name(status));
}

#define BOTH                                                                                       \
	{                                                                                          \
		"p", PIPE_BOTH_WAYS, true, NSEC_NEVER                                              \
	}
#define REMOTE                                                                                     \
	{                                                                                          \
		"p", PIPE_BOTH_WAYS, false, NSEC_NEVER                                             \
	}

static void two_local_ones_get_an_end_each(void **state)
{
	struct fixture *fixture = *state;
	const struct pipe_request request = BOTH;
	struct comer first, second, third;
	come(fixture->a, &request, &first);
	assert_int_equal(first.answers, 0);
	come(fixture->c, &request, &second);
	assert_met(&first, RELEVO_OK);
	assert_met(&second, RELEVO_OK);
	assert_non_null(first.meeting.end);
	assert_non_null(second.meeting.end);
	assert_ptr_not_equal(first.meeting.end, second.meeting.end);
	assert_int_equal(first.meeting.out | first.meeting.in, 0);
	/* Those were theirs while they were answered. */
	assert_int_equal(alive, 0);
	/* The name is free. */
	come(fixture->b, &request, &third);
	assert_int_equal(third.answers, 0);
	gone(fixture, &fixture->b);
}

static void directions_have_to_fit(void **state)
{
	struct fixture *fixture = *state;
	struct pipe_request request = { "p", PIPE_SENDS, true, NSEC_NEVER };
	struct comer first, other;
	come(fixture->a, &request, &first);
	come(fixture->b, &request, &other);
	assert_met(&other, RELEVO_OPTION_MISMATCH);
	assert_text(other.text, "waits an end that sends");
	request.direction = PIPE_BOTH_WAYS;
	come(fixture->b, &request, &other);
	assert_met(&other, RELEVO_OPTION_MISMATCH);
	request.direction = (enum pipe_direction)3;
	come(fixture->b, &request, &other);
	assert_met(&other, RELEVO_BAD_ARGUMENT);
	request.name = "";
	come(fixture->b, &request, &other);
	assert_met(&other, RELEVO_BAD_NAME);
	assert_int_equal(first.answers, 0);
	request = (struct pipe_request){ "p", PIPE_RECEIVES, true, 0 };
	come(fixture->b, &request, &other);
	assert_met(&other, RELEVO_OK);
	assert_met(&first, RELEVO_OK);
}

static void waiting_ends(void **state)
{
	struct fixture *fixture = *state;
	struct pipe_request request = { "p", PIPE_BOTH_WAYS, true, 0 };
	struct comer first, second;
	come(fixture->a, &request, &first);
	assert_met(&first, RELEVO_TIMED_OUT);
	request.deadline = SECONDS(5);
	come(fixture->a, &request, &first);
	tick_to(fixture, 4);
	assert_int_equal(first.answers, 0);
	tick_to(fixture, 5);
	assert_met(&first, RELEVO_TIMED_OUT);
	assert_text(first.text, "nobody came to the other end of the pipe \"p\" in time");
	request.deadline = NSEC_NEVER;
	come(fixture->a, &request, &first);
	waiter_cancel(&first.waiter);
	assert_met(&first, RELEVO_CANCELLED);
	/* Who has gone is not met. */
	come(fixture->a, &request, &first);
	gone(fixture, &fixture->a);
	assert_int_equal(first.answers, 0);
	come(fixture->b, &request, &second);
	assert_int_equal(second.answers, 0);
	gone(fixture, &fixture->b);
}

static void a_relay_has_a_queue_each_way(void **state)
{
	struct fixture *fixture = *state;
	const struct pipe_request local = BOTH, remote = REMOTE;
	struct comer first, second;
	struct call call = { 0 };
	come(fixture->a, &local, &first);
	come(fixture->c, &remote, &second);
	assert_met(&first, RELEVO_OK);
	assert_met(&second, RELEVO_OK);
	assert_true(first.meeting.end == NULL && second.meeting.end == NULL);
	put_now(fixture->a, first.meeting.out, "there");
	expect(fixture->c, second.meeting.in, "there", &call);
	put_now(fixture->c, second.meeting.out, "and back");
	expect(fixture->a, first.meeting.in, "and back", &call);
}

static void its_end_comes_after_the_last_item(void **state)
{
	struct fixture *fixture = *state;
	const struct pipe_request remote = REMOTE;
	struct comer first, second;
	struct call call = { 0 }, waiting = { 0 };
	come(fixture->a, &remote, &first);
	come(fixture->c, &remote, &second);
	put_now(fixture->c, second.meeting.out, "first last");
	gone(fixture, &fixture->c);
	expect(fixture->a, first.meeting.in, "first last", &call);
	ack(fixture->a, &call);
	get(fixture->a, first.meeting.in, 1, NSEC_NEVER, &waiting);
	assert_answer(&waiting, RELEVO_SHUT_DOWN);
	put(fixture->a, first.meeting.out, "x", NSEC_NEVER, &call);
	assert_answer(&call, RELEVO_SHUT_DOWN);
}

static void who_waits_in_it_is_told(void **state)
{
	struct fixture *fixture = *state;
	const struct pipe_request sends = { "p", PIPE_SENDS, false, NSEC_NEVER };
	const struct pipe_request receives = { "p", PIPE_RECEIVES, true, NSEC_NEVER };
	struct comer first, second;
	struct call getting = { 0 };
	come(fixture->a, &sends, &first);
	come(fixture->c, &receives, &second);
	assert_true(first.meeting.in == 0 && first.meeting.out != 0);
	assert_true(second.meeting.in != 0 && second.meeting.out == 0);
	get(fixture->c, second.meeting.in, 1, NSEC_NEVER, &getting);
	assert_waits(&getting);
	gone(fixture, &fixture->a);
	assert_answer(&getting, RELEVO_SHUT_DOWN);
}

static void what_it_needs_may_be_lacking(void **state)
{
	struct fixture *fixture = *state;
	const struct pipe_request local = BOTH, remote = REMOTE;
	struct comer first, second;
	next_failure = RELEVO_LIMIT;
	come(fixture->a, &local, &first);
	come(fixture->b, &local, &second);
	assert_met(&first, RELEVO_LIMIT);
	assert_met(&second, RELEVO_LIMIT);
	/* Four handles are all. */
	open_plain(fixture->b, "1");
	open_plain(fixture->b, "2");
	open_plain(fixture->b, "3");
	come(fixture->a, &remote, &first);
	come(fixture->b, &remote, &second);
	assert_met(&first, RELEVO_LIMIT);
	assert_met(&second, RELEVO_LIMIT);
	/* And so many calls wait. */
	struct comer comers[3];
	static const char *const names[] = { "x", "y", "z" };
	for (int i = 0; i < 3; i++) {
		const struct pipe_request request = { names[i], PIPE_BOTH_WAYS, true, NSEC_NEVER };
		come(fixture->c, &request, &comers[i]);
		assert_int_equal(comers[i].answers, 0);
	}
	come(fixture->c, &local, &first);
	assert_met(&first, RELEVO_LIMIT);
	gone(fixture, &fixture->c);
}

#define PIPE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPE_TEST(two_local_ones_get_an_end_each),
		PIPE_TEST(directions_have_to_fit),
		PIPE_TEST(waiting_ends),
		PIPE_TEST(a_relay_has_a_queue_each_way),
		PIPE_TEST(its_end_comes_after_the_last_item),
		PIPE_TEST(who_waits_in_it_is_told),
		PIPE_TEST(what_it_needs_may_be_lacking),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
