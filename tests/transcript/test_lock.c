/* lock.proto, conversation by conversation. */
#include "transcript/scene.h"

static uint64_t send_open(struct wire_client *client, const Relevo__LockOpen *open)
{
	Relevo__Header header = WIRE_HEADER(LOCK_OPEN, lock_open, (Relevo__LockOpen *)open);
	return wire_send(client, &header, NULL);
}

static const Relevo__QueueOpened *open_as(struct wire_client *client, const Relevo__LockOpen *open)
{
	uint64_t call = send_open(client, open);
	return wire_expect(client, call, RELEVO__HEADER__OP_QUEUE_OPENED)->queue_opened;
}

static uint32_t open_lock(struct wire_client *client)
{
	Relevo__LockOpen open = RELEVO__LOCK_OPEN__INIT;
	open.name = (char *)"lock";
	return open_as(client, &open)->queue;
}

static uint64_t send_release(struct wire_client *client, const Relevo__LockRelease *release)
{
	Relevo__Header header =
		WIRE_HEADER(LOCK_RELEASE, lock_release, (Relevo__LockRelease *)release);
	return wire_send(client, &header, NULL);
}

static uint64_t send_simple_release(struct wire_client *client, uint32_t queue, uint64_t lease)
{
	Relevo__LockRelease release = RELEVO__LOCK_RELEASE__INIT;
	release.queue = queue;
	release.lease = lease;
	release.any = lease == 0;
	return send_release(client, &release);
}

static uint64_t send_acquire(struct wire_client *client, uint32_t queue)
{
	return wire_send_get(client, queue, 1, MSEC_FOREVER);
}

/* The token comes. */
static Relevo__QueueItems expect_token(struct wire_client *client, uint64_t call, bool died)
{
	const Relevo__Header *header = wire_expect(client, call, RELEVO__HEADER__OP_QUEUE_ITEMS);
	assert_int_equal(header->n_sizes, 1);
	assert_int_equal(header->sizes[0], 0);
	assert_int_equal(header->queue_items->n_leases, 1);
	assert_int_equal(header->queue_items->n_deliveries, died);
	assert_int_not_equal(header->queue_items->grant, 0);
	return *header->queue_items;
}

static uint64_t expect_lease(struct wire_client *client, uint64_t call)
{
	const Relevo__Header *header = wire_expect(client, call, RELEVO__HEADER__OP_QUEUE_ITEMS);
	assert_int_equal(header->queue_items->n_leases, 1);
	return header->queue_items->leases[0];
}

static void test_a_lock_is_handed_on(void **state)
{
	struct scene *scene = *state;
	uint32_t mine = open_lock(&scene->client);
	uint32_t theirs = open_lock(&scene->bystander);
	uint64_t lease = expect_lease(&scene->client, send_acquire(&scene->client, mine));
	uint64_t waiting = send_acquire(&scene->bystander, theirs);
	wire_expect_silence(&scene->bystander, 50);
	wire_expect_done(&scene->client, send_simple_release(&scene->client, mine, lease), 0);
	uint64_t first = expect_token(&scene->bystander, waiting, false).grant;
	uint64_t next = send_acquire(&scene->client, mine);
	wire_expect_done(&scene->bystander, send_simple_release(&scene->bystander, theirs, 0), 0);
	assert_true(expect_token(&scene->client, next, false).grant > first);
}

static void test_release_says_what_is_wrong(void **state)
{
	struct scene *scene = *state;
	uint32_t lock = open_lock(&scene->client);
	wire_expect_failure(&scene->client, send_simple_release(&scene->client, lock, 0),
			    RELEVO_OVER_RELEASE, "nobody holds the lock \"lock\"");
	wire_expect_failure(&scene->client, send_simple_release(&scene->client, lock, 77),
			    RELEVO_NOT_OWNER, "the lock \"lock\" is not held");
	wire_expect_failure(&scene->client, send_simple_release(&scene->client, scene->queue, 0),
			    RELEVO_BAD_ARGUMENT, "\"work\" is a queue");
	wire_expect_failure(&scene->client, send_simple_release(&scene->client, 99, 0),
			    RELEVO_BAD_ARGUMENT, "99");
}

static void test_a_quiet_release_is_never_answered(void **state)
{
	struct scene *scene = *state;
	Relevo__LockRelease release = RELEVO__LOCK_RELEASE__INIT;
	release.queue = open_lock(&scene->client);
	release.quiet = true;
	release.lease = expect_lease(&scene->client, send_acquire(&scene->client, release.queue));
	send_release(&scene->client, &release);
	send_release(&scene->client, &release); /* this one fails */
	uint64_t call = send_acquire(&scene->client, release.queue);
	expect_token(&scene->client, call, false);
}

