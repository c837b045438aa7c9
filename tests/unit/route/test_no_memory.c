/* Each allocation of a whole broker fails once, and from then on: what comes afterwards is served.
 */
#include "log/log.h"
#include "player.h"
#include "support/process.h"
#include "support/scarce.h"
#include "support/test.h"
#include "wire/arena.h"
#include "wire/frame.h"
#include "wire/protocol.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { ONE, OTHER, BYSTANDER, LATE };

#define HEADER(NAME, name, message)                                                                \
	{                                                                                          \
		.base = PROTOBUF_C_MESSAGE_INIT(&relevo__header__descriptor),                      \
		.op_case = RELEVO__HEADER__OP_##NAME, .name = (message)                            \
	}

/* ---- what they say ------------------------------------------------------------ */

static void say_hello(struct script *script, int player, uint64_t inherits)
{
	Relevo__Hello hello = RELEVO__HELLO__INIT;
	Relevo__Header header = HEADER(HELLO, hello, &hello);
	hello.version = PROTOCOL_VERSION;
	hello.inherits = inherits;
	script_send(script, player, 1, &header, NULL);
}

static void open_queue(struct script *script, int player, const char *name)
{
	Relevo__QueueOpen open = RELEVO__QUEUE_OPEN__INIT;
	Relevo__Header header = HEADER(QUEUE_OPEN, queue_open, &open);
	open.name = (char *)name;
	script_send(script, player, 2, &header, NULL);
}

static void come(struct script *script, int player, const char *queue)
{
	script_connect(script, player);
	say_hello(script, player, 0);
	open_queue(script, player, queue);
}

/* Accepted before anything else: without memory that pauses for a while. */
static void come_both(struct script *script, const char *queue)
{
	script_connect(script, ONE);
	script_connect(script, OTHER);
	for (int player = ONE; player <= OTHER; player++) {
		say_hello(script, player, 0);
		open_queue(script, player, queue);
	}
}

static void put(struct script *script, int player, const char *name, uint32_t size)
{
	static const uint8_t zeros[128 * 1024];
	Relevo__QueuePut message = RELEVO__QUEUE_PUT__INIT;
	Relevo__Header header = HEADER(QUEUE_PUT, queue_put, &message);
	message.name = (char *)name;
	header.n_sizes = 1;
	header.sizes = &size;
	script_send(script, player, 3, &header, zeros);
}

static void get(struct script *script, int player, uint64_t call, uint32_t timeout_ms)
{
	Relevo__QueueGet message = RELEVO__QUEUE_GET__INIT;
	Relevo__Header header = HEADER(QUEUE_GET, queue_get, &message);
	message.queue = 1;
	message.max_items = 10;
	message.timeout_ms = timeout_ms;
	script_send(script, player, call, &header, NULL);
}

static void cancel(struct script *script, int player, uint64_t call)
{
	Relevo__Cancel message = RELEVO__CANCEL__INIT;
	Relevo__Header header = HEADER(CANCEL, cancel, &message);
	message.call = call;
	script_send(script, player, 0, &header, NULL);
}

static void meet(struct script *script, int player, const char *name, uint32_t timeout_ms)
{
	Relevo__PipeMeet message = RELEVO__PIPE_MEET__INIT;
	Relevo__Header header = HEADER(PIPE_MEET, pipe_meet, &message);
	message.name = (char *)name;
	message.timeout_ms = timeout_ms;
	script_send(script, player, 50, &header, NULL);
}

static void open_memory(struct script *script, int player, const char *name, const char *initial)
{
	Relevo__SharedOpen open = RELEVO__SHARED_OPEN__INIT;
	Relevo__Header header = HEADER(SHARED_OPEN, shared_open, &open);
	uint32_t size = (uint32_t)strlen(initial);
	open.name = (char *)name;
	open.size = 100;
	open.lifetime = RELEVO__LIFETIME__LIFETIME_SESSION;
	header.n_sizes = size > 0;
	header.sizes = &size;
	script_send(script, player, 60, &header, initial);
}

