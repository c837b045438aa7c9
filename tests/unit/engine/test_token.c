/* Locks and semaphores, as the engine sees them. */
#include "fixture.h"
#include "queues/manage.h"

static uint32_t open_lock(struct engine_peer *peer)
{
	const struct queue_options one = { .kind = QUEUE_LOCK, .bounded = true, .tokens = 1 };
	return open_queue(peer, "lock", &one);
}

static uint32_t open_semaphore(struct engine_peer *peer, uint64_t tokens, bool bounded)
{
	return open_queue(peer, "semaphore",
			  &(struct queue_options){
				  .kind = QUEUE_SEMAPHORE,
				  .bounded = bounded,
				  .tokens = tokens,
			  });
}

/* Take a token, waiting for it. */
static void acquire(struct engine_peer *peer, uint32_t handle, struct call *call)
{
	get(peer, handle, 1, NSEC_NEVER, call);
}

static void assert_held(const struct call *call, bool died)
{
	assert_answer(call, RELEVO_OK);
	assert_int_equal(call->count, 1);
	assert_int_equal(call->deliveries[0] > 1, died);
}

static int release(struct engine_peer *peer, uint32_t handle, uint64_t lease, bool any)
{
	struct error error;
	const struct token_release request = { .handle = handle, .lease = lease, .any = any };
	return token_release(peer, &request, 0, &error);
}

static void assert_released(struct engine_peer *peer, uint32_t handle, const struct call *call)
{
	assert_int_equal(release(peer, handle, call->leases[0], false), RELEVO_OK);
}

/* ---- one holder ------------------------------------------------------- */

static void test_a_lock_has_one_holder(void **state)
{
	struct fixture *f = *state;
	struct call first = { 0 };
	struct call second = { 0 };
	uint32_t mine = open_lock(f->a);
	uint32_t theirs = open_lock(f->b);
	acquire(f->a, mine, &first);
	assert_held(&first, false);
	acquire(f->b, theirs, &second);
	assert_waits(&second);
	assert_released(f->a, mine, &first);
	assert_held(&second, false);
	assert_int_equal(counts_of(f->a, mine).ready, 0);
	assert_released(f->b, theirs, &second);
	assert_int_equal(counts_of(f->a, mine).ready, 1);
}

static void test_waiters_are_served_in_order_of_arrival(void **state)
{
	struct fixture *f = *state;
	struct engine_peer *peers[] = { f->b, f->c, f->a };
	struct call first = { 0 };
	struct call calls[3] = { 0 };
	uint32_t mine = open_lock(f->a);
	uint32_t handles[] = { open_lock(f->b), open_lock(f->c), mine };
	acquire(f->a, mine, &first);
	for (int i = 0; i < 3; i++)
		acquire(peers[i], handles[i], &calls[i]);
	assert_released(f->a, mine, &first);
	for (int i = 0; i < 3; i++) {
		assert_held(&calls[i], false);
		if (i < 2)
			assert_waits(&calls[i + 1]);
		assert_released(peers[i], handles[i], &calls[i]);
	}
}

static void test_grants_only_rise(void **state)
{
	struct fixture *f = *state;
	uint32_t mine = open_lock(f->a);
	uint32_t theirs = open_lock(f->b);
	uint64_t last = 0;
	for (int i = 0; i < 6; i++) {
		struct engine_peer *peer = i % 2 == 0 ? f->a : f->b;
		uint32_t handle = i % 2 == 0 ? mine : theirs;
		struct call call = { 0 };
		acquire(peer, handle, &call);
		assert_true(call.grants[0] > last);
		last = call.grants[0];
		/* Also one that was never looked at. */
		if (i == 3)
			assert_int_equal(lease_nack(peer, call.leases, 1, 0, true, f->now,
						    &(struct error){ 0 }),
					 RELEVO_OK);
		else
			assert_released(peer, handle, &call);
	}
}

/* ---- release ---------------------------------------------------------- */

