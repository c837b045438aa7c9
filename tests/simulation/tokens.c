/*
 * Random operations on locks, semaphores and conditions, in the engine and in a
 * plain model, in step. Answers, counts and numbers of grants must agree.
 *
 *   simulation_tokens [seed [steps]]    RELEVO_SEED=seed simulation_tokens
 */
#include "simulation/seed.h"
#include "simulation/token_model.h"
#include "support/random.h"
#include "support/recorder_fake.h"

#include <inttypes.h>
#include <relevo/status.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 200000, WORLD_STEPS = 10000, OLD_LEASES = 8 };

/* The engine's side of a call. */
struct world_call {
	struct waiter waiter;
	bool answered;
	int status;
	bool died;
	uint64_t lease, grant;
};

struct world {
	struct random *random;
	struct token_model model;
	struct accounts accounts;
	struct account *account;
	struct recorder_fake recorder;
	struct engine *engine;
	struct engine_peer *peers[TOKEN_PEERS];
	uint32_t handles[TOKEN_PEERS][TOKEN_PLACES];
	struct world_call calls[TOKEN_CALLS];
	uint64_t last_grants[TOKEN_PLACES];
	uint64_t old_leases[OLD_LEASES]; /* some that were given out */
	uint64_t steps;
	const char *operation; /* the last one, for the report */
	bool failed;
};

static const char *const place_names[] = { "lock", "bounded", "free", "condition" };

static const struct queue_options place_options[] = {
	{ .kind = QUEUE_LOCK, .bounded = true, .tokens = 1, .lease = 50 },
	{ .kind = QUEUE_SEMAPHORE, .bounded = true, .tokens = 3, .keep = true },
	{ .kind = QUEUE_SEMAPHORE, .tokens = 1, .lease = 120 },
	{ .kind = QUEUE_CONDITION, .bounded = true },
};

static void expect(struct world *world, const char *what, uint64_t engine, uint64_t model)
{
	if (engine == model)
		return;
	fprintf(stderr,
		"step %" PRIu64 " of its world, %s: %s: engine %" PRIu64 ", model %" PRIu64 "\n",
		world->steps, world->operation, what, engine, model);
	world->failed = true;
}

/* ---- the world -------------------------------------------------------- */

static void open_peer(struct world *world, uint32_t peer)
{
	world->peers[peer] = engine_peer_new(world->engine, world->account);
	if (world->peers[peer] == NULL)
		abort();
	for (uint32_t i = 0; i < TOKEN_PLACES; i++) {
		struct queue_opened opened;
		struct error error;
		if (queue_open(world->peers[peer], place_names[i], QUEUE_OPEN_OR_CREATE,
			       &place_options[i], &opened, &error) != RELEVO_OK)
			abort();
		world->handles[peer][i] = opened.handle;
	}
}

static struct world *world_open(struct random *random)
{
	struct world *world = calloc(1, sizeof *world);
	if (world == NULL)
		abort();
	recorder_fake_init(&world->recorder);
	world->random = random;
	accounts_init(&world->accounts, random_next(random), SIZE_MAX / 2, UINT32_MAX);
	world->account = account_get(&world->accounts, 1);
	const struct engine_config config = {
		.seed = random_next(random),
		.peer_waiters = TOKEN_CALLS,
		.peer_leases = 1000,
		.peer_handles = TOKEN_PLACES,
	};
	world->engine = engine_new(&config, &world->recorder.recorder);
	if (world->account == NULL || world->engine == NULL)
		abort();
	world->model.now = 1;
	for (uint32_t i = 0; i < TOKEN_PLACES; i++)
		token_model_create(&world->model, i, &place_options[i]);
	for (uint32_t i = 0; i < TOKEN_PEERS; i++)
		open_peer(world, i);
	return world;
}

static bool world_close(struct world *world)
{
	world->operation = "the end";
	for (uint32_t i = 0; i < TOKEN_PEERS; i++)
		engine_peer_gone(world->peers[i], world->model.now);
	engine_free(world->engine);
	expect(world, "bytes charged", world->account->used, 0);
	account_drop(world->account);
	accounts_fini(&world->accounts);
	recorder_fake_fini(&world->recorder);
	bool good = !world->failed;
	free(world);
	return good;
}

/* ---- operations ------------------------------------------------------- */

static void on_answer(struct waiter *waiter, const struct answer *answer)
{
	struct world_call *call = container_of(waiter, struct world_call, waiter);
	call->answered = true;
	call->status = answer->status;
	if (answer->delivery_count == 0)
		return;
	call->lease = answer->deliveries[0].lease;
	call->grant = answer->deliveries[0].grant;
	call->died = answer->deliveries[0].item->deliveries > 1;
}

