/* Answers that call the engine. */
#include "fixture.h"

#include "base/list.h"

static void ack_inside(struct call *call)
{
	struct error error;
	if (call->status == RELEVO_OK)
		assert_int_equal(lease_ack(call->fixture->a, call->leases, call->count,
					   call->fixture->now, &error),
				 RELEVO_OK);
}

static void test_an_answer_acknowledges(void **state)
{
	struct fixture *f = *state;
	uint32_t q = open_plain(f->a, "q");
	struct call call = { .then = ack_inside, .fixture = f };
	get(f->a, q, 5, NSEC_NEVER, &call);
	put_now(f->a, q, "1 2 3");
	assert_items(&call, "1 2 3");
	assert_int_equal(counts_of(f->a, q).acknowledged, 3);
	assert_int_equal(f->engine->items.alive, 0);
}

/* A body must be readable until the answer returns, whatever it does. */
static void on_raw_answer(struct waiter *waiter, const struct answer *answer)
{
	struct fixture *f = container_of(waiter, struct call, waiter)->fixture;
	struct error error;
	assert_int_equal(answer->delivery_count, 2);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(lease_ack(f->a, &answer->deliveries[i].lease, 1, f->now, &error),
				 RELEVO_OK);
	assert_int_equal(queue_delete(f->engine, "q", QUEUE_ANY, &error), RELEVO_OK);
	assert_memory_equal(answer->deliveries[0].item->body, "one", 3);
	assert_memory_equal(answer->deliveries[1].item->body, "two", 3);
	item_hold(answer->deliveries[1].item);
	container_of(waiter, struct call, waiter)->user = answer->deliveries[1].item;
}

static void test_bodies_stay_until_the_answer_returns(void **state)
{
	struct fixture *f = *state;
	uint32_t q = open_plain(f->a, "q");
	put_now(f->a, q, "one two");
	struct call call = { .waiter.answer = on_raw_answer, .fixture = f };
	struct get_request request = { .handle = q, .max_items = 2 };
	queue_get(f->a, &request, f->now, &call.waiter);
	/* The one that was held stays longer, and is charged. */
	assert_int_equal(f->engine->items.alive, 1);
	struct item *item = call.user;
	assert_memory_equal(item->body, "two", 3);
	gone(f, &f->a);
	assert_true(f->first_user->used >= sizeof *item + 3);
	item_drop(f->engine, item);
}

/* user: the number of the queue. Counts how deep the answers stand in each
 * other, and takes the next item from inside. */
struct chain {
	uint32_t queue;
	uint32_t got;
	int depth, deepest;
};

static void get_next_inside(struct call *call)
{
	struct chain *chain = call->user;
	chain->depth++;
	if (chain->depth > chain->deepest)
		chain->deepest = chain->depth;
	if (call->status == RELEVO_OK) {
		struct fixture *f = call->fixture;
		chain->got++;
		ack(f->a, call);
		get(f->a, chain->queue, 1, 0, call);
	}
	chain->depth--;
}

static void test_a_chain_of_gets_does_not_nest(void **state)
{
	struct fixture *f = *state;
	struct chain chain = { .queue = open_plain(f->a, "q") };
	for (int i = 0; i < 1000; i++)
		put_now(f->a, chain.queue, "x");
	struct call call = { .then = get_next_inside, .fixture = f, .user = &chain };
	get(f->a, chain.queue, 1, 0, &call);
	assert_answer(&call, RELEVO_TIMED_OUT);
	assert_int_equal(chain.got, 1000);
	assert_int_equal(chain.deepest, 1);
}

static void put_next_inside(struct call *call)
{
	struct chain *chain = call->user;
	chain->depth++;
	if (chain->depth > chain->deepest)
		chain->deepest = chain->depth;
	if (++chain->got < 1000)
		put(call->fixture->a, chain->queue, "x", 0, call);
	chain->depth--;
}

static void test_a_chain_of_puts_does_not_nest(void **state)
{
	struct fixture *f = *state;
	struct chain chain = { .queue = open_plain(f->a, "q") };
	struct call call = { .then = put_next_inside, .fixture = f, .user = &chain };
	put(f->a, chain.queue, "x", 0, &call);
	assert_int_equal(chain.got, 1000);
	assert_int_equal(chain.deepest, 1);
	assert_int_equal(counts_of(f->a, chain.queue).ready, 1000);
}

static void die_inside(struct call *call)
{
	if (call->fixture->a != NULL)
		gone(call->fixture, &call->fixture->a);
}

static void test_an_answer_ends_its_own_session(void **state)
{
	struct fixture *f = *state;
	uint32_t of_a = open_plain(f->a, "q");
	uint32_t of_c = open_plain(f->c, "q");
	struct call dying = { .then = die_inside, .fixture = f };
	struct call dropped = { 0 };
	struct call next = { 0 };
	get(f->a, of_a, 1, NSEC_NEVER, &dying);
	get(f->a, of_a, 1, NSEC_NEVER, &dropped);
	get(f->c, of_c, 2, NSEC_NEVER, &next);
	put_now(f->c, of_c, "1 2");
	assert_items(&dying, "1");
	assert_int_equal(dropped.answers, 0);
	/* What died with the first came back in time for the last. */
	assert_items(&next, "1 2");
	assert_int_equal(next.deliveries[0], 2);
}

