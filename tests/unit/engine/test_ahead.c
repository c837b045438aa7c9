/* Items handed out ahead: who gets how many, and how they come back. */
#include "core/peer.h"
#include "fixture.h"
#include "leases/ahead.h"

struct recalls {
	unsigned count;
	uint32_t handle;
};

static void count_recall(void *context, uint32_t handle)
{
	struct recalls *recalls = context;
	recalls->count++;
	recalls->handle = handle;
}

/* A queue with eight items, of which `a` has been given one, and others ahead. */
struct scene {
	struct fixture *fixture;
	uint32_t of_a, of_b;
	struct call first;
	struct recalls recalls;
};

static void set(struct scene *scene, void **state)
{
	struct fixture *fixture = *state;
	scene->fixture = fixture;
	scene->recalls = (struct recalls){ 0 };
	engine_peer_on_recall(fixture->a, count_recall, &scene->recalls);
	scene->of_a = open_plain(fixture->a, "jobs");
	scene->of_b = open_plain(fixture->b, "jobs");
	put_now(fixture->b, scene->of_b, "1 2 3 4 5 6 7 8");
	get_ahead(fixture->a, scene->of_a, 100, &scene->first);
	assert_answer(&scene->first, RELEVO_OK);
}

/* Give back what is unread: all but the first. */
static void give_back(struct scene *scene)
{
	struct error error = { 0 };
	assert_int_equal(lease_nack(scene->fixture->a, scene->first.leases + 1,
				    scene->first.count - 1, 0, true, scene->fixture->now, &error),
			 RELEVO_OK);
}

static void test_half_of_the_depth(void **state)
{
	struct scene scene = { 0 };
	set(&scene, state);
	assert_items(&scene.first, "1 2 3 4 5");
	struct call second = { 0 };
	get_ahead(scene.fixture->b, scene.of_b, 100, &second);
	/* Two readers now: a quarter of the three that were left, and its own. */
	assert_items(&second, "6");
}

static void test_no_more_than_asked_for(void **state)
{
	struct fixture *fixture = *state;
	uint32_t queue = open_plain(fixture->a, "jobs");
	struct call call = { 0 };
	put_now(fixture->a, queue, "1 2 3 4 5 6 7 8");
	get_ahead(fixture->a, queue, 2, &call);
	assert_items(&call, "1 2 3");
}

static void test_unread_items_count_as_ready(void **state)
{
	struct scene scene = { 0 };
	set(&scene, state);
	struct queue_counts counts = counts_of(scene.fixture->b, scene.of_b);
	assert_int_equal(counts.ready, 7);
	assert_int_equal(counts.leased, 1);
	ack(scene.fixture->a, &scene.first);
	counts = counts_of(scene.fixture->b, scene.of_b);
	assert_int_equal(counts.ready, 3);
	assert_int_equal(counts.leased, 0);
}

static void test_recalled_for_who_waits(void **state)
{
	struct scene scene = { 0 };
	set(&scene, state);
	struct call call = { 0 };
	expect(scene.fixture->b, scene.of_b, "6 7 8", &call);
	assert_int_equal(scene.recalls.count, 0);
	get(scene.fixture->b, scene.of_b, 1, NSEC_NEVER, &call);
	assert_waits(&call);
	assert_int_equal(scene.recalls.count, 1);
	assert_int_equal(scene.recalls.handle, scene.of_a);
	give_back(&scene);
	assert_items(&call, "2");
	assert_int_equal(call.deliveries[0], 1);
	expect(scene.fixture->b, scene.of_b, "3 4 5", &call);
}

static void test_recalled_once(void **state)
{
	struct scene scene = { 0 };
	set(&scene, state);
	struct call calls[3] = { 0 };
	expect(scene.fixture->b, scene.of_b, "6 7 8", &calls[0]);
	for (int i = 0; i < 3; i++)
		get(scene.fixture->b, scene.of_b, 1, NSEC_NEVER, &calls[i]);
	assert_int_equal(scene.recalls.count, 1);
	give_back(&scene);
	for (int i = 0; i < 3; i++)
		assert_answer(&calls[i], RELEVO_OK);
}

