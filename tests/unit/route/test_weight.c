/* What a frame is known to cost before it is dealt with. */
#include "route/weight.h"
#include "support/test.h"
#include "wire/protocol.h"

static uint64_t weight_of(const Relevo__Header *header, size_t bodies_size)
{
	const struct frame frame = { .header = header, .bodies_size = bodies_size };
	return frame_weight(NULL, &frame);
}

#define HEADER(NAME, name, message)                                                                \
	{                                                                                          \
		.base = PROTOBUF_C_MESSAGE_INIT(&relevo__header__descriptor),                      \
		.op_case = RELEVO__HEADER__OP_##NAME, .name = (message)                            \
	}

static void test_what_is_named_weighs(void **state)
{
	Relevo__QueueAck ack = RELEVO__QUEUE_ACK__INIT;
	Relevo__QueuePut put = RELEVO__QUEUE_PUT__INIT;
	Relevo__Header acking = HEADER(QUEUE_ACK, queue_ack, &ack);
	Relevo__Header putting = HEADER(QUEUE_PUT, queue_put, &put);
	(void)state;
	ack.n_leases = 4096;
	acking.n_acks = 100;
	assert_int_equal(weight_of(&acking, 0), 4196);
	putting.n_sizes = 3;
	assert_int_equal(weight_of(&putting, 10), 3);
	assert_int_equal(weight_of(&putting, 1024 * 1024), 3 + 256);
}

static void test_what_is_asked_for_weighs(void **state)
{
	Relevo__QueueGet get = RELEVO__QUEUE_GET__INIT;
	Relevo__QueueList list = RELEVO__QUEUE_LIST__INIT;
	Relevo__QueuePeek peek = RELEVO__QUEUE_PEEK__INIT;
	Relevo__SessionList look = RELEVO__SESSION_LIST__INIT;
	Relevo__Header getting = HEADER(QUEUE_GET, queue_get, &get);
	Relevo__Header listing = HEADER(QUEUE_LIST, queue_list, &list);
	Relevo__Header peeking = HEADER(QUEUE_PEEK, queue_peek, &peek);
	Relevo__Header looking = HEADER(SESSION_LIST, session_list, &look);
	(void)state;
	get.max_items = 500;
	assert_int_equal(weight_of(&getting, 0), 500);
	get.max_items = UINT32_MAX;
	assert_int_equal(weight_of(&getting, 0), FRAME_MAX_ITEMS);
	list.max_queues = 7;
	assert_int_equal(weight_of(&listing, 0), 7);
	list.max_queues = 0;
	assert_in_range(weight_of(&listing, 0), 100, 1000);
	peek.max_items = UINT32_MAX;
	assert_in_range(weight_of(&peeking, 0), 100, 1000);
	assert_in_range(weight_of(&looking, 0), 1000, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_named_weighs),
		cmocka_unit_test(test_what_is_asked_for_weighs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
