/* Each allocation of the engine fails once, and from then on: nothing is half-made. */
#include "base/list.h"
#include "cells.h"
#include "core/peer.h"
#include "engine/peer_look.h"
#include "engine/pipe.h"
#include "engine/shared.h"
#include "queues/manage.h"
#include "support/scarce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- sources ------------------------------------------------------------ */

static int alive; /* of what came from them */

static void *source_take(void)
{
	void *made = malloc(1);
	alive += made != NULL;
	return made;
}

static void source_release(void *made)
{
	alive--;
	free(made);
}

static int make_ends(struct account *account, void *ends[2], struct error *error)
{
	(void)account;
	ends[0] = source_take();
	ends[1] = ends[0] != NULL ? source_take() : NULL;
	if (ends[1] != NULL)
		return RELEVO_OK;
	if (ends[0] != NULL)
		source_release(ends[0]);
	return error_set(error, RELEVO_NO_MEMORY, "no memory for ends");
}

static int make_memory(const struct shared_options *options, struct account *account, void **memory,
		       struct error *error)
{
	(void)options;
	(void)account;
	*memory = source_take();
	return *memory != NULL ? RELEVO_OK
			       : error_set(error, RELEVO_NO_MEMORY, "no memory for memory");
}

static const struct pipe_source ends = { make_ends, source_release };
static const struct shared_source memories = { make_memory, source_release };

/* ---- operations that may fail ------------------------------------------- */

/* All calls of a scene: each may be answered, wait, or be refused. */
enum { MOST_CALLS = 256 };

struct play {
	struct fixture *f;
	struct call calls[MOST_CALLS];
	int used;
};

static struct call *next_call(struct play *play)
{
	assert_true(play->used < MOST_CALLS);
	return &play->calls[play->used++];
}

/* 0: it is not there. */
static uint32_t try_open(struct engine_peer *peer, const char *name,
			 const struct queue_options *options)
{
	struct queue_opened opened = { 0 };
	struct error error;
	int status = queue_open(peer, name, QUEUE_OPEN_OR_CREATE, options, &opened, &error);
	assert_true(status == RELEVO_OK || status == RELEVO_NO_MEMORY);
	return status == RELEVO_OK ? opened.handle : 0;
}

static uint32_t try_open_numbers(struct engine_peer *peer, const char *name)
{
	struct cell_opened opened = { 0 };
	struct error error;
	const struct cell_open_request request = { .name = name, .options = numbers(4) };
	return cell_open(peer, &request, &opened, &error) == RELEVO_OK ? opened.handle : 0;
}

static void try_put(struct play *play, struct engine_peer *peer, struct put_request request,
		    const char *words)
{
	put_request(peer, &request, words, next_call(play));
}

static struct call *try_get(struct play *play, struct engine_peer *peer, uint32_t handle,
			    uint32_t max, nsec_t deadline)
{
	struct call *call = next_call(play);
	get(peer, handle, max, deadline, call);
	return call;
}

/* What became of the leases does not matter: it must not be forgotten. */
static void try_nack(struct play *play, const struct call *call, nsec_t not_before)
{
	struct error error;
	lease_nack(play->f->a, call->leases, call->count, not_before, false, play->f->now, &error);
}

static void pass_time(struct play *play, unsigned seconds)
{
	tick_to(play->f, seconds);
}

/* ---- scenes ------------------------------------------------------------- */

static void puts_and_gets(struct play *play)
{
	struct engine_peer *a = play->f->a, *b = play->f->b;
	const struct queue_options plain = { 0 }, small = { .bounded = true, .capacity = 2 };
	uint32_t q = try_open(a, "q", &plain), p = try_open(b, "p", &small);
	try_get(play, a, q, 3, SECONDS(5));
	try_put(play, b, (struct put_request){ .name = "q", .deadline = SECONDS(9) }, "1 2 3 4 5");
	const struct call *got = try_get(play, a, q, 2, 0);
	try_put(play, a,
		(struct put_request){ .name = "p",
				      .acks = got->leases,
				      .ack_count = got->count,
				      .deadline = NSEC_NEVER },
		"6 7 8");
	try_get(play, b, p, 5, 0);
	for (int i = 0; i < 40; i++)
		try_get(play, b, p, 1, SECONDS(6));
	get_ahead(a, q, 3, next_call(play));
	pass_time(play, 10);
}