static void test_a_put_answer_ends_its_own_session(void **state)
{
	struct fixture *f = *state;
	uint32_t q = open_plain(f->a, "q");
	struct call dying = { .then = die_inside, .fixture = f };
	struct call call = { 0 };
	put(f->a, q, "1", 0, &dying);
	assert_answer(&dying, RELEVO_OK);
	assert_null(f->a);
	expect(f->c, open_plain(f->c, "q"), "1", &call);
}

static void test_a_death_in_the_answer_of_a_time_out(void **state)
{
	struct fixture *f = *state;
	uint32_t q = open_plain(f->a, "q");
	struct call first = { .then = die_inside, .fixture = f };
	struct call second = { .then = die_inside, .fixture = f };
	get(f->a, q, 1, SECONDS(5), &first);
	get(f->a, q, 1, SECONDS(5), &second);
	tick_to(f, 5);
	assert_null(f->a);
	assert_int_equal(first.answers + second.answers, 1);
}

static void delete_inside(struct call *call)
{
	struct error error;
	int status = queue_delete(call->fixture->engine, "q", QUEUE_ANY, &error);
	assert_true(status == RELEVO_OK || status == RELEVO_NOT_FOUND);
}

static void test_an_answer_deletes_the_queue(void **state)
{
	struct fixture *f = *state;
	uint32_t q = open_plain(f->a, "q");
	struct call first = { .then = delete_inside, .fixture = f };
	struct call second = { .then = delete_inside, .fixture = f };
	struct call putter = { 0 };
	get(f->a, q, 1, NSEC_NEVER, &first);
	get(f->a, q, 1, NSEC_NEVER, &second);
	put(f->a, q, "1 2 3", 0, &putter);
	assert_items(&first, "1");
	assert_answer(&second, RELEVO_GONE);
	assert_int_equal(putter.answers, 1);
	assert_int_equal(f->engine->items.alive, 0);
}

static void cancel_inside(struct call *call)
{
	struct call *other = call->user;
	waiter_cancel(&other->waiter);
}

static void test_an_answer_cancels_the_next_in_line(void **state)
{
	struct fixture *f = *state;
	uint32_t q = open_plain(f->a, "q");
	struct call second = { 0 };
	struct call third = { 0 };
	struct call first = { .then = cancel_inside, .fixture = f, .user = &second };
	get(f->a, q, 1, NSEC_NEVER, &first);
	get(f->a, q, 1, NSEC_NEVER, &second);
	get(f->a, q, 1, NSEC_NEVER, &third);
	put_now(f->a, q, "1 2");
	assert_items(&first, "1");
	assert_answer(&second, RELEVO_CANCELLED);
	assert_items(&third, "2");
}

static void test_a_cancel_at_the_moment_of_service_comes_too_late(void **state)
{
	struct fixture *f = *state;
	uint32_t q = open_bounded(f->a, "q", 0);
	struct call putter = { 0 };
	struct call getter = { .then = cancel_inside, .fixture = f, .user = &putter };
	get(f->a, q, 1, NSEC_NEVER, &getter);
	put(f->a, q, "1", NSEC_NEVER, &putter);
	assert_items(&getter, "1");
	assert_answer(&putter, RELEVO_OK); /* it was accepted as a whole already */
	assert_int_equal(putter.accepted, 1);
}

static void nack_inside(struct call *call)
{
	if (call->deliveries[0] < 3)
		nack(call->fixture->a, call);
}

static void test_an_answer_gives_back(void **state)
{
	struct fixture *f = *state;
	uint32_t q = open_plain(f->a, "q");
	struct call calls[3];
	for (int i = 0; i < 3; i++) {
		calls[i] = (struct call){ .then = nack_inside, .fixture = f };
		get(f->a, q, 1, NSEC_NEVER, &calls[i]);
	}
	put_now(f->a, q, "x");
	for (int i = 0; i < 3; i++) {
		assert_items(&calls[i], "x");
		assert_int_equal(calls[i].deliveries[0], i + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_an_answer_acknowledges),
		fixture_test(test_bodies_stay_until_the_answer_returns),
		fixture_test(test_a_chain_of_gets_does_not_nest),
		fixture_test(test_a_chain_of_puts_does_not_nest),
		fixture_test(test_an_answer_ends_its_own_session),
		fixture_test(test_a_put_answer_ends_its_own_session),
		fixture_test(test_a_death_in_the_answer_of_a_time_out),
		fixture_test(test_an_answer_deletes_the_queue),
		fixture_test(test_an_answer_cancels_the_next_in_line),
		fixture_test(test_a_cancel_at_the_moment_of_service_comes_too_late),
		fixture_test(test_an_answer_gives_back),
	};
	return cmocka_run_group_tests_name("engine/reentry", tests, NULL, NULL);
}