/* One that is made anew goes on above the old one, and an engine above the one before. */
static void test_grants_rise_over_deleting_and_runs(void **state)
{
	const struct engine_config config = {
		.seed = 1, .peer_waiters = 9, .peer_leases = 9, .peer_handles = 9, .grants = 1000000
	};
	struct fixture *f = fixture_open(&config);
	struct call call = { 0 };
	struct error error;
	uint64_t last = config.grants;
	(void)state;
	for (int i = 0; i < 3; i++) {
		uint32_t lock = open_lock(f->a);
		assert_int_equal(engine_grants(f->engine), last);
		acquire(f->a, lock, &call);
		assert_true(call.grants[0] > last);
		last = call.grants[0];
		assert_released(f->a, lock, &call);
		assert_int_equal(queue_delete(f->engine, "lock", QUEUE_LOCK, &error), RELEVO_OK);
	}
	fixture_close(f);
}

static void test_what_nobody_holds_cannot_be_released(void **state)
{
	struct fixture *f = *state;
	struct error error;
	uint32_t mine = open_lock(f->a);
	const struct token_release request = { .handle = mine, .any = true };
	assert_int_equal(token_release(f->a, &request, f->now, &error), RELEVO_OVER_RELEASE);
	assert_text(error.text, "nobody holds the lock \"lock\"");
	assert_int_equal(release(f->a, mine, 0, false), RELEVO_NOT_OWNER);
	assert_int_equal(counts_of(f->a, mine).ready, 1);
}

static void test_a_token_is_released_once(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t mine = open_lock(f->a);
	acquire(f->a, mine, &call);
	assert_released(f->a, mine, &call);
	assert_int_equal(release(f->a, mine, call.leases[0], false), RELEVO_NOT_OWNER);
	assert_int_equal(release(f->a, mine, call.leases[0], true), RELEVO_OVER_RELEASE);
}

static void test_anybody_may_release_who_says_so(void **state)
{
	struct fixture *f = *state;
	struct call holder = { 0 };
	struct call next = { 0 };
	uint32_t mine = open_lock(f->a);
	uint32_t theirs = open_lock(f->b);
	acquire(f->a, mine, &holder);
	assert_int_equal(release(f->b, theirs, 0, false), RELEVO_NOT_OWNER);
	assert_int_equal(release(f->b, theirs, holder.leases[0], false), RELEVO_NOT_OWNER);
	assert_int_equal(release(f->b, theirs, 0, true), RELEVO_OK);
	/* Nobody died; and the former holder cannot take it from the next one. */
	acquire(f->c, open_lock(f->c), &next);
	assert_held(&next, false);
	assert_int_equal(release(f->a, mine, holder.leases[0], false), RELEVO_NOT_OWNER);
	assert_int_equal(counts_of(f->a, mine).leased, 1);
}

static void test_a_lease_of_another_queue_does_not_count(void **state)
{
	struct fixture *f = *state;
	struct call token = { 0 };
	struct call permit = { 0 };
	uint32_t lock = open_lock(f->a);
	uint32_t semaphore = open_semaphore(f->a, 1, true);
	acquire(f->a, lock, &token);
	acquire(f->a, semaphore, &permit);
	assert_int_equal(release(f->a, lock, permit.leases[0], false), RELEVO_NOT_OWNER);
	assert_int_equal(counts_of(f->a, semaphore).ready, 0);
	assert_int_equal(counts_of(f->a, lock).ready, 0);
}

static void test_only_tokens_are_released(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t plain = open_plain(f->a, "plain");
	put_now(f->a, plain, "x");
	acquire(f->a, plain, &call);
	assert_int_equal(release(f->a, plain, call.leases[0], false), RELEVO_BAD_ARGUMENT);
	assert_int_equal(release(f->a, 99, 0, true), RELEVO_BAD_ARGUMENT);
	ack(f->a, &call);
}