static void delays_and_times(struct play *play)
{
	struct engine_peer *a = play->f->a;
	const struct queue_options timed = { .bounded = true,
					     .capacity = 2,
					     .ttl = SECONDS(8),
					     .lease = SECONDS(4),
					     .dead_letter = "dead",
					     .max_deliveries = 2 };
	uint32_t q = try_open(a, "q", &timed);
	try_put(play, a,
		(struct put_request){
			.handle = q, .not_before = SECONDS(3), .deadline = SECONDS(20) },
		"1 2 3");
	try_put(play, a,
		(struct put_request){
			.name = "q", .not_before = SECONDS(5), .deadline = SECONDS(20) },
		"4");
	pass_time(play, 4);
	try_nack(play, try_get(play, a, q, 2, 0), SECONDS(6));
	try_nack(play, try_get(play, a, q, 2, 0), 0);
	pass_time(play, 7);
	struct error error;
	const struct call *got = try_get(play, a, q, 1, 0);
	lease_reject(a, got->leases, got->count, play->f->now, &error);
	try_get(play, a, q, 2, 0);
	pass_time(play, 30);
}

/* One that waits behind others, in more queues than the first table of timers has room for. */
static void many_timers(struct play *play)
{
	struct engine_peer *a = play->f->a;
	const struct queue_options none = { .bounded = true };
	char name[16];
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "q%d", i);
		try_open(a, name, &none);
		try_put(play, a, (struct put_request){ .name = name, .deadline = SECONDS(2) }, "1");
		try_put(play, a,
			(struct put_request){
				.name = name, .not_before = SECONDS(3), .deadline = NSEC_NEVER },
			"2");
	}
	pass_time(play, 5);
	for (uint32_t handle = 1; handle <= 20; handle++)
		try_get(play, a, handle, 1, 0);
}

static void orders_and_keys(struct play *play)
{
	struct engine_peer *a = play->f->a, *b = play->f->b;
	const struct queue_options fair = { .order = QUEUE_FAIR };
	const struct queue_options ranked = { .order = QUEUE_PRIORITY,
					      .bounded = true,
					      .capacity = 1,
					      .full = QUEUE_DROP_OLDEST,
					      .dead_letter = "dropped" };
	uint32_t q = try_open(a, "fair", &fair), p = try_open(a, "ranked", &ranked);
	const struct put_request keyed = { .name = "fair",
					   .key = "key",
					   .key_size = 3,
					   .properties = "text",
					   .properties_size = 4,
					   .expires = SECONDS(50) };
	struct move_request move = { .from = "fair", .to = "ranked" };
	struct error error;
	struct queue_summary summaries[8];
	struct peek peek;
	uint64_t count;
	try_put(play, a, keyed, "1");
	try_put(play, b, keyed, "2");
	try_put(play, b, (struct put_request){ .name = "fair" }, "3 4");
	for (int i = 0; i < 4; i++)
		try_put(play, b, (struct put_request){ .name = "ranked", .priority = i }, "5");
	queue_peek(a, &(struct peek_request){ .handle = q, .max_items = 9 }, play->f->now, &peek,
		   &error);
	queue_list(play->f->engine, &(struct list_request){ .prefix = "", .after = "", .max = 8 },
		   summaries);
	move_items(a, &move, play->f->now, next_call(play));
	try_get(play, a, q, 9, 0);
	try_get(play, a, p, 9, 0);
	queue_purge(a, q, play->f->now, &count, &error);
	queue_shut_down(a, p, QUEUE_DRAINING, play->f->now, &error);
}