static const struct key the_key = { .size = KEY_MIN_SIZE, .bytes = "0123456789abcdef" };
static const struct key another_key = { .size = KEY_MIN_SIZE, .bytes = "fedcba9876543210" };

static void come_over_tcp(struct script *script, int player, const struct key *key)
{
	script_connect_tcp(script, player);
	say_hello(script, player, 0);
	script_listen(script, player, 1);
	script_prove(script, player, key);
	script_listen(script, player, 2);
}

/* ---- scenes ------------------------------------------------------------------- */

static void coming_and_going(struct script *script)
{
	Relevo__Goodbye goodbye = RELEVO__GOODBYE__INIT;
	Relevo__Header header = HEADER(GOODBYE, goodbye, &goodbye);
	come(script, ONE, "q");
	put(script, ONE, "q", 5);
	get(script, ONE, 4, 0);
	script_send(script, ONE, 5, &header, NULL);
	/* The bystander's is the first session. */
	script_connect(script, OTHER);
	say_hello(script, OTHER, 1);
	script_read(script, OTHER);
	script_close(script, OTHER);
	/* And one who is refused. */
	script_connect(script, LATE);
	get(script, LATE, 1, 0);
	script_read(script, LATE);
	script_close(script, LATE);
}

static void looks(struct script *script)
{
	Relevo__SessionList sessions = RELEVO__SESSION_LIST__INIT;
	Relevo__QueueList queues = RELEVO__QUEUE_LIST__INIT;
	Relevo__QueuePeek peek = RELEVO__QUEUE_PEEK__INIT;
	Relevo__Header looks[] = {
		HEADER(SESSION_LIST, session_list, &sessions),
		HEADER(QUEUE_LIST, queue_list, &queues),
		HEADER(QUEUE_PEEK, queue_peek, &peek),
	};
	peek.queue = 1;
	peek.max_items = 100;
	come(script, ONE, "q");
	put(script, ONE, "q", 5);
	put(script, ONE, "q", 10000);
	for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++)
		script_send(script, ONE, 10, &looks[i], NULL);
	script_read(script, ONE);
}

/* Half frames, and answers that nobody reads for a while. */
static void large_items(struct script *script)
{
	come_both(script, "q");
	struct script whole = { .count = 0 };
	put(&whole, ONE, "q", 100000);
	const struct buffer *bytes = &whole.steps[0].bytes;
	for (size_t part = 20000, at = 0; at < buffer_size(bytes); at += part) {
		size_t left = buffer_size(bytes) - at;
		script_bytes(script, ONE, buffer_data(bytes) + at, left < part ? left : part);
	}
	script_fini(&whole);
	for (int i = 0; i < 5; i++)
		put(script, ONE, "q", i % 2 == 0 ? 90000 : 1000);
	for (uint64_t call = 10; call < 14; call++)
		get(script, OTHER, call, 0);
	script_read(script, OTHER);
	script_read(script, OTHER);
	script_close(script, OTHER);
	get(script, ONE, 20, 0);
	script_read(script, ONE);
}

static void waits(struct script *script)
{
	come_both(script, "q");
	for (uint64_t call = 10; call < 50; call++)
		get(script, ONE, call, 60000);
	cancel(script, ONE, 20);
	put(script, OTHER, "q", 7);
	put(script, OTHER, "q", 70000);
	script_read(script, ONE);
	script_close(script, ONE);
	get(script, OTHER, 10, 60000);
	script_read(script, OTHER);
}

static void pipes_and_memory(struct script *script)
{
	come_both(script, "q");
	meet(script, ONE, "p", 60000);
	meet(script, OTHER, "p", 60000);
	open_memory(script, ONE, "m", "begin");
	open_memory(script, OTHER, "m", "");
	open_memory(script, ONE, "", "");
	/* Some of it nobody has read when they go. */
	script_read(script, ONE);
	meet(script, ONE, "nobody", 60000);
	script_close(script, OTHER);
	script_close(script, ONE);
}