/* What is for items would hide a token, or lose it. */
static void test_tokens_are_only_released(void **state)
{
	struct fixture *f = *state;
	struct call token = { 0 }, call = { 0 };
	struct error error;
	static struct peek peek;
	uint64_t count;
	uint32_t lock = open_lock(f->a), plain = open_plain(f->a, "plain");
	acquire(f->a, lock, &token);
	const uint64_t *lease = token.leases;
	assert_int_equal(lease_ack(f->a, lease, 1, f->now, &error), RELEVO_BAD_ARGUMENT);
	assert_text(error.text, "\"lock\" is a lock: what it gave is released, not acknowledged");
	assert_int_equal(lease_nack(f->a, lease, 1, 0, false, f->now, &error), RELEVO_BAD_ARGUMENT);
	assert_int_equal(lease_nack(f->a, lease, 1, SECONDS(99), true, f->now, &error),
			 RELEVO_BAD_ARGUMENT);
	assert_int_equal(lease_reject(f->a, lease, 1, f->now, &error), RELEVO_BAD_ARGUMENT);
	assert_text(error.text, "not rejected");
	struct put_request request = { .handle = plain, .acks = lease, .ack_count = 1 };
	put_request(f->a, &request, "x", &call);
	assert_answer(&call, RELEVO_BAD_ARGUMENT);
	request = (struct put_request){
		.name = "nowhere", .acks = lease, .ack_count = 1, .or_drop = true
	};
	put_request(f->a, &request, "x", &call);
	assert_answer(&call, RELEVO_OK);
	assert_int_equal(queue_purge(f->a, lock, f->now, &count, &error), RELEVO_BAD_ARGUMENT);
	assert_text(error.text, "\"lock\" is a lock, not a queue of items: it cannot be purged");
	const struct peek_request look = { .handle = lock };
	assert_int_equal(queue_peek(f->a, &look, f->now, &peek, &error), RELEVO_BAD_ARGUMENT);
	/* It is held as before, and can be released. */
	assert_int_equal(counts_of(f->a, lock).leased, 1);
	assert_int_equal(counts_of(f->a, lock).ready, 0);
	assert_released(f->a, lock, &token);
	assert_int_equal(counts_of(f->a, lock).ready, 1);
}

static void test_nothing_is_put_into_a_lock(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t mine = open_lock(f->a);
	put(f->a, mine, "x", 0, &call);
	assert_answer(&call, RELEVO_BAD_ARGUMENT);
	assert_text(call.text, "\"lock\" is a lock");
	assert_int_equal(counts_of(f->a, mine).ready, 1);
}

static void test_release_of_a_deleted_lock(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct call waiting = { 0 };
	struct error error;
	uint32_t mine = open_lock(f->a);
	acquire(f->a, mine, &call);
	acquire(f->b, open_lock(f->b), &waiting);
	assert_int_equal(queue_delete(f->engine, "lock", QUEUE_ANY, &error), RELEVO_OK);
	assert_answer(&waiting, RELEVO_GONE);
	assert_int_equal(release(f->a, mine, call.leases[0], false), RELEVO_GONE);
}

/* ---- semaphores ------------------------------------------------------- */

static void test_a_semaphore_counts(void **state)
{
	struct fixture *f = *state;
	struct call calls[3] = { 0 };
	uint32_t mine = open_semaphore(f->a, 2, false);
	for (int i = 0; i < 3; i++)
		acquire(f->a, mine, &calls[i]);
	assert_held(&calls[0], false);
	assert_held(&calls[1], false);
	assert_waits(&calls[2]);
	assert_released(f->a, mine, &calls[1]);
	assert_held(&calls[2], false);
	assert_int_equal(counts_of(f->a, mine).ready, 0);
}

static void test_a_semaphore_without_bound_grows(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	uint32_t mine = open_semaphore(f->a, 0, false);
	acquire(f->a, mine, &call);
	assert_waits(&call);
	assert_int_equal(release(f->b, open_semaphore(f->b, 0, false), 0, true), RELEVO_OK);
	assert_held(&call, false);
	/* The token that is away comes first; then there are new ones. */
	for (uint64_t ready = 1; ready <= 3; ready++) {
		assert_int_equal(release(f->a, mine, 0, true), RELEVO_OK);
		assert_int_equal(counts_of(f->a, mine).ready, ready);
		assert_int_equal(counts_of(f->a, mine).leased, 0);
	}
}

