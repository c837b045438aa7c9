#include "fixture.h"

#include "base/list.h"
#include "core/peer.h"

#include <stdlib.h>
#include <string.h>

static struct fixture *fixture_begin(const struct engine_config *config, bool recorded)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	assert_non_null(fixture);
	accounts_init(&fixture->accounts, 7, 1024 * 1024, 1000);
	fixture->first_user = account_get(&fixture->accounts, 1);
	fixture->second_user = account_get(&fixture->accounts, 2);
	assert_non_null(fixture->first_user);
	assert_non_null(fixture->second_user);
	recorder_fake_init(&fixture->recorder);
	fixture->engine = engine_new(config, recorded ? &fixture->recorder.recorder : NULL);
	assert_non_null(fixture->engine);
	fixture->a = engine_peer_new(fixture->engine, fixture->first_user);
	fixture->b = engine_peer_new(fixture->engine, fixture->first_user);
	fixture->c = engine_peer_new(fixture->engine, fixture->second_user);
	assert_true(fixture->a != NULL && fixture->b != NULL && fixture->c != NULL);
	fixture->now = SECONDS(1);
	engine_tick(fixture->engine, fixture->now);
	return fixture;
}

struct fixture *fixture_open(const struct engine_config *config)
{
	return fixture_begin(config, true);
}

struct fixture *fixture_open_unrecorded(const struct engine_config *config)
{
	return fixture_begin(config, false);
}

void fixture_close(struct fixture *fixture)
{
	struct engine_peer **peers[] = { &fixture->a, &fixture->b, &fixture->c };
	for (size_t i = 0; i < 3; i++) {
		if (*peers[i] != NULL)
			gone(fixture, peers[i]);
	}
	while (recorder_fake_complete(&fixture->recorder, RELEVO_OK))
		;
	engine_free(fixture->engine);
	assert_int_equal(fixture->first_user->used, 0);
	assert_int_equal(fixture->second_user->used, 0);
	assert_int_equal(fixture->first_user->queues, 0);
	assert_int_equal(fixture->first_user->references, 1);
	account_drop(fixture->first_user);
	account_drop(fixture->second_user);
	accounts_fini(&fixture->accounts);
	recorder_fake_fini(&fixture->recorder);
	free(fixture);
}

int fixture_setup(void **state)
{
	const struct engine_config config = {
		.seed = 42,
		.peer_waiters = 1000,
		.peer_leases = 1000,
		.peer_handles = 1000,
	};
	*state = fixture_open(&config);
	return 0;
}

int fixture_setup_short_turns(void **state)
{
	const struct engine_config config = {
		.seed = 42,
		.peer_waiters = 1000,
		.peer_leases = 10000,
		.peer_handles = 1000,
		.turn_work = SHORT_TURN,
	};
	*state = fixture_open(&config);
	return 0;
}

static void take_turn(struct fixture *fixture)
{
	uint64_t before = engine_work_done(fixture->engine);
	engine_tick(fixture->engine, fixture->now);
	assert_in_range(engine_work_done(fixture->engine) - before, 1, 2 * SHORT_TURN);
}

unsigned take_turns(struct fixture *fixture)
{
	unsigned count = 0;
	for (; engine_next_deadline(fixture->engine) <= fixture->now; count++)
		take_turn(fixture);
	return count;
}

int fixture_teardown(void **state)
{
	fixture_close(*state);
	return 0;
}

void gone(struct fixture *fixture, struct engine_peer **peer)
{
	engine_peer_gone(*peer, fixture->now);
	*peer = NULL;
}

void tick_to(struct fixture *fixture, unsigned seconds)
{
	nsec_t end = SECONDS(seconds);
	nsec_t next;
	while ((next = engine_next_deadline(fixture->engine)) <= end) {
		fixture->now = next;
		assert_true(engine_tick(fixture->engine, next) > next);
	}
	fixture->now = end;
	engine_tick(fixture->engine, end);
}

uint32_t open_queue(struct engine_peer *peer, const char *name, const struct queue_options *options)
{
	struct queue_opened opened;
	struct error error;
	struct queue_options whole = *options;
	/* Durable wherever that can be, so that all is recorded. */
	whole.durable = peer->engine->recorder != NULL;
	assert_int_equal(queue_open(peer, name, QUEUE_OPEN_OR_CREATE, &whole, &opened, &error),
			 RELEVO_OK);
	assert_int_not_equal(opened.handle, 0);
	return opened.handle;
}

uint32_t open_plain(struct engine_peer *peer, const char *name)
{
	return open_queue(peer, name, &(struct queue_options){ 0 });
}

uint32_t open_bounded(struct engine_peer *peer, const char *name, uint64_t capacity)
{
	return open_queue(peer, name,
			  &(struct queue_options){ .bounded = true, .capacity = capacity });
}

uint32_t open_leased(struct engine_peer *peer, const char *name, unsigned seconds)
{
	return open_queue(peer, name, &(struct queue_options){ .lease = SECONDS(seconds) });
}