/* There are items, so who does not wait gets one, if it comes back soon. */
static void test_a_get_that_does_not_wait(void **state)
{
	struct scene scene = { 0 };
	set(&scene, state);
	struct call call = { 0 };
	expect(scene.fixture->b, scene.of_b, "6 7 8", &call);
	get(scene.fixture->b, scene.of_b, 1, 0, &call);
	assert_waits(&call);
	give_back(&scene);
	assert_items(&call, "2");
}

static void test_empty_when_nothing_comes_back_soon(void **state)
{
	struct scene scene = { 0 };
	set(&scene, state);
	struct call call = { 0 };
	expect(scene.fixture->b, scene.of_b, "6 7 8", &call);
	get(scene.fixture->b, scene.of_b, 1, 0, &call);
	assert_waits(&call);
	engine_tick(scene.fixture->engine, scene.fixture->now + 100 * NSEC_PER_MSEC);
	assert_answer(&call, RELEVO_TIMED_OUT);
}

/* A session that is stopped cannot give back: its items are taken. */
static void test_taken_from_who_does_not_give_back(void **state)
{
	struct scene scene = { 0 };
	set(&scene, state);
	struct call call = { 0 };
	expect(scene.fixture->b, scene.of_b, "6 7 8", &call);
	get(scene.fixture->b, scene.of_b, 1, NSEC_NEVER, &call);
	tick_to(scene.fixture, 2);
	assert_items(&call, "2");
	struct error error = { 0 };
	assert_int_equal(lease_ack(scene.fixture->a, scene.first.leases, scene.first.count,
				   scene.fixture->now, &error),
			 RELEVO_NOT_OWNER);
	/* The one that it had asked for is its own. */
	assert_int_equal(counts_of(scene.fixture->b, scene.of_b).acknowledged, 1);
}

/* Nobody waits, but others would take what is behind them. */
static void test_called_back_after_a_while(void **state)
{
	struct scene scene = { 0 };
	set(&scene, state);
	struct fixture *fixture = scene.fixture;
	fixture->now += 49 * NSEC_PER_MSEC;
	engine_tick(fixture->engine, fixture->now);
	assert_int_equal(scene.recalls.count, 0);
	fixture->now += NSEC_PER_MSEC;
	engine_tick(fixture->engine, fixture->now);
	assert_int_equal(scene.recalls.count, 1);
	fixture->now += NSEC_PER_SEC;
	engine_tick(fixture->engine, fixture->now);
	struct call call = { 0 };
	expect(fixture->b, scene.of_b, "2 3 4 5 6 7 8", &call);
	assert_int_equal(scene.recalls.count, 1);
}

/* The time starts anew with what comes after all was read. */
static void test_no_recall_of_a_steady_reader(void **state)
{
	struct scene scene = { 0 };
	set(&scene, state);
	struct fixture *fixture = scene.fixture;
	fixture->now += 40 * NSEC_PER_MSEC;
	engine_tick(fixture->engine, fixture->now);
	ack(fixture->a, &scene.first);
	get_ahead(fixture->a, scene.of_a, 100, &scene.first);
	fixture->now += 40 * NSEC_PER_MSEC;
	engine_tick(fixture->engine, fixture->now);
	assert_int_equal(scene.recalls.count, 0);
}

static void test_a_dead_reader(void **state)
{
	struct scene scene = { 0 };
	set(&scene, state);
	struct call call = { 0 };
	gone(scene.fixture, &scene.fixture->a);
	expect(scene.fixture->b, scene.of_b, "1 2 3 4 5 6 7 8", &call);
	/* Nobody can know what it had read. */
	assert_int_equal(call.deliveries[1], 2);
}

/* One that says what it begins: that alone has been delivered. */
static void test_a_dead_reader_that_tells(void **state)
{
	struct scene scene = { 0 };
	set(&scene, state);
	struct call call = { 0 };
	scene.fixture->a->queues.handles[scene.of_a - 1].ahead->begins = true;
	lease_begin(scene.fixture->a, scene.first.leases[1]);
	gone(scene.fixture, &scene.fixture->a);
	expect(scene.fixture->b, scene.of_b, "1 2 3 4 5 6 7 8", &call);
	assert_int_equal(call.deliveries[0], 2);
	assert_int_equal(call.deliveries[1], 2);
	assert_int_equal(call.deliveries[2], 1);
}

