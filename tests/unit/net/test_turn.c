/* Whose turn it is, and for how long. */
#include "net/connection.h"
#include "net/network.h"
#include "support/test.h"
#include "wire/channel_impl.h"

#include <sys/socket.h>
#include <unistd.h>

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

static void test_what_is_received_counts(void **state)
{
	struct network network = network_of(10);
	(void)state;
	turn_begin(&network, 0);
	turn_received(&network, 36 * 1024);
	turn_received(&network, 100);
	assert_false(turn_is_over(&network));
	turn_received(&network, 4096);
	assert_true(turn_is_over(&network));
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

/* ---- ends ------------------------------------------------------------------ */

enum { CONNECTIONS = 6, END_WORK = 600 };

static int sessions;

static void *open_session(void *context, struct connection *connection)
{
	(void)context;
	sessions++;
	return connection;
}

static void end_session(void *session, const char *reason)
{
	(void)session;
	(void)reason;
	sessions--;
	done += END_WORK;
}

static bool is_never_busy(void *session)
{
	(void)session;
	return false;
}

/* A network of so many connections, all of which have been closed by the other end. */
static void open_and_close(struct network *network, struct accounts *accounts)
{
	struct error error;
	int ends[2];
	accounts_init(accounts, 1, 1024 * 1024, 10);
	*network = (struct network){
		.accounts = accounts,
		.config = { .turn_work = 1000, .hello_timeout_ms = 10000 },
		.handlers = { .opened = open_session,
			      .gone = end_session,
			      .work = work,
			      .busy = is_never_busy },
	};
	assert_int_equal(loop_open(&network->loop, &error), RELEVO_OK);
	assert_int_equal(network_open(network, &error), RELEVO_OK);
	for (int i = 0; i < CONNECTIONS; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
		close(ends[1]);
		struct connection *connection =
			connection_new(network, channel_unix_new(ends[0], false));
		assert_non_null(connection);
		connection_admit(connection);
		connection_finish(connection, "test");
	}
	assert_int_equal(sessions, CONNECTIONS);
}

static void test_many_that_end_at_once_do_so_by_turns(void **state)
{
	struct network network;
	struct accounts accounts;
	int rounds = 0;
	(void)state;
	open_and_close(&network, &accounts);
	while (sessions > 0) {
		int before = sessions;
		network_finish_round(&network);
		assert_in_range(before - sessions, 1, 2);
		assert_true(sessions == 0 || network_deadline(&network) == 0);
		rounds++;
	}
	assert_in_range(rounds, CONNECTIONS / 2, CONNECTIONS);
	network_close(&network);
	accounts_fini(&accounts);
	loop_close(network.loop);
}

static void test_all_end_with_the_network(void **state)
{
	struct network network;
	struct accounts accounts;
	(void)state;
	open_and_close(&network, &accounts);
	network_close(&network);
	assert_int_equal(sessions, 0);
	accounts_fini(&accounts);
	loop_close(network.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_turn_is_over_when_its_work_is_done),
		cmocka_unit_test(test_what_is_received_counts),
		cmocka_unit_test(test_those_who_wait_share_a_turn),
		cmocka_unit_test(test_without_a_bound_no_turn_ends),
		cmocka_unit_test(test_many_that_end_at_once_do_so_by_turns),
		cmocka_unit_test(test_all_end_with_the_network),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
