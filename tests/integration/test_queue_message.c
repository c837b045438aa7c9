/* Queues of protobuf messages. */
#include "queue.pb-c.h"
#include "support/queues.h"

#include <relevo/protobuf.h>

/* Any message will do: these are relevo's own. */
static const ProtobufCMessageDescriptor *const stats_type = &relevo__queue_stats__descriptor;
static const ProtobufCMessageDescriptor *const move_type = &relevo__queue_move__descriptor;

static void a_message_comes_as_it_was_put(void **state)
{
	struct scene *scene = *state;
	Relevo__QueueStats stats = RELEVO__QUEUE_STATS__INIT;
	ProtobufCMessage *message = NULL;
	stats.ready = 4711;
	assert_ok(relevo_queue_put_message(scene->queue, &stats.base, 0, RELEVO_FOREVER));
	assert_ok(relevo_queue_get_message(scene->queue, stats_type, 100, TEST_PATIENCE, &message));
	assert_int_equal(((Relevo__QueueStats *)message)->ready, 4711);
	protobuf_c_message_free_unpacked(message, NULL);
	assert_ok(relevo_queue_join(scene->queue, TEST_PATIENCE));
	assert_status(relevo_queue_get_message(scene->queue, stats_type, 0, 0, &message),
		      RELEVO_TIMED_OUT);
	assert_null(message);
}

static void an_empty_message_is_one_too(void **state)
{
	struct scene *scene = *state;
	Relevo__QueueStats stats = RELEVO__QUEUE_STATS__INIT;
	ProtobufCMessage *message = NULL;
	assert_ok(relevo_queue_put_message(scene->queue, &stats.base, 1, RELEVO_FOREVER));
	assert_ok(relevo_queue_get_message(scene->queue, stats_type, 1, TEST_PATIENCE, &message));
	assert_int_equal(((Relevo__QueueStats *)message)->ready, 0);
	protobuf_c_message_free_unpacked(message, NULL);
}

static void large_messages_are_refused(void **state)
{
	struct scene *scene = *state;
	Relevo__QueueMove move = RELEVO__QUEUE_MOVE__INIT;
	ProtobufCMessage *message = NULL;
	move.from = (char *)"a name of some length";
	assert_fails(relevo_queue_put_message(scene->queue, &move.base, 20, RELEVO_FOREVER),
		     RELEVO_TOO_LARGE, "relevo.QueueMove for \"q\" has 23 bytes");
	assert_int_equal(counts_of(scene->queue).put, 0);
	assert_ok(relevo_queue_put_message(scene->queue, &move.base, 23, RELEVO_FOREVER));
	assert_fails(relevo_queue_get_message(scene->queue, move_type, 22, TEST_PATIENCE, &message),
		     RELEVO_TOO_LARGE, "23 bytes, more than the limit of 22");
	assert_null(message);
	/* It is out of the way. */
	assert_ok(relevo_queue_join(scene->queue, TEST_PATIENCE));
	assert_int_equal(counts_of(scene->queue).dead_lettered, 1);
	assert_ok(relevo_queue_put_message(scene->queue, &move.base, 23, RELEVO_FOREVER));
	assert_ok(relevo_queue_get_message(scene->queue, move_type, 23, TEST_PATIENCE, &message));
	assert_string_equal(((Relevo__QueueMove *)message)->from, move.from);
	protobuf_c_message_free_unpacked(message, NULL);
}

static void what_is_no_message_is_a_dead_letter(void **state)
{
	struct scene *scene = *state;
	const struct relevo_queue_options options = { .dead_letter = "dead" };
	relevo_queue *queue = NULL, *dead = queue_open(scene->session, "dead");
	ProtobufCMessage *message = NULL;
	assert_ok(relevo_queue_open(scene->session, "messages", &options, &queue));
	put_text(queue, "\377\377\377");
	assert_fails(relevo_queue_get_message(queue, stats_type, 0, TEST_PATIENCE, &message),
		     RELEVO_CANNOT_ENCODE,
		     "an item is no relevo.QueueStats, in the queue \"messages\"");
	expect_text(dead, "\377\377\377");
	relevo_queue_close(queue);
	relevo_queue_close(dead);
}

