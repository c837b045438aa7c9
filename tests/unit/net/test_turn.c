/* Whose turn it is, and for how long. */
#include "net/network.h"

#include "support/test.h"

static uint64_t done;

static uint64_t work(void *context)
{
	(void)context;
	return done;
}

static struct network network_of(uint32_t turn_work)
{
	return (struct network){ .config.turn_work = turn_work, .handlers.work = work };
}

static void test_a_turn_is_over_when_its_work_is_done(void **state)
{
	struct network network = network_of(1000);
	(void)state;
	turn_begin(&network, 0);
	done += 999;
	assert_false(turn_is_over(&network));
	network.turn.frames++;
	assert_true(turn_is_over(&network));
	turn_begin(&network, 0);
	assert_false(turn_is_over(&network));
}

static void test_those_who_wait_share_a_turn(void **state)
{
	struct network network = network_of(1000);
	(void)state;
	turn_begin(&network, 4);
	uint64_t end = turn_share_end(&network);
	done += 249;
	assert_false(turn_share_is_over(&network, end));
	done++;
	assert_true(turn_share_is_over(&network, end));
	assert_false(turn_is_over(&network));
	/* Of many, each can do a little. */
	turn_begin(&network, 100000);
	end = turn_share_end(&network);
	done += 10;
	assert_false(turn_share_is_over(&network, end));
}

static void test_without_a_bound_no_turn_ends(void **state)
{
	struct network network = network_of(0);
	(void)state;
	turn_begin(&network, 10);
	uint64_t end = turn_share_end(&network);
	done += 1000 * 1000;
	assert_false(turn_is_over(&network));
	assert_false(turn_share_is_over(&network, end));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_turn_is_over_when_its_work_is_done),
		cmocka_unit_test(test_those_who_wait_share_a_turn),
		cmocka_unit_test(test_without_a_bound_no_turn_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