static void test_a_bounded_semaphore_does_not(void **state)
{
	struct fixture *f = *state;
	struct call call = { 0 };
	struct error error;
	uint32_t mine = open_semaphore(f->a, 2, true);
	const struct token_release request = { .handle = mine, .any = true };
	assert_int_equal(token_release(f->a, &request, f->now, &error), RELEVO_OVER_RELEASE);
	assert_text(error.text, "\"semaphore\" is at its bound of 2");
	acquire(f->a, mine, &call);
	assert_int_equal(token_release(f->a, &request, f->now, &error), RELEVO_OK);
	assert_int_equal(counts_of(f->a, mine).ready, 2);
}

static void test_tokens_have_a_limit(void **state)
{
	struct fixture *f = *state;
	struct queue_opened opened;
	struct error error;
	struct queue_options options = { .kind = QUEUE_SEMAPHORE,
					 .tokens = SEMAPHORE_MAX_PERMITS + 1 };
	assert_int_equal(queue_open(f->a, "s", QUEUE_OPEN_OR_CREATE, &options, &opened, &error),
			 RELEVO_BAD_ARGUMENT);
	assert_text(error.text, "250001 is more than the 250000 allowed");
	/* What does not fit the user's share leaves nothing behind. */
	options.tokens = SEMAPHORE_MAX_PERMITS;
	assert_int_equal(queue_open(f->a, "s", QUEUE_OPEN_OR_CREATE, &options, &opened, &error),
			 RELEVO_QUOTA);
	assert_int_equal(queue_open(f->a, "s", QUEUE_OPEN_EXISTING, &options, &opened, &error),
			 RELEVO_NOT_FOUND);
	assert_int_equal(f->engine->items.alive, 0);
}

static void test_the_recorder_refuses_a_token(void **state)
{
	struct fixture *f = *state;
	struct queue_opened opened;
	struct error error;
	const struct queue_options options = { .kind = QUEUE_LOCK, .tokens = 1, .durable = true };
	f->recorder.added_status = RELEVO_SYSTEM;
	assert_int_equal(queue_open(f->a, "s", QUEUE_OPEN_OR_CREATE, &options, &opened, &error),
			 RELEVO_SYSTEM);
	f->recorder.added_status = RELEVO_OK;
	assert_int_equal(queue_open(f->a, "s", QUEUE_OPEN_EXISTING, &options, &opened, &error),
			 RELEVO_NOT_FOUND);
}

/* ---- opening ---------------------------------------------------------- */

static void test_opening_again_makes_no_token(void **state)
{
	struct fixture *f = *state;
	uint32_t handle = 0;
	for (int i = 0; i < 3; i++)
		handle = open_lock(f->a);
	assert_int_equal(counts_of(f->a, handle).ready, 1);
}

static void assert_mismatch(struct fixture *f, const char *name,
			    const struct queue_options *options, const char *text)
{
	struct queue_opened opened;
	struct error error;
	assert_int_equal(queue_open(f->b, name, QUEUE_OPEN_OR_CREATE, options, &opened, &error),
			 RELEVO_OPTION_MISMATCH);
	assert_text(error.text, text);
}

static void test_options_that_contradict(void **state)
{
	struct fixture *f = *state;
	struct queue_options options = { .kind = QUEUE_SEMAPHORE, .bounded = true, .tokens = 3 };
	options.durable = true;
	open_semaphore(f->a, 2, true);
	assert_mismatch(f, "semaphore", &options, "\"semaphore\" started with 2, not 3");
	options.tokens = 2;
	options.keep = true;
	assert_mismatch(f, "semaphore", &options, "is released, not kept, when");
	options.keep = false;
	options.lease = SECONDS(1);
	assert_mismatch(f, "semaphore", &options, "the lease of its session, not 1000 ms");
}