/* Who knows the key, and has much to say and to hear. */
static void a_key_over_tcp(struct script *script)
{
	come_over_tcp(script, ONE, &the_key);
	open_queue(script, ONE, "q");
	for (int i = 0; i < 3; i++)
		put(script, ONE, "q", 30000);
	script_listen(script, ONE, 6);
	for (uint64_t call = 10; call < 14; call++)
		get(script, ONE, call, 0);
	script_listen(script, ONE, 10);
	get(script, ONE, 20, 60000);
	cancel(script, ONE, 20);
	script_listen(script, ONE, 11);
	script_close(script, ONE);
}

static void strangers_over_tcp(struct script *script)
{
	come_over_tcp(script, ONE, &another_key);
	script_connect_tcp(script, OTHER);
	get(script, OTHER, 1, 0);
	script_listen(script, OTHER, 1);
	script_close(script, OTHER);
	script_connect_tcp(script, OTHER);
}

/* ---- afterwards --------------------------------------------------------------- */

static uint64_t failing;
static enum scarcity scarcity;
static bool failed;

static void begin_scarcity(void)
{
	scarce_begin(failing, scarcity);
}

static void end_scarcity(void)
{
	failed = scarce_end();
}

static void be_served(struct script *script, int player, const char *queue, size_t frames)
{
	open_queue(script, player, queue);
	put(script, player, queue, 5);
	get(script, player, 4, 0);
	script_await(script, player, frames);
}

/* It has been answered in that order; over tcp with a challenge before. */
static void expect_served(const struct player *player, bool over_tcp)
{
	static const Relevo__Header__OpCase answers[] = {
		RELEVO__HEADER__OP_CHALLENGE,    RELEVO__HEADER__OP_WELCOME,
		RELEVO__HEADER__OP_QUEUE_OPENED, RELEVO__HEADER__OP_DONE,
		RELEVO__HEADER__OP_QUEUE_ITEMS,
	};
	const struct frame_limits limits = { FRAME_MAX_FOR(1024), 1024 };
	const uint8_t *bytes = buffer_data(&player->read);
	size_t left = buffer_size(&player->read);
	struct arena arena;
	assert_true(arena_init(&arena, ARENA_LIMIT_FOR_HEADERS));
	for (size_t i = over_tcp ? 0 : 1; i < sizeof answers / sizeof answers[0]; i++) {
		struct frame frame;
		struct error error = { 0 };
		arena_reset(&arena);
		if (frame_read(bytes, left, &limits, &arena, &frame, &error) != RELEVO_OK ||
		    frame.header->op_case != answers[i])
			fail_msg("allocation %d: answer %zu, %zu bytes: %s", (int)failing, i, left,
				 error.text);
		bytes += frame.size;
		left -= frame.size;
	}
	assert_int_equal(left, 0);
	assert_false(player->ended);
	arena_fini(&arena);
}