static nsec_t choose_deadline(struct world *world)
{
	switch (random_below(world->random, 3)) {
	case 0:
		return 0;
	case 1:
		return world->model.now + 1 + random_below(world->random, 100);
	default:
		return NSEC_NEVER;
	}
}

static void operate_get(struct world *world, uint32_t peer, uint32_t place)
{
	uint32_t number = 0;
	while (number < TOKEN_CALLS && world->model.calls[number].state != TOKEN_CALL_FREE)
		number++;
	if (number == TOKEN_CALLS)
		return;
	world->operation = "get";
	const struct get_request request = {
		.handle = world->handles[peer][place],
		.deadline = choose_deadline(world),
	};
	world->calls[number] = (struct world_call){ .waiter.answer = on_answer };
	world->model.calls[number] = (struct token_call){ .peer = peer, .place = place };
	token_model_get(&world->model, number, request.deadline);
	queue_get(world->peers[peer], &request, world->model.now, &world->calls[number].waiter);
}

static void operate_cancel(struct world *world)
{
	uint32_t number = random_below(world->random, TOKEN_CALLS);
	if (world->model.calls[number].state != TOKEN_CALL_WAITS)
		return;
	world->operation = "cancel";
	token_model_cancel(&world->model, number);
	waiter_cancel(&world->calls[number].waiter);
}

/* One that the peer holds there, or an old one, or none. */
static uint64_t choose_lease(struct world *world, uint32_t peer, uint32_t place)
{
	const struct token_place *at = &world->model.places[place];
	uint32_t choice = random_below(world->random, 10);
	for (uint32_t i = 0; i < at->count && choice < 7; i++) {
		if (at->pieces[i].held && at->pieces[i].peer == peer)
			return at->pieces[i].lease;
	}
	return choice < 9 ? world->old_leases[random_below(world->random, OLD_LEASES)] : 0;
}

static void operate_release(struct world *world, uint32_t peer, uint32_t place)
{
	world->operation = "release";
	const struct token_release release = {
		.handle = world->handles[peer][place],
		.lease = choose_lease(world, peer, place),
		/* Not so often that an unbounded semaphore has permits for all. */
		.any = world->model.places[place].count < 4 && random_percent(world->random, 20),
	};
	struct error error;
	int model = token_model_release(&world->model, peer, place, release.lease, release.any);
	int engine = token_release(world->peers[peer], &release, world->model.now, &error);
	expect(world, "status", (uint64_t)engine, (uint64_t)model);
}

static void operate_give_up(struct world *world, uint32_t peer, uint32_t place)
{
	world->operation = "give up";
	uint64_t lease = choose_lease(world, peer, place);
	struct error error;
	int model = token_model_give_up(&world->model, peer, lease);
	int engine = lease_nack(world->peers[peer], &lease, 1, 0, true, world->model.now, &error);
	expect(world, "status", (uint64_t)engine, (uint64_t)model);
}

/* Refused where there are tokens; a notice is an item like another. */
static void operate_ack(struct world *world, uint32_t peer, uint32_t place)
{
	world->operation = "ack";
	uint64_t lease = choose_lease(world, peer, place);
	struct error error;
	int model = token_model_ack(&world->model, peer, lease);
	int engine = lease_ack(world->peers[peer], &lease, 1, world->model.now, &error);
	expect(world, "status", (uint64_t)engine, (uint64_t)model);
}

static void operate_notify(struct world *world, uint32_t peer)
{
	const uint32_t place = TOKEN_PLACES - 1;
	const uint32_t sizes[3] = { 0 };
	uint32_t count = 1 + random_below(world->random, 3);
	if (world->model.places[place].count + count > TOKEN_PIECES)
		return;
	world->operation = "notify";
	const struct put_request request = {
		.handle = world->handles[peer][place],
		.sizes = sizes,
		.count = count,
	};
	struct world_call put = { .waiter.answer = on_answer };
	uint32_t woken = token_model_notify(&world->model, place, count);
	queue_put(world->peers[peer], &request, world->model.now, &put.waiter);
	expect(world, "answered", put.answered, true);
	expect(world, "status", (uint64_t)put.status,
	       woken == count ? (uint64_t)RELEVO_OK : (uint64_t)RELEVO_TIMED_OUT);
}

static void operate_gone(struct world *world, uint32_t peer)
{
	bool in_order = random_percent(world->random, 50);
	world->operation = in_order ? "leave" : "die";
	token_model_gone(&world->model, peer, in_order);
	if (in_order)
		engine_peer_leave(world->peers[peer]);
	engine_peer_gone(world->peers[peer], world->model.now);
	open_peer(world, peer);
}