static void test_a_lock_is_not_a_queue(void **state)
{
	struct fixture *f = *state;
	const enum queue_kind kinds[] = { QUEUE_ITEMS, QUEUE_SEMAPHORE, QUEUE_CONDITION };
	const char *texts[] = { "not a queue", "not a semaphore", "not a condition" };
	struct queue_opened opened;
	struct error error;
	open_lock(f->a);
	for (int i = 0; i < 3; i++) {
		const struct queue_options options = { .kind = kinds[i] };
		for (int mode = QUEUE_OPEN_OR_CREATE; mode <= QUEUE_OPEN_EXISTING; mode++) {
			assert_int_equal(queue_open(f->a, "lock", (enum queue_open_mode)mode,
						    &options, &opened, &error),
					 RELEVO_OPTION_MISMATCH);
			assert_text(error.text, texts[i]);
		}
	}
	const struct queue_options any = { .kind = QUEUE_ANY };
	assert_int_equal(queue_open(f->a, "lock", QUEUE_OPEN_EXISTING, &any, &opened, &error),
			 RELEVO_OK);
	assert_int_equal(opened.options.kind, QUEUE_LOCK);
}

/* ---- death ------------------------------------------------------------ */

static void test_the_next_holder_is_told_once_of_a_death(void **state)
{
	struct fixture *f = *state;
	struct call holder = { 0 };
	struct call next = { 0 };
	struct call last = { 0 };
	uint32_t theirs = open_lock(f->b);
	acquire(f->a, open_lock(f->a), &holder);
	acquire(f->b, theirs, &next);
	gone(f, &f->a);
	assert_held(&next, true);
	assert_released(f->b, theirs, &next);
	acquire(f->b, theirs, &last);
	assert_held(&last, false);
}

static void test_every_death_is_told(void **state)
{
	struct fixture *f = *state;
	struct call calls[3] = { 0 };
	acquire(f->a, open_lock(f->a), &calls[0]);
	acquire(f->b, open_lock(f->b), &calls[1]);
	acquire(f->c, open_lock(f->c), &calls[2]);
	gone(f, &f->a);
	gone(f, &f->b);
	assert_held(&calls[1], true);
	assert_held(&calls[2], true);
}

static void test_who_gives_up_at_the_grant_takes_no_death_away(void **state)
{
	struct fixture *f = *state;
	struct call holder = { 0 };
	struct call gave_up = { 0 };
	struct call next = { 0 };
	struct error error;
	uint32_t theirs = open_lock(f->b);
	acquire(f->a, open_lock(f->a), &holder);
	gone(f, &f->a);
	acquire(f->b, theirs, &gave_up);
	assert_int_equal(lease_nack(f->b, gave_up.leases, 1, 0, true, f->now, &error), RELEVO_OK);
	acquire(f->b, theirs, &next);
	assert_held(&next, true);
	assert_true(next.grants[0] > gave_up.grants[0]);
}

static void test_a_dead_waiter_is_passed_over(void **state)
{
	struct fixture *f = *state;
	struct call holder = { 0 };
	struct call dead = { 0 };
	struct call next = { 0 };
	uint32_t mine = open_lock(f->a);
	acquire(f->a, mine, &holder);
	acquire(f->b, open_lock(f->b), &dead);
	acquire(f->c, open_lock(f->c), &next);
	gone(f, &f->b);
	assert_released(f->a, mine, &holder);
	assert_held(&next, false);
	assert_int_equal(dead.answers, 0);
}

static void test_a_deadline_takes_the_lock_back(void **state)
{
	struct fixture *f = *state;
	const struct queue_options options = {
		.kind = QUEUE_LOCK,
		.bounded = true,
		.tokens = 1,
		.lease = SECONDS(5),
	};
	struct call holder = { 0 };
	struct call next = { 0 };
	uint32_t mine = open_queue(f->a, "timed", &options);
	acquire(f->a, mine, &holder);
	acquire(f->b, open_queue(f->b, "timed", &options), &next);
	tick_to(f, 5);
	assert_waits(&next);
	tick_to(f, 6);
	assert_held(&next, true);
	assert_int_equal(release(f->a, mine, holder.leases[0], false), RELEVO_NOT_OWNER);
}

/* ---- the end in order ------------------------------------------------- */

static void leave(struct fixture *f, struct engine_peer **peer)
{
	engine_peer_leave(*peer);
	gone(f, peer);
}

