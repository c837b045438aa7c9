/* Whose turn it is, and for how long. */
#include "net/connection.h"
#include "net/network.h"
#include "net/turn.h"
#include "support/test.h"
#include "transport/channel.h"
#include "transport/channel_impl.h"

#include <sys/socket.h>
#include <unistd.h>

static uint64_t done;

static uint64_t work(void *context)
{
	(void)context;
	return done;
}

static uint64_t told_share;

static void share(void *context, uint64_t units)
{
	(void)context;
	told_share = units;
}

static struct network network_of(uint32_t turn_work)
{
	return (struct network){
		.config.turn_work = turn_work,
		.handlers = { .work = work, .share = share },
	};
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
	assert_int_equal(told_share, 250);
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

static void test_what_is_more_than_a_share_waits_for_the_others(void **state)
{
	struct network network = network_of(1000);
	(void)state;
	turn_begin(&network, 4);
	assert_false(turn_outweighed(&network, 250));
	assert_true(turn_outweighed(&network, 251));
	turn_of_heavy(&network);
	assert_false(turn_outweighed(&network, 100000));
	assert_true(told_share == UINT64_MAX);
	turn_begin(&network, 1);
	assert_true(turn_outweighed(&network, 1001));
}

/* ---- a network ------------------------------------------------------------- */

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

static uint64_t watched, seen_after; /* a call, and the work that was done before it */
static size_t asked;                 /* bytes that are copied into its answer */
static int rounds;                   /* of the loop, until then */

static size_t answer_size(void *session, const struct frame *frame)
{
	(void)session;
	return frame->header->call == watched ? asked : 0;
}

/* Of a frame: the number of its call, which is also what it costs. */
static uint64_t weight(void *session, const struct frame *frame)
{
	(void)session;
	return frame->header->call;
}

static void take_frame(void *session, int status, const struct frame *frame,
		       const struct error *error)
{
	(void)session;
	(void)error;
	assert_int_equal(status, RELEVO_OK);
	if (frame->header->call == watched)
		seen_after = done;
	done += frame->header->call;
}

static void set_up(struct network *network, struct accounts *accounts)
{
	struct error error;
	accounts_init(accounts, 1, 64 * 1024 * 1024, 10);
	*network = (struct network){
		.accounts = accounts,
		.config = { .turn_work = 1000, .hello_timeout_ms = 10000 },
		.handlers = { .opened = open_session,
			      .gone = end_session,
			      .work = work,
			      .share = share,
			      .frame = take_frame,
			      .weight = weight,
			      .answer_size = answer_size,
			      .busy = is_never_busy },
	};
	assert_int_equal(loop_open(&network->loop, &error), RELEVO_OK);
	assert_int_equal(network_open(network, &error), RELEVO_OK);
}

/* The other end of a new connection. */
static int connect_to(struct network *network, struct connection **connection)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	*connection = connection_new(network, channel_unix_new(ends[0], false));
	assert_non_null(*connection);
	connection_admit(*connection);
	return ends[1];
}

/* A network of so many connections, all of which have been closed by the other end. */
static void open_and_close(struct network *network, struct accounts *accounts)
{
	struct connection *connection;
	set_up(network, accounts);
	for (int i = 0; i < CONNECTIONS; i++) {
		close(connect_to(network, &connection));
		connection_finish(connection, "test");
	}
	assert_int_equal(sessions, CONNECTIONS);
}

/* ---- frames ---------------------------------------------------------------- */

static void send_calls(int fd, uint64_t call, int count)
{
	Relevo__Flush flush = RELEVO__FLUSH__INIT;
	Relevo__Header header = RELEVO__HEADER__INIT;
	struct buffer bytes = { 0 };
	header.op_case = RELEVO__HEADER__OP_FLUSH;
	header.flush = &flush;
	header.call = call;
	for (int i = 0; i < count; i++)
		assert_true(frame_append_head(&bytes, &header, 0));
	size_t size = buffer_size(&bytes);
	assert_int_equal(send(fd, buffer_data(&bytes), size, 0), size);
	buffer_fini(&bytes);
}

/* Rounds until the call that is watched has been seen. */
static void finish_round(void *context)
{
	struct network *network = context;
	network_finish_round(network);
	rounds++;
	if (seen_after != UINT64_MAX)
		loop_stop(network->loop);
}

static nsec_t next_round(void *context)
{
	return network_deadline(context);
}

/* Several connections send such calls, the last one another: the work that is done before it. */
static uint64_t done_before(uint64_t last_call, uint64_t call, int count)
{
	struct network network;
	struct accounts accounts;
	struct connection *connection;
	struct error error;
	int fds[CONNECTIONS];
	set_up(&network, &accounts);
	for (int i = 0; i < CONNECTIONS; i++) {
		bool last = i == CONNECTIONS - 1;
		fds[i] = connect_to(&network, &connection);
		send_calls(fds[i], last ? last_call : call, last ? 1 : count);
	}
	uint64_t before = done;
	watched = last_call;
	seen_after = UINT64_MAX;
	rounds = 0;
	const struct loop_hooks hooks = { &network, next_round, finish_round };
	assert_int_equal(loop_run(network.loop, &hooks, &error), RELEVO_OK);
	network_close(&network);
	for (int i = 0; i < CONNECTIONS; i++)
		close(fds[i]);
	accounts_fini(&accounts);
	loop_close(network.loop);
	return seen_after - before;
}

static void test_a_light_frame_waits_for_a_turn_and_not_for_all_heavy_ones(void **state)
{
	(void)state;
	/* What had begun before anybody was seen to wait, and no more. */
	assert_in_range(done_before(1, 600, 1), 600, 2 * 600);
}

static void test_a_heavy_frame_has_its_turn_among_light_ones(void **state)
{
	(void)state;
	/* The others would go on for 20 turns. */
	assert_in_range(done_before(600, 100, 40), 1000, 3 * 1000);
}

static void test_memory_for_a_large_answer_takes_several_rounds(void **state)
{
	(void)state;
	done_before(1, 1, 1);
	assert_in_range(rounds, 1, 3);
	asked = 16 * 1024 * 1024;
	done_before(1, 2, 1);
	asked = 0;
	assert_in_range(rounds, 6, 12);
}

/* ---- ends of connections --------------------------------------------------- */

static void test_many_that_end_at_once_do_so_by_turns(void **state)
{
	struct network network;
	struct accounts accounts;
	(void)state;
	rounds = 0;
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
		cmocka_unit_test(test_what_is_more_than_a_share_waits_for_the_others),
		cmocka_unit_test(test_a_light_frame_waits_for_a_turn_and_not_for_all_heavy_ones),
		cmocka_unit_test(test_a_heavy_frame_has_its_turn_among_light_ones),
		cmocka_unit_test(test_memory_for_a_large_answer_takes_several_rounds),
		cmocka_unit_test(test_many_that_end_at_once_do_so_by_turns),
		cmocka_unit_test(test_all_end_with_the_network),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