/* Without a place for dead letters it is gone; it does not come again for ever. */
static void what_is_no_message_is_not_in_the_way(void **state)
{
	struct scene *scene = *state;
	Relevo__QueueStats stats = RELEVO__QUEUE_STATS__INIT;
	ProtobufCMessage *message = NULL;
	stats.ready = 1;
	put_text(scene->queue, "\377\377\377");
	assert_ok(relevo_queue_put_message(scene->queue, &stats.base, 0, RELEVO_FOREVER));
	assert_fails(relevo_queue_get_message(scene->queue, stats_type, 0, TEST_PATIENCE, &message),
		     RELEVO_CANNOT_ENCODE, "in the queue \"q\"");
	assert_null(message);
	assert_ok(relevo_queue_get_message(scene->queue, stats_type, 0, TEST_PATIENCE, &message));
	assert_int_equal(((Relevo__QueueStats *)message)->ready, 1);
	protobuf_c_message_free_unpacked(message, NULL);
	assert_ok(relevo_queue_join(scene->queue, TEST_PATIENCE));
	assert_int_equal(counts_of(scene->queue).dead_lettered, 1);
}

static void a_leased_message_comes_with_its_item(void **state)
{
	struct scene *scene = *state;
	const struct relevo_put_options options = { .reply_to = "answers" };
	ProtobufCMessage *message = NULL;
	relevo_item item;
	/* The first field, a text of three bytes. */
	assert_ok(relevo_queue_put_with(scene->queue, "\n\3abc", 5, &options, RELEVO_FOREVER));
	assert_ok(relevo_queue_lease_message(scene->queue, move_type, 30, TEST_PATIENCE, &item,
					     &message));
	assert_string_equal(((Relevo__QueueMove *)message)->from, "abc");
	assert_string_equal(relevo_item_reply_to(&item), "answers");
	protobuf_c_message_free_unpacked(message, NULL);
	assert_int_equal(counts_of(scene->queue).leased, 1);
	assert_ok(relevo_queue_ack(scene->queue, &item, 1));
	relevo_item_free(&item);
	assert_status(relevo_queue_lease_message(scene->queue, move_type, 30, 0, &item, &message),
		      RELEVO_TIMED_OUT);
	assert_int_equal(item.lease, 0);
	assert_null(message);
}

static void what_is_no_message_can_be_kept(void **state)
{
	struct scene *scene = *state;
	const struct {
		const char *bytes;
		int status;
	} bad[] = { { "\377\377\377", RELEVO_CANNOT_ENCODE }, { "four", RELEVO_TOO_LARGE } };
	for (size_t i = 0; i < 2; i++) {
		ProtobufCMessage *message = NULL;
		relevo_item item;
		put_text(scene->queue, bad[i].bytes);
		assert_status(relevo_queue_lease_message(scene->queue, stats_type, 3, TEST_PATIENCE,
							 &item, &message),
			      bad[i].status);
		assert_null(message);
		assert_string_equal(item.data, bad[i].bytes);
		assert_ok(relevo_queue_nack(scene->queue, &item, 1, 0));
		relevo_item_free(&item);
		expect_text(scene->queue, bad[i].bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(a_message_comes_as_it_was_put),
		scene_unit_test(an_empty_message_is_one_too),
		scene_unit_test(large_messages_are_refused),
		scene_unit_test(what_is_no_message_is_a_dead_letter),
		scene_unit_test(what_is_no_message_is_not_in_the_way),
		scene_unit_test(a_leased_message_comes_with_its_item),
		scene_unit_test(what_is_no_message_can_be_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