static void keep_delivery(struct call *call, const struct delivery *delivery)
{
	assert_true(call->count < CALL_ITEMS);
	size_t used = strlen(call->items);
	assert_true(used + delivery->item->size + 2 < sizeof call->items);
	if (used > 0)
		call->items[used++] = ' ';
	memcpy(call->items + used, delivery->item->body, delivery->item->size);
	call->items[used + delivery->item->size] = '\0';
	assert_true(delivery->lease != 0);
	call->leases[call->count] = delivery->lease;
	call->deliveries[call->count] = delivery->item->deliveries;
	call->grants[call->count] = delivery->grant;
	call->count++;
}

static void on_answer(struct waiter *waiter, const struct answer *answer)
{
	struct call *call = container_of(waiter, struct call, waiter);
	assert_false(waiter_pending(waiter));
	call->answers++;
	call->status = answer->status;
	call->accepted = answer->accepted;
	strncpy(call->text, answer->text, sizeof call->text - 1);
	for (uint32_t i = 0; i < answer->delivery_count; i++)
		keep_delivery(call, &answer->deliveries[i]);
	if (call->then != NULL)
		call->then(call);
}

static void reset(struct call *call)
{
	*call = (struct call){
		.waiter.answer = on_answer,
		.then = call->then,
		.fixture = call->fixture,
		.user = call->user,
	};
}

void put_request(struct engine_peer *peer, struct put_request *request, const char *words,
		 struct call *call)
{
	uint8_t bodies[1024];
	uint32_t sizes[CALL_ITEMS];
	size_t used = 0;
	request->count = 0;
	while (*words != '\0') {
		size_t size = strcspn(words, " ");
		assert_true(used + size <= sizeof bodies && request->count < CALL_ITEMS);
		memcpy(bodies + used, words, size);
		used += size;
		sizes[request->count++] = (uint32_t)size;
		words += size + (words[size] == ' ');
	}
	request->bodies = bodies;
	request->sizes = sizes;
	reset(call);
	queue_put(peer, request, peer->engine->now, &call->waiter);
}

void move_items(struct engine_peer *peer, const struct move_request *request, nsec_t now,
		struct call *call)
{
	reset(call);
	queue_move(peer, request, now, &call->waiter);
}

void put(struct engine_peer *peer, uint32_t handle, const char *words, nsec_t deadline,
	 struct call *call)
{
	struct put_request request = { .handle = handle, .deadline = deadline };
	put_request(peer, &request, words, call);
}

void get(struct engine_peer *peer, uint32_t handle, uint32_t max_items, nsec_t deadline,
	 struct call *call)
{
	struct get_request request = {
		.handle = handle,
		.max_items = max_items,
		.deadline = deadline,
	};
	reset(call);
	queue_get(peer, &request, peer->engine->now, &call->waiter);
}

void get_ahead(struct engine_peer *peer, uint32_t handle, uint32_t ahead, struct call *call)
{
	struct get_request request = { .handle = handle, .max_items = 1, .ahead = ahead };
	reset(call);
	queue_get(peer, &request, peer->engine->now, &call->waiter);
}

void put_now(struct engine_peer *peer, uint32_t handle, const char *words)
{
	struct call call = { 0 };
	put(peer, handle, words, 0, &call);
	assert_answer(&call, RELEVO_OK);
}

void expect(struct engine_peer *peer, uint32_t handle, const char *words, struct call *call)
{
	get(peer, handle, CALL_ITEMS, 0, call);
	assert_answer(call, words[0] != '\0' ? RELEVO_OK : RELEVO_TIMED_OUT);
	assert_string_equal(call->items, words);
}

void ack(struct engine_peer *peer, const struct call *call)
{
	struct error error;
	assert_int_equal(lease_ack(peer, call->leases, call->count, peer->engine->now, &error),
			 RELEVO_OK);
}

void nack(struct engine_peer *peer, const struct call *call)
{
	struct error error;
	assert_int_equal(
		lease_nack(peer, call->leases, call->count, 0, false, peer->engine->now, &error),
		RELEVO_OK);
}

struct queue_counts counts_of(struct engine_peer *peer, uint32_t handle)
{
	struct queue_counts counts;
	struct error error;
	assert_int_equal(queue_count(peer, handle, &counts, &error), RELEVO_OK);
	return counts;
}

void assert_waits(const struct call *call)
{
	assert_int_equal(call->answers, 0);
	assert_true(waiter_pending(&call->waiter));
}

void assert_answer(const struct call *call, int status)
{
	assert_int_equal(call->answers, 1);
	assert_string_equal(relevo_error_name(call->status), relevo_error_name(status));
}

void assert_items(const struct call *call, const char *words)
{
	assert_answer(call, RELEVO_OK);
	assert_string_equal(call->items, words);
}

void assert_text(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", text, part);
}