static void test_open_refuses_what_it_does_not_know(void **state)
{
	struct scene *scene = *state;
	Relevo__LockOpen open = RELEVO__LOCK_OPEN__INIT;
	open.name = (char *)"strange";
	open.kind = 9;
	wire_expect_failure(&scene->client, send_open(&scene->client, &open), RELEVO_BAD_ARGUMENT,
			    "kind 9 is not known");
	open.kind = RELEVO__LOCK_KIND__LOCK_KIND_LOCK;
	open.mode = 9;
	wire_expect_failure(&scene->client, send_open(&scene->client, &open), RELEVO_BAD_ARGUMENT,
			    "mode 9 is not known");
	open.mode = RELEVO__OPEN_MODE__OPEN_OR_CREATE;
	open.lifetime = 9;
	wire_expect_failure(&scene->client, send_open(&scene->client, &open), RELEVO_BAD_ARGUMENT,
			    "lifetime 9 is not known");
	open.lifetime = RELEVO__LIFETIME__LIFETIME_KEPT;
	open.kind = RELEVO__LOCK_KIND__LOCK_KIND_SEMAPHORE;
	open.tokens = UINT64_MAX;
	wire_expect_failure(&scene->client, send_open(&scene->client, &open), RELEVO_BAD_ARGUMENT,
			    "more than the 250000 allowed");
	open.name = (char *)"work";
	open.tokens = 1;
	wire_expect_failure(&scene->client, send_open(&scene->client, &open),
			    RELEVO_OPTION_MISMATCH, "\"work\" is a queue, not a semaphore");
}

static void test_a_queue_is_not_opened_as_what_it_is_not(void **state)
{
	struct scene *scene = *state;
	open_lock(&scene->client);
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	open.name = (char *)"lock";
	open.mode = RELEVO__OPEN_MODE__OPEN_EXISTING;
	Relevo__Header header = WIRE_HEADER(QUEUE_OPEN, queue_open, &open);
	wire_expect_failure(&scene->client, wire_send(&scene->client, &header, NULL),
			    RELEVO_OPTION_MISMATCH, "\"lock\" is a lock, not a queue");
	open.any_kind = true;
	uint64_t call = wire_send(&scene->client, &header, NULL);
	wire_expect(&scene->client, call, RELEVO__HEADER__OP_QUEUE_OPENED);
	open.mode = RELEVO__OPEN_MODE__OPEN_OR_CREATE;
	wire_expect_failure(&scene->client, wire_send(&scene->client, &header, NULL),
			    RELEVO_OPTION_MISMATCH, "\"lock\" is a lock, not a queue");
}

static void test_a_connection_that_breaks_is_a_death(void **state)
{
	struct scene *scene = *state;
	struct wire_client doomed;
	wire_connect(&doomed, scene->broker.url);
	wire_hello(&doomed);
	expect_lease(&doomed, send_acquire(&doomed, open_lock(&doomed)));
	uint32_t lock = open_lock(&scene->client);
	uint64_t waiting = send_acquire(&scene->client, lock);
	wire_expect_silence(&scene->client, 50);
	wire_close(&doomed);
	expect_token(&scene->client, waiting, true);
}

static void test_a_goodbye_is_not(void **state)
{
	struct scene *scene = *state;
	struct wire_client leaving;
	wire_connect(&leaving, scene->broker.url);
	wire_hello(&leaving);
	expect_lease(&leaving, send_acquire(&leaving, open_lock(&leaving)));
	uint32_t lock = open_lock(&scene->client);
	uint64_t waiting = send_acquire(&scene->client, lock);
	wire_expect_done(&leaving, wire_send_goodbye(&leaving), 0);
	expect_token(&scene->client, waiting, false);
	wire_close(&leaving);
}

static void test_what_is_kept_outlasts_a_goodbye(void **state)
{
	struct scene *scene = *state;
	struct wire_client leaving;
	Relevo__LockOpen open = RELEVO__LOCK_OPEN__INIT;
	open.name = (char *)"kept";
	open.keep = true;
	wire_connect(&leaving, scene->broker.url);
	wire_hello(&leaving);
	expect_lease(&leaving, send_acquire(&leaving, open_as(&leaving, &open)->queue));
	uint32_t lock = open_as(&scene->client, &open)->queue;
	uint64_t waiting = send_acquire(&scene->client, lock);
	wire_expect_done(&leaving, wire_send_goodbye(&leaving), 0);
	wire_close(&leaving);
	wire_expect_silence(&scene->client, 50);
	/* Who waits is served before the release is answered. */
	uint64_t release = send_simple_release(&scene->client, lock, 0);
	expect_token(&scene->client, waiting, false);
	wire_expect_done(&scene->client, release, 0);
}

static void test_a_condition_wakes_those_who_wait(void **state)
{
	struct scene *scene = *state;
	Relevo__LockOpen open = RELEVO__LOCK_OPEN__INIT;
	open.name = (char *)"condition";
	open.kind = RELEVO__LOCK_KIND__LOCK_KIND_CONDITION;
	uint32_t mine = open_as(&scene->client, &open)->queue;
	uint32_t theirs = open_as(&scene->bystander, &open)->queue;
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.queue = theirs;
	wire_expect_failure(&scene->bystander, wire_send_put(&scene->bystander, &put, ""),
			    RELEVO_TIMED_OUT, "condition");
	uint64_t waiting = send_acquire(&scene->client, mine);
	wire_send_flush(&scene->client);
	wire_receive(&scene->client);
	wire_expect_done(&scene->bystander, wire_send_put(&scene->bystander, &put, ""), 1);
	wire_expect_item(&scene->client, waiting, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_a_lock_is_handed_on),
		scene_test(test_release_says_what_is_wrong),
		scene_test(test_a_quiet_release_is_never_answered),
		scene_test(test_open_refuses_what_it_does_not_know),
		scene_test(test_a_queue_is_not_opened_as_what_it_is_not),
		scene_test(test_a_connection_that_breaks_is_a_death),
		scene_test(test_a_goodbye_is_not),
		scene_test(test_what_is_kept_outlasts_a_goodbye),
		scene_test(test_a_condition_wakes_those_who_wait),
	};
	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