static void operate_tick(struct world *world)
{
	world->operation = "tick";
	nsec_t end = world->model.now + 1 + random_below(world->random, 60);
	nsec_t next;
	/* Each deadline in its turn, as the loop of the broker does it. */
	while ((next = engine_next_deadline(world->engine)) <= end) {
		world->model.now = next;
		token_model_tick(&world->model);
		engine_tick(world->engine, next);
	}
	world->model.now = end;
	token_model_tick(&world->model);
	engine_tick(world->engine, end);
}

static void operate(struct world *world)
{
	uint32_t peer = random_below(world->random, TOKEN_PEERS);
	uint32_t place = random_below(world->random, TOKEN_PLACES);
	uint32_t choice = random_below(world->random, 100);
	if (choice < 45)
		operate_get(world, peer, place);
	else if (choice < 70)
		operate_release(world, peer, place);
	else if (choice < 76)
		operate_give_up(world, peer, place);
	else if (choice < 79)
		operate_ack(world, peer, place);
	else if (choice < 87)
		operate_notify(world, peer);
	else if (choice < 90)
		operate_cancel(world);
	else if (choice < 92)
		operate_gone(world, peer);
	else
		operate_tick(world);
}

/* ---- comparison ------------------------------------------------------- */

static void compare_grant(struct world *world, uint32_t number)
{
	const struct world_call *engine = &world->calls[number];
	const struct token_call *model = &world->model.calls[number];
	struct token_piece *piece = token_model_piece(&world->model, number);
	world->old_leases[random_below(world->random, OLD_LEASES)] = engine->lease;
	if (piece != NULL) {
		piece->lease = engine->lease;
		piece->call = TOKEN_CALLS;
	}
	if (model->place == TOKEN_PLACES - 1) {
		expect(world, "number of a notice", engine->grant, 0);
		return;
	}
	expect(world, "death told", engine->died, model->died);
	expect(world, "number of the grant rises", engine->grant > world->last_grants[model->place],
	       true);
}

static void compare_calls(struct world *world)
{
	uint64_t grants[TOKEN_PLACES] = { 0 };
	for (uint32_t i = 0; i < TOKEN_CALLS; i++) {
		struct token_call *model = &world->model.calls[i];
		const struct world_call *engine = &world->calls[i];
		if (model->state == TOKEN_CALL_FREE)
			continue;
		expect(world, "answered", engine->answered, model->state == TOKEN_CALL_DONE);
		if (model->state != TOKEN_CALL_DONE)
			continue;
		expect(world, "status", (uint64_t)engine->status, (uint64_t)model->status);
		if (model->status == RELEVO_OK)
			compare_grant(world, i);
		if (engine->grant > grants[model->place])
			grants[model->place] = engine->grant;
	}
	for (uint32_t i = 0; i < TOKEN_CALLS; i++) {
		struct token_call *model = &world->model.calls[i];
		if (model->state == TOKEN_CALL_DONE)
			model->state = TOKEN_CALL_FREE;
	}
	for (uint32_t i = 0; i < TOKEN_PLACES; i++) {
		if (grants[i] != 0)
			world->last_grants[i] = grants[i];
	}
}

static void compare_counts(struct world *world)
{
	for (uint32_t i = 0; i < TOKEN_PLACES; i++) {
		const struct token_place *place = &world->model.places[i];
		struct queue_counts counts;
		struct error error;
		if (queue_count(world->peers[0], world->handles[0][i], &counts, &error) !=
		    RELEVO_OK)
			abort();
		expect(world, "ready", counts.ready, token_model_count(place, false));
		expect(world, "leased", counts.leased, token_model_count(place, true));
		expect(world, "waiting", counts.getters, token_model_waiters(&world->model, i));
	}
}

static bool world_step(struct world *world)
{
	world->steps++;
	world->operation = "nothing";
	operate(world);
	compare_calls(world);
	compare_counts(world);
	return !world->failed;
}

int main(int argc, char **argv)
{
	uint64_t seed = seed_choose(argc, argv);
	uint64_t steps = argc > 2 ? strtoull(argv[2], NULL, 0) : STEPS;
	printf("seed %" PRIu64 ", %" PRIu64 " steps\n", seed, steps);
	fflush(stdout);
	struct random random = { seed };
	for (uint64_t step = 0; step < steps; step += WORLD_STEPS) {
		struct world *world = world_open(&random);
		bool good = true;
		for (uint64_t i = 0; good && i < WORLD_STEPS && step + i < steps; i++)
			good = world_step(world);
		if (!world_close(world) || !good) {
			fprintf(stderr,
				"simulation failed: seed %" PRIu64 ", after step %" PRIu64
				"; run it again with this seed\n",
				seed, step);
			return 1;
		}
	}
	return 0;
}
