/* How long a connection may exist without a greeting. */
#include "net/connection.h"
#include "net/network.h"
#include "support/test.h"
#include "transport/channel.h"
#include "transport/channel_impl.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than one round of the loop serves, and a time that is over before the first. */
enum { CONNECTIONS = 100, TIMEOUT_MSEC = 1 };

struct stage {
	struct accounts accounts;
	struct network network;
	int clients[CONNECTIONS];
	int greeted, gone;
	bool challenges; /* the first frame does not greet, the second does */
};

/* Of the connections, by session: what has been heard from it. */
struct guest {
	struct stage *stage;
	struct connection *connection;
	int frames;
};

static void *open_session(void *context, struct connection *connection)
{
	struct guest *guest = calloc(1, sizeof *guest);
	assert_non_null(guest);
	*guest = (struct guest){ .stage = context, .connection = connection };
	return guest;
}

static void end_session(void *session, const char *reason)
{
	struct guest *guest = session;
	(void)reason;
	guest->stage->gone++;
	free(guest);
}

static void hear(void *session, int status, const struct frame *frame, const struct error *error)
{
	struct guest *guest = session;
	(void)status;
	(void)frame;
	(void)error;
	if (guest->frames++ > 0 || !guest->stage->challenges) {
		guest->stage->greeted++;
		connection_greeted(guest->connection);
	}
}

static uint64_t work(void *context)
{
	(void)context;
	return 0;
}

static size_t answer_size(void *session, const struct frame *frame)
{
	(void)session;
	(void)frame;
	return 0;
}

static uint64_t weigh(void *session, const struct frame *frame)
{
	(void)session;
	(void)frame;
	return 1;
}

static void share(void *context, uint64_t units)
{
	(void)context;
	(void)units;
}

static bool is_never_busy(void *session)
{
	(void)session;
	return false;
}

static nsec_t deadline(void *context)
{
	struct stage *stage = context;
	return network_deadline(&stage->network);
}

static bool is_settled(const struct stage *stage)
{
	return stage->greeted + stage->gone == CONNECTIONS;
}

static void finish_round(void *context)
{
	struct stage *stage = context;
	network_finish_round(&stage->network);
	if (is_settled(stage))
		loop_stop(stage->network.loop);
}

static void say_hello(int fd)
{
	struct buffer bytes = { 0 };
	Relevo__Hello hello = RELEVO__HELLO__INIT;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_HELLO;
	header.hello = &hello;
	assert_true(frame_append_head(&bytes, &header, 0));
	ssize_t size = (ssize_t)buffer_size(&bytes);
	assert_int_equal(send(fd, buffer_data(&bytes), buffer_size(&bytes), MSG_NOSIGNAL), size);
	buffer_fini(&bytes);
}

static void connect_all(struct stage *stage)
{
	int ends[2];
	for (int i = 0; i < CONNECTIONS; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
		stage->clients[i] = ends[1];
		struct connection *connection =
			connection_new(&stage->network, channel_unix_new(ends[0], false));
		assert_non_null(connection);
		connection_admit(connection);
	}
}

static int setup(void **state)
{
	struct stage *stage = calloc(1, sizeof *stage);
	struct error error;
	assert_non_null(stage);
	accounts_init(&stage->accounts, 1, 1024 * 1024, 2 * CONNECTIONS);
	stage->network = (struct network){
		.accounts = &stage->accounts,
		.config = { .hello_timeout_ms = TIMEOUT_MSEC, .max_output = 1024 * 1024 },
		.handlers = { .context = stage,
			      .opened = open_session,
			      .frame = hear,
			      .gone = end_session,
			      .work = work,
			      .weight = weigh,
			      .answer_size = answer_size,
			      .share = share,
			      .busy = is_never_busy },
	};
	assert_int_equal(loop_open(&stage->network.loop, &error), RELEVO_OK);
	assert_int_equal(network_open(&stage->network, &error), RELEVO_OK);
	connect_all(stage);
	*state = stage;
	return 0;
}

static int teardown(void **state)
{
	struct stage *stage = *state;
	network_close(&stage->network);
	accounts_fini(&stage->accounts);
	loop_close(stage->network.loop);
	for (int i = 0; i < CONNECTIONS; i++)
		close(stage->clients[i]);
	free(stage);
	return 0;
}

static void run_late(struct stage *stage)
{
	const struct loop_hooks hooks = { stage, deadline, finish_round };
	struct error error;
	poll(NULL, 0, 2 * TIMEOUT_MSEC);
	assert_int_equal(loop_run(stage->network.loop, &hooks, &error), RELEVO_OK);
}

static void test_who_said_hello_is_not_late_when_the_broker_is(void **state)
{
	struct stage *stage = *state;
	for (int i = 0; i < CONNECTIONS; i++)
		say_hello(stage->clients[i]);
	run_late(stage);
	assert_int_equal(stage->greeted, CONNECTIONS);
}

static void test_who_says_nothing_is_late(void **state)
{
	struct stage *stage = *state;
	run_late(stage);
	assert_int_equal(stage->gone, CONNECTIONS);
	assert_int_equal(stage->greeted, 0);
}

/* It would have had a second chance, but nothing more comes. */
static void test_half_a_greeting_is_none(void **state)
{
	struct stage *stage = *state;
	stage->challenges = true;
	for (int i = 0; i < CONNECTIONS; i++)
		say_hello(stage->clients[i]);
	run_late(stage);
	assert_int_equal(stage->gone, CONNECTIONS);
	assert_int_equal(stage->greeted, 0);
}

int main(void)
{
#define greeting_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
	const struct CMUnitTest tests[] = {
		greeting_test(test_who_said_hello_is_not_late_when_the_broker_is),
		greeting_test(test_who_says_nothing_is_late),
		greeting_test(test_half_a_greeting_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