static void test_an_end_in_order_releases(void **state)
{
	struct fixture *f = *state;
	struct call holder = { 0 };
	struct call own_waiter = { 0 };
	struct call next = { 0 };
	uint32_t mine = open_lock(f->a);
	acquire(f->a, mine, &holder);
	acquire(f->a, mine, &own_waiter);
	acquire(f->b, open_lock(f->b), &next);
	leave(f, &f->a);
	assert_held(&next, false);
	assert_int_equal(own_waiter.answers, 0);
}

static void test_an_end_in_order_keeps_if_asked(void **state)
{
	struct fixture *f = *state;
	const struct queue_options options = {
		.kind = QUEUE_LOCK,
		.bounded = true,
		.tokens = 1,
		.keep = true,
	};
	struct call holder = { 0 };
	struct call next = { 0 };
	uint32_t theirs = open_queue(f->b, "kept", &options);
	acquire(f->a, open_queue(f->a, "kept", &options), &holder);
	leave(f, &f->a);
	acquire(f->b, theirs, &next);
	assert_waits(&next);
	/* Anybody can release it, once. */
	assert_int_equal(release(f->b, theirs, 0, true), RELEVO_OK);
	assert_held(&next, false);
	assert_released(f->b, theirs, &next);
	assert_int_equal(release(f->b, theirs, 0, true), RELEVO_OVER_RELEASE);
	assert_int_equal(counts_of(f->b, theirs).ready, 1);
}

static void test_what_is_kept_is_never_kept_by_the_dead(void **state)
{
	struct fixture *f = *state;
	const struct queue_options options = {
		.kind = QUEUE_LOCK,
		.bounded = true,
		.tokens = 1,
		.keep = true,
	};
	struct call holder = { 0 };
	struct call next = { 0 };
	acquire(f->a, open_queue(f->a, "kept", &options), &holder);
	acquire(f->b, open_queue(f->b, "kept", &options), &next);
	gone(f, &f->a);
	assert_held(&next, true);
}

static void test_leaving_does_not_touch_items(void **state)
{
	struct fixture *f = *state;
	struct call holder = { 0 };
	struct call next = { 0 };
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "x");
	acquire(f->a, q, &holder);
	acquire(f->b, open_plain(f->b, "q"), &next);
	leave(f, &f->a);
	assert_items(&next, "x");
	assert_int_equal(next.deliveries[0], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_a_lock_has_one_holder),
		fixture_test(test_waiters_are_served_in_order_of_arrival),
		fixture_test(test_grants_only_rise),
		cmocka_unit_test(test_grants_rise_over_deleting_and_runs),
		fixture_test(test_what_nobody_holds_cannot_be_released),
		fixture_test(test_a_token_is_released_once),
		fixture_test(test_anybody_may_release_who_says_so),
		fixture_test(test_a_lease_of_another_queue_does_not_count),
		fixture_test(test_only_tokens_are_released),
		fixture_test(test_tokens_are_only_released),
		fixture_test(test_nothing_is_put_into_a_lock),
		fixture_test(test_release_of_a_deleted_lock),
		fixture_test(test_a_semaphore_counts),
		fixture_test(test_a_semaphore_without_bound_grows),
		fixture_test(test_a_bounded_semaphore_does_not),
		fixture_test(test_tokens_have_a_limit),
		fixture_test(test_the_recorder_refuses_a_token),
		fixture_test(test_opening_again_makes_no_token),
		fixture_test(test_options_that_contradict),
		fixture_test(test_a_lock_is_not_a_queue),
		fixture_test(test_the_next_holder_is_told_once_of_a_death),
		fixture_test(test_every_death_is_told),
		fixture_test(test_who_gives_up_at_the_grant_takes_no_death_away),
		fixture_test(test_a_dead_waiter_is_passed_over),
		fixture_test(test_a_deadline_takes_the_lock_back),
		fixture_test(test_an_end_in_order_releases),
		fixture_test(test_an_end_in_order_keeps_if_asked),
		fixture_test(test_what_is_kept_is_never_kept_by_the_dead),
		fixture_test(test_leaving_does_not_touch_items),
	};
	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