static void test_a_closed_handle(void **state)
{
	struct scene scene = { 0 };
	set(&scene, state);
	struct call call = { 0 };
	struct error error = { 0 };
	assert_int_equal(queue_close(scene.fixture->a, scene.of_a, &error), RELEVO_OK);
	expect(scene.fixture->b, scene.of_b, "2 3 4 5 6 7 8", &call);
}

static void test_a_deleted_queue(void **state)
{
	struct scene scene = { 0 };
	set(&scene, state);
	struct error error = { 0 };
	assert_int_equal(queue_delete(scene.fixture->engine, "jobs", QUEUE_ANY, &error), RELEVO_OK);
	assert_int_equal(lease_ack(scene.fixture->a, scene.first.leases, scene.first.count,
				   scene.fixture->now, &error),
			 RELEVO_NOT_OWNER);
}

/* What is unread comes first, and nothing more goes out ahead. */
static void test_a_strict_handle(void **state)
{
	struct scene scene = { 0 };
	set(&scene, state);
	struct call call = { 0 };
	queue_get_in_order(scene.fixture->b, scene.of_b);
	assert_int_equal(scene.recalls.count, 1);
	get(scene.fixture->b, scene.of_b, 1, NSEC_NEVER, &call);
	assert_waits(&call);
	give_back(&scene);
	assert_items(&call, "2");
	get_ahead(scene.fixture->a, scene.of_a, 100, &call);
	assert_items(&call, "3");
	expect(scene.fixture->b, scene.of_b, "4 5 6 7 8", &call);
}

/* Read, they are in nobody's way any more. */
static void test_a_strict_handle_when_all_are_read(void **state)
{
	struct scene scene = { 0 };
	set(&scene, state);
	struct call call = { 0 };
	queue_get_in_order(scene.fixture->b, scene.of_b);
	get(scene.fixture->b, scene.of_b, 1, NSEC_NEVER, &call);
	assert_waits(&call);
	ack(scene.fixture->a, &scene.first);
	assert_items(&call, "6");
}

static void test_a_strict_handle_is_closed(void **state)
{
	struct scene scene = { 0 };
	set(&scene, state);
	struct call call = { 0 };
	struct error error = { 0 };
	queue_get_in_order(scene.fixture->b, scene.of_b);
	give_back(&scene);
	assert_int_equal(queue_close(scene.fixture->b, scene.of_b, &error), RELEVO_OK);
	get_ahead(scene.fixture->a, scene.of_a, 100, &call);
	assert_items(&call, "2 3 4 5");
}

static void test_not_where_it_would_show(void **state)
{
	struct fixture *fixture = *state;
	struct call call = { 0 };
	uint32_t bounded = open_bounded(fixture->a, "bounded", 10);
	put_now(fixture->a, bounded, "1 2 3 4");
	get_ahead(fixture->a, bounded, 100, &call);
	assert_items(&call, "1");
	uint32_t leased = open_leased(fixture->a, "leased", 5);
	put_now(fixture->a, leased, "1 2 3 4");
	get_ahead(fixture->a, leased, 100, &call);
	assert_items(&call, "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(test_half_of_the_depth),
		fixture_test(test_no_more_than_asked_for),
		fixture_test(test_unread_items_count_as_ready),
		fixture_test(test_recalled_for_who_waits),
		fixture_test(test_recalled_once),
		fixture_test(test_a_get_that_does_not_wait),
		fixture_test(test_empty_when_nothing_comes_back_soon),
		fixture_test(test_taken_from_who_does_not_give_back),
		fixture_test(test_called_back_after_a_while),
		fixture_test(test_no_recall_of_a_steady_reader),
		fixture_test(test_a_dead_reader),
		fixture_test(test_a_dead_reader_that_tells),
		fixture_test(test_a_closed_handle),
		fixture_test(test_a_deleted_queue),
		fixture_test(test_a_strict_handle),
		fixture_test(test_a_strict_handle_when_all_are_read),
		fixture_test(test_a_strict_handle_is_closed),
		fixture_test(test_not_where_it_would_show),
	};
	return cmocka_run_group_tests_name("engine/ahead", tests, NULL, NULL);
}