static void locks(struct play *play)
{
	struct engine_peer *a = play->f->a, *b = play->f->b;
	const struct queue_options permits = { .kind = QUEUE_SEMAPHORE, .tokens = 3 };
	const struct queue_options condition = { .kind = QUEUE_CONDITION, .bounded = true };
	struct error error;
	uint32_t s = try_open(a, "s", &permits), t = try_open(b, "s", &permits);
	uint32_t news = try_open(b, "news", &condition);
	try_get(play, a, s, 2, 0);
	try_get(play, b, t, 2, SECONDS(3));
	try_get(play, b, news, 1, NSEC_NEVER);
	token_release(a, &(struct token_release){ .handle = s, .any = true }, play->f->now, &error);
	for (int i = 0; i < 5; i++)
		token_release(b, &(struct token_release){ .handle = t, .any = true }, play->f->now,
			      &error);
	try_put(play, a, (struct put_request){ .name = "news" }, "notice");
	pass_time(play, 5);
}

static void ignore_cell(struct cell_call *call)
{
	(void)call;
}

static void cells(struct play *play)
{
	struct engine_peer *a = play->f->a, *b = play->f->b;
	static struct cell_call waits[24], updates[2];
	memset(waits, 0, sizeof waits);
	memset(updates, 0, sizeof updates);
	uint32_t n = try_open_numbers(a, "n"), m = try_open_numbers(b, "n");
	for (int i = 0; i < 12; i++) {
		await_first(a, n, (uint8_t)(i % ELEMENT_COMPARISONS), i, &waits[i]);
		await(b,
		      &(struct cell_wait){
			      .handle = m, .operation = CELL_CHANGED, .deadline = SECONDS(2) },
		      0, &waits[12 + i]);
	}
	const struct number_update step = {
		.handle = m,
		.terms = { { 0, CELL_ADD, 5 } },
		.count = 1,
		.will = { { 0, CELL_SET, 11 } },
		.will_count = 1,
	};
	updates[0].then = updates[1].then = ignore_cell;
	update(b, &step, &updates[0]);
	update(b, &step, &updates[1]);
	pass_time(play, 3);
	gone(play->f, &play->f->b);
}

static void ignore(struct waiter *waiter, const struct answer *answer)
{
	(void)waiter;
	(void)answer;
}

static void pipes_and_memory(struct play *play)
{
	struct fixture *f = play->f;
	static struct waiter meets[6];
	struct error error;
	struct shared_opened memory;
	for (int i = 0; i < 6; i++) {
		const struct pipe_request request = { .name = i < 4 ? "p" : "nobody",
						      .local = i < 2,
						      .deadline = SECONDS(2) };
		meets[i] = (struct waiter){ .answer = ignore };
		pipe_meet(i % 2 == 0 ? f->a : f->c, &request, f->now, &meets[i]);
	}
	const struct shared_request request = { .name = "", .options.size = 7 };
	if (shared_open(f->a, &request, &memory, &error) == RELEVO_OK)
		shared_delete(f->engine, memory.name, &error);
	shared_open(f->a, &request, &memory, &error);
	pass_time(play, 3);
}

static void several_queues(struct play *play)
{
	struct engine_peer *a = play->f->a;
	const struct queue_options plain = { 0 };
	const uint32_t handles[] = { try_open(a, "x", &plain), try_open(a, "y", &plain),
				     try_open(a, "z", &plain) };
	for (int i = 0; i < 12; i++) {
		struct call *call = next_call(play);
		const struct get_request request = {
			.handle = handles[0],
			.also = handles + 1,
			.also_count = 2,
			.deadline = i % 2 == 0 ? SECONDS(2) : 0,
		};
		/* The fixture's answer. */
		get(a, 0, 1, 0, call);
		*call = (struct call){ .waiter.answer = call->waiter.answer };
		queue_get(a, &request, play->f->now, &call->waiter);
	}
	try_put(play, a, (struct put_request){ .name = "y" }, "1 2");
	pass_time(play, 3);
}