static size_t open_descriptors(void)
{
	size_t count = 0;
	DIR *folder = opendir("/proc/self/fd");
	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

/* ---- each allocation of a scene ------------------------------------------------ */

static const char *broker_name(void)
{
	static char name[32];
	snprintf(name, sizeof name, "relevo-no-memory-%d", (int)getpid());
	return name;
}

static struct broker *open_broker(bool over_tcp)
{
	const struct broker_config config = {
		.max_item = 1024 * 1024,
		.max_memory = 64 * 1024 * 1024,
		.max_queues = 100,
		.hello_timeout_ms = 60000,
		.silence_seconds = 30,
		.key = over_tcp ? &the_key : NULL,
	};
	char url[64];
	struct broker *broker = NULL;
	struct error error = { 0 };
	snprintf(url, sizeof url, "abstract://%s", broker_name());
	assert_int_equal(broker_open(&config, &broker, &error), RELEVO_OK);
	if (broker_listen(broker, url, &error) != RELEVO_OK)
		fail_msg("%s", error.text);
	if (over_tcp && broker_listen(broker, "tcp://127.0.0.1:0", &error) != RELEVO_OK)
		fail_msg("%s", error.text);
	return broker;
}

struct settling {
	struct loop *loop;
	size_t most;
	size_t seen; /* when it was last looked */
	int64_t deadline;
};

static void settle_in_round(void *context, uint32_t events)
{
	struct settling *settling = context;
	(void)events;
	settling->seen = open_descriptors();
	if (settling->seen <= settling->most || test_now() > settling->deadline)
		loop_stop(settling->loop);
}

/* Let the broker go on until no more are open: it hears later of what has been closed, and
 * the transport closes its sockets in a thread of its own, also those of the broker before. That
 * thread may also accept later what has been closed by then: what counts is that there is a
 * moment when no more are open. */
static size_t settle_descriptors(struct broker *broker, size_t most)
{
	int always = eventfd(1, EFD_CLOEXEC);
	/* The eventfd is one of them. */
	struct settling settling = {
		.loop = broker_loop(broker),
		.most = most + 1,
		.deadline = test_now() + TEST_PATIENCE,
	};
	struct loop_source *source =
		loop_add(settling.loop, always, EPOLLIN, settle_in_round, &settling);
	struct error error = { 0 };
	assert_non_null(source);
	assert_int_equal(broker_run(broker, &error), RELEVO_OK);
	loop_remove(source);
	close(always);
	return settling.seen - 1;
}

static void play(struct script *script, bool over_tcp)
{
	struct player players[PLAYERS];
	struct broker *broker = open_broker(over_tcp);
	size_t before = open_descriptors();
	script_play(script, broker, broker_name(), players);
	expect_served(&players[BYSTANDER], false);
	expect_served(&players[LATE], over_tcp);
	/* Those two are still there, at both ends; over tcp the broker has an event beside. */
	size_t most = before + (over_tcp ? 5 : 4);
	size_t after = settle_descriptors(broker, most);
	if (after > most)
		fail_msg("allocation %d: %zu descriptors, not %zu", (int)failing, after, most);
	broker_close(broker);
	players_fini(players);
}

static void write_script(struct script *script, void (*scene)(struct script *script), bool over_tcp)
{
	script_connect(script, BYSTANDER);
	say_hello(script, BYSTANDER, 0);
	script_call(script, begin_scarcity);
	scene(script);
	script_call(script, end_scarcity);
	script_close(script, ONE);
	script_close(script, OTHER);
	be_served(script, BYSTANDER, "of the bystander", 4);
	if (over_tcp) {
		script_connect_tcp(script, LATE);
		say_hello(script, LATE, 0);
		script_await(script, LATE, 1);
		script_prove(script, LATE, &the_key);
		script_await(script, LATE, 2);
	} else {
		script_connect(script, LATE);
		say_hello(script, LATE, 0);
	}
	be_served(script, LATE, "of the late one", over_tcp ? 5 : 4);
}

static void run_out_in(void (*scene)(struct script *script), bool over_tcp)
{
	enum { FEWEST = 10, MOST = 500 };
	static struct script script;
	script.count = 0;
	write_script(&script, scene, over_tcp);
	for (int how = SCARCE_ONCE; how <= SCARCE_FROM_NOW; how++) {
		scarcity = (enum scarcity)how;
		failing = 0;
		do {
			failing++;
			play(&script, over_tcp);
		} while (failed);
		/* It was counted at all. */
		assert_in_range(failing, FEWEST, MOST);
	}
	script_fini(&script);
}

#define TEST(scene, over_tcp)                                                                      \
	static void test_##scene(void **state)                                                     \
	{                                                                                          \
		(void)state;                                                                       \
		run_out_in(scene, over_tcp);                                                       \
	}

TEST(coming_and_going, false)
TEST(looks, false)
TEST(large_items, false)
TEST(waits, false)
TEST(pipes_and_memory, false)
TEST(a_key_over_tcp, true)
TEST(strangers_over_tcp, true)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_coming_and_going),   cmocka_unit_test(test_looks),
		cmocka_unit_test(test_large_items),        cmocka_unit_test(test_waits),
		cmocka_unit_test(test_pipes_and_memory),   cmocka_unit_test(test_a_key_over_tcp),
		cmocka_unit_test(test_strangers_over_tcp),
	};
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("route/no_memory", tests, NULL, NULL);
}
