/* Who is connected, and what for: each kind of call that waits, as others see it. */
#include "transcript/scene.h"

#include <string.h>

static const Relevo__SessionListing *list(struct wire_client *client, uint64_t after)
{
	Relevo__SessionList message = RELEVO__SESSION_LIST__INIT;
	message.after = after;
	Relevo__Header header = WIRE_HEADER(SESSION_LIST, session_list, &message);
	uint64_t call = wire_send(client, &header, NULL);
	return wire_expect(client, call, RELEVO__HEADER__OP_SESSION_LISTING)->session_listing;
}

/* The one call in which the bystander waits, once the broker has heard of it. */
static void expect_wait(struct scene *scene, Relevo__WaitingCall call, const char *kind,
			const char *object)
{
	wire_expect_done(&scene->bystander, wire_send_flush(&scene->bystander), 0);
	const Relevo__SessionListing *listing = list(&scene->client, 1);
	assert_int_equal(listing->n_sessions, 1);
	assert_int_equal(listing->waits[0], 1);
	assert_int_equal(listing->wait_counts[0], 1);
	assert_int_equal(listing->wait_calls[0], call);
	assert_string_equal(listing->wait_kinds[0], kind);
	assert_string_equal(listing->wait_objects[0], object);
}

static void end_wait(struct scene *scene, uint64_t waiting)
{
	Relevo__Cancel cancel = RELEVO__CANCEL__INIT;
	cancel.call = waiting;
	Relevo__Header header = WIRE_HEADER(CANCEL, cancel, &cancel);
	wire_send(&scene->bystander, &header, NULL);
	wire_expect_failure(&scene->bystander, waiting, RELEVO_CANCELLED, "");
	assert_int_equal(list(&scene->client, 1)->waits[0], 0);
}

static uint32_t open_lock(struct wire_client *client, const char *name, Relevo__LockKind kind)
{
	Relevo__LockOpen open = RELEVO__LOCK_OPEN__INIT;
	open.name = (char *)name;
	open.kind = kind;
	Relevo__Header header = WIRE_HEADER(LOCK_OPEN, lock_open, &open);
	uint64_t call = wire_send(client, &header, NULL);
	return wire_expect(client, call, RELEVO__HEADER__OP_QUEUE_OPENED)->queue_opened->queue;
}

static void a_get_is_told(void **state)
{
	struct scene *scene = *state;
	uint64_t call = wire_send_get(&scene->bystander, scene->beside, 1, MSEC_FOREVER);
	expect_wait(scene, RELEVO__WAITING_CALL__WAITING_GET, "queue", "beside");
	end_wait(scene, call);
}

static void a_get_from_several_is_told_as_one(void **state)
{
	struct scene *scene = *state;
	Relevo__QueueGet get = RELEVO__QUEUE_GET__INIT;
	uint32_t also = wire_open(&scene->bystander, "another");
	get.queue = scene->beside;
	get.also = &also;
	get.n_also = 1;
	get.timeout_ms = MSEC_FOREVER;
	Relevo__Header header = WIRE_HEADER(QUEUE_GET, queue_get, &get);
	uint64_t call = wire_send(&scene->bystander, &header, NULL);
	expect_wait(scene, RELEVO__WAITING_CALL__WAITING_GET_ANY, "queue", "beside");
	end_wait(scene, call);
}

static void a_put_is_told(void **state)
{
	struct scene *scene = *state;
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	open.name = (char *)"full";
	open.bounded = true;
	Relevo__Header header = WIRE_HEADER(QUEUE_OPEN, queue_open, &open);
	uint64_t call = wire_send(&scene->bystander, &header, NULL);
	wire_expect(&scene->bystander, call, RELEVO__HEADER__OP_QUEUE_OPENED);
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	put.name = (char *)"full";
	put.timeout_ms = MSEC_FOREVER;
	call = wire_send_put(&scene->bystander, &put, "x");
	expect_wait(scene, RELEVO__WAITING_CALL__WAITING_PUT, "queue", "full");
	end_wait(scene, call);
}