static void sessions(struct play *play)
{
	struct fixture *f = play->f;
	const struct queue_options own = { .lifetime = QUEUE_SESSION, .exclusive = true };
	struct engine_peer *peer = engine_peer_new(f->engine, f->first_user);
	if (peer == NULL)
		return;
	uint32_t q = try_open(peer, "own", &own), effort = 10;
	struct peer_look look;
	try_put(play, peer, (struct put_request){ .name = "own" }, "1 2 3");
	try_get(play, peer, q, 2, 0);
	try_get(play, f->a, try_open(f->a, "own", &own), 1, NSEC_NEVER);
	peer_look(peer, &effort, &look);
	engine_peer_leave(peer);
	engine_peer_gone(peer, f->now);
}

/* ---- each allocation of a scene ----------------------------------------- */

static struct fixture *open_fixture(void)
{
	const struct engine_config config = {
		.seed = 42,
		.peer_waiters = 100,
		.peer_leases = 1000,
		.peer_handles = 100,
		.pipes = &ends,
		.shared = &memories,
	};
	return fixture_open(&config);
}

/* False: there was enough for all of the scene. */
static bool play_with(void (*scene)(struct play *play), uint64_t nth, enum scarcity scarcity)
{
	static struct play play;
	play = (struct play){ .f = open_fixture() };
	scarce_begin(nth, scarcity);
	scene(&play);
	/* Who is left goes while it lasts. */
	if (play.f->a != NULL)
		gone(play.f, &play.f->a);
	bool failed = scarce_end();
	for (int i = 0; i < play.used; i++)
		assert_in_range(play.calls[i].answers, 0, 1);
	fixture_close(play.f);
	assert_int_equal(alive, 0);
	return failed;
}

static void run_out_in(void (*scene)(struct play *play))
{
	enum { FEWEST = 5, MOST = 2000 };
	for (int how = SCARCE_ONCE; how <= SCARCE_FROM_NOW; how++) {
		uint64_t nth = 1;
		while (play_with(scene, nth, (enum scarcity)how))
			nth++;
		/* It was counted at all. */
		assert_in_range(nth, FEWEST, MOST);
	}
}

/* ---- half of a put ------------------------------------------------------- */

static void test_memory_that_runs_out_half_way_leaves_nothing(void **state)
{
	(void)state;
	/* Too large for a slab: each is an allocation. */
	enum { SIZE = SLAB_LARGEST, COUNT = 3, LAST = COUNT };
	static const uint8_t bodies[COUNT * SIZE];
	const uint32_t sizes[COUNT] = { SIZE, SIZE, SIZE };
	struct fixture *f = open_fixture();
	struct call call = { 0 };
	uint32_t q = open_plain(f->a, "q");
	size_t before = f->first_user->used;
	put_request(f->a, &(struct put_request){ .handle = q }, "", &call);
	const struct put_request request = {
		.handle = q, .bodies = bodies, .sizes = sizes, .count = COUNT
	};
	call.answers = 0;
	scarce_begin(LAST, SCARCE_ONCE);
	queue_put(f->a, &request, f->now, &call.waiter);
	assert_true(scarce_end());
	assert_answer(&call, RELEVO_NO_MEMORY);
	assert_int_equal(f->first_user->used, before);
	assert_int_equal(f->engine->items.alive, 0);
	expect(f->a, q, "", &call);
	fixture_close(f);
}

#define TEST(scene)                                                                                \
	static void test_##scene(void **state)                                                     \
	{                                                                                          \
		(void)state;                                                                       \
		run_out_in(scene);                                                                 \
	}

TEST(puts_and_gets)
TEST(delays_and_times)
TEST(many_timers)
TEST(orders_and_keys)
TEST(locks)
TEST(cells)
TEST(pipes_and_memory)
TEST(several_queues)
TEST(sessions)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_that_runs_out_half_way_leaves_nothing),
		cmocka_unit_test(test_puts_and_gets),
		cmocka_unit_test(test_delays_and_times),
		cmocka_unit_test(test_many_timers),
		cmocka_unit_test(test_orders_and_keys),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_pipes_and_memory),
		cmocka_unit_test(test_several_queues),
		cmocka_unit_test(test_sessions),
	};
	return cmocka_run_group_tests_name("engine/no_memory", tests, NULL, NULL);
}