static void a_join_is_told(void **state)
{
	struct scene *scene = *state;
	wire_put(&scene->client, scene->queue, "undone");
	Relevo__QueueJoin join = RELEVO__QUEUE_JOIN__INIT;
	join.queue = wire_open(&scene->bystander, "work");
	join.timeout_ms = MSEC_FOREVER;
	Relevo__Header header = WIRE_HEADER(QUEUE_JOIN, queue_join, &join);
	uint64_t call = wire_send(&scene->bystander, &header, NULL);
	expect_wait(scene, RELEVO__WAITING_CALL__WAITING_JOIN, "queue", "work");
	end_wait(scene, call);
}

static void waits_at_locks_and_conditions_are_told(void **state)
{
	struct scene *scene = *state;
	uint32_t lock = open_lock(&scene->client, "door", RELEVO__LOCK_KIND__LOCK_KIND_LOCK);
	uint64_t get = wire_send_get(&scene->client, lock, 1, 0);
	wire_expect(&scene->client, get, RELEVO__HEADER__OP_QUEUE_ITEMS);
	lock = open_lock(&scene->bystander, "door", RELEVO__LOCK_KIND__LOCK_KIND_LOCK);
	get = wire_send_get(&scene->bystander, lock, 1, MSEC_FOREVER);
	expect_wait(scene, RELEVO__WAITING_CALL__WAITING_ACQUIRE, "lock", "door");
	end_wait(scene, get);
	uint32_t news =
		open_lock(&scene->bystander, "news", RELEVO__LOCK_KIND__LOCK_KIND_CONDITION);
	get = wire_send_get(&scene->bystander, news, 1, MSEC_FOREVER);
	expect_wait(scene, RELEVO__WAITING_CALL__WAITING_WAIT, "condition", "news");
	end_wait(scene, get);
}

static void a_wait_for_a_cell_is_told(void **state)
{
	struct scene *scene = *state;
	Relevo__CellOpen open = RELEVO__CELL_OPEN__INIT;
	open.name = (char *)"flag";
	open.type = RELEVO__ELEMENT_TYPE__ELEMENT_TYPE_UINT8;
	open.count = 1;
	open.purpose = (char *)"event";
	Relevo__Header opening = WIRE_HEADER(CELL_OPEN, cell_open, &open);
	uint64_t call = wire_send(&scene->bystander, &opening, NULL);
	Relevo__CellWait wait = RELEVO__CELL_WAIT__INIT;
	wait.cell = wire_expect(&scene->bystander, call, RELEVO__HEADER__OP_CELL_OPENED)
			    ->cell_opened->cell;
	wait.operation = RELEVO__CELL_OPERATION__CELL_CHANGED;
	wait.timeout_ms = MSEC_FOREVER;
	Relevo__Header header = WIRE_HEADER(CELL_WAIT, cell_wait, &wait);
	call = wire_send(&scene->bystander, &header, NULL);
	expect_wait(scene, RELEVO__WAITING_CALL__WAITING_WAIT, "event", "flag");
	end_wait(scene, call);
}

/* Its place is no queue, and nothing behind it in memory may be told. */
static void a_wait_for_a_pipe_is_told(void **state)
{
	static const char *const names[] = { "p", "pipe of a longer name, beyond what "
						  "a small allocation has room for" };
	struct scene *scene = *state;
	for (size_t i = 0; i < 2; i++) {
		Relevo__PipeMeet meet = RELEVO__PIPE_MEET__INIT;
		meet.name = (char *)names[i];
		meet.timeout_ms = MSEC_FOREVER;
		Relevo__Header header = WIRE_HEADER(PIPE_MEET, pipe_meet, &meet);
		uint64_t call = wire_send(&scene->bystander, &header, NULL);
		expect_wait(scene, RELEVO__WAITING_CALL__WAITING_MEET, "pipe", names[i]);
		end_wait(scene, call);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(a_get_is_told),
		scene_test(a_get_from_several_is_told_as_one),
		scene_test(a_put_is_told),
		scene_test(a_join_is_told),
		scene_test(waits_at_locks_and_conditions_are_told),
		scene_test(a_wait_for_a_cell_is_told),
		scene_test(a_wait_for_a_pipe_is_told),
	};
	return cmocka_run_group_tests_name("transcript/session_list", tests, NULL, NULL);
}
