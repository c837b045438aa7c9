/*
 * Random operations on the engine's cells and on a plain model of them, in step.
 * Every answer, value, version and deadline must agree.
 *
 *   cell_simulation [seed [steps]]    RELEVO_SEED=seed cell_simulation
 */
#include "base/list.h"
#include "simulation/cell_model.h"
#include "simulation/seed.h"
#include "support/recorder_fake.h"

#include <inttypes.h>
#include <relevo/status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 200000, WORLD_STEPS = 10000 };

/* The engine's side of a call; the model's has the same place. */
struct cell_call {
	struct waiter waiter;
	struct world *world;
	int answers;
	int status;
	uint64_t version;
	int64_t found;
};

struct world {
	struct random *random;
	struct cell_model model;
	struct accounts accounts;
	struct account *account;
	struct recorder_fake recorder;
	struct engine *engine;
	struct engine_peer *peers[CELLS_PEERS];
	uint32_t handles[CELLS_PEERS][CELLS_HANDLES];
	struct cell_call calls[CELLS_CALLS];
	uint64_t last_deadline;
	bool in_turns; /* the engine's turns are short, and what it does may lag behind */
	bool failed;
	const char *operation; /* the last one, for the report */
};

static void expect(struct world *world, const char *what, uint64_t engine, uint64_t model)
{
	if (engine == model || world->failed)
		return;
	fprintf(stderr, "%s, %s: engine %" PRIu64 ", model %" PRIu64 "\n", world->operation, what,
		engine, model);
	world->failed = true;
}

static uint32_t below(struct world *world, uint32_t limit)
{
	return random_below(world->random, limit);
}

static bool percent(struct world *world, uint32_t percentage)
{
	return random_percent(world->random, percentage);
}

/* ---- the engine's side ---------------------------------------------------- */

/* What an update is answered with. */
struct reading {
	struct waiter waiter;
	int status;
	bool applied;
	uint64_t version, will;
	uint32_t waiters;
	int64_t values[CELLS_ELEMENTS];
};

static void on_reading(struct waiter *waiter, const struct answer *answer)
{
	struct reading *reading = container_of(waiter, struct reading, waiter);
	reading->status = answer->status;
	if (answer->status != RELEVO_OK)
		return;
	reading->applied = answer->reading->applied;
	reading->version = answer->reading->version;
	reading->will = answer->reading->will;
	reading->waiters = answer->reading->waiters;
	element_copy(ELEMENT_INT64, reading->values, answer->reading->bytes, answer->reading->size);
}

/* Terms as the engine takes them. */
struct encoded {
	struct cell_term terms[CELLS_TERMS];
	uint8_t operands[CELLS_TERMS][8];
};

static void encode(struct encoded *encoded, const struct model_term *terms, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		element_copy(ELEMENT_INT64, encoded->operands[i], &terms[i].operand, 8);
		encoded->terms[i] = (struct cell_term){
			.first = terms[i].first,
			.operation = terms[i].operation,
			.operand = encoded->operands[i],
			.size = 8,
		};
	}
}

static struct reading run_update(struct world *world, int peer, struct cell_update *update)
{
	struct reading reading = { .waiter.answer = on_reading, .status = -1 };
	update->read_count = CELLS_ELEMENTS;
	cell_update(world->peers[peer], update, world->model.now, &reading.waiter);
	return reading;
}

/* A handle of the session for the cell, by its place; -1: it has none. */
static int place_of(const struct world *world, int peer, const struct model_cell *cell)
{
	for (int i = 0; i < CELLS_HANDLES; i++) {
		if (world->model.handles[peer][i] == cell)
			return i;
	}
	return -1;
}

static void act_inside(struct world *world, const struct model_call *expected)
{
	const struct model_term add = { 0, CELL_ADD, expected->inside };
	struct encoded encoded;
	int place = place_of(world, expected->peer, expected->cell);
	encode(&encoded, &add, 1);
	struct cell_update update = {
		.handle = world->handles[expected->peer][place],
		.terms = encoded.terms,
		.count = 1,
	};
	run_update(world, expected->peer, &update);
}

static void on_answer(struct waiter *waiter, const struct answer *answer)
{
	struct cell_call *call = container_of(waiter, struct cell_call, waiter);
	struct world *world = call->world;
	const struct model_call *expected = &world->model.calls[call - world->calls];
	call->answers++;
	call->status = answer->status;
	if (answer->status == RELEVO_OK) {
		call->version = answer->reading->version;
		element_copy(ELEMENT_INT64, &call->found, answer->reading->bytes,
			     answer->reading->size);
	}
	if (expected->inside != 0)
		act_inside(world, expected);
}

/* ---- choices ---------------------------------------------------------------- */

static bool pick_handle(struct world *world, int *peer, int *place)
{
	*peer = (int)below(world, CELLS_PEERS);
	*place = (int)below(world, CELLS_HANDLES);
	return world->model.handles[*peer][*place] != NULL;
}

static int64_t pick_number(struct world *world)
{
	return (int64_t)below(world, 7) - 3;
}

static struct model_term pick_check(struct world *world)
{
	return (struct model_term){
		.first = below(world, CELLS_ELEMENTS),
		.operation = (uint8_t)below(world, ELEMENT_COMPARISONS),
		.operand = pick_number(world),
	};
}

static uint32_t pick_terms(struct world *world, struct model_term *terms)
{
	uint32_t count = below(world, CELLS_TERMS);
	for (uint32_t i = 0; i < count; i++) {
		terms[i] = pick_check(world);
		if (percent(world, 75))
			terms[i].operation = percent(world, 50) ? CELL_SET : CELL_ADD;
	}
	return count;
}

/* A will of the session for the cell, by its place; -1: there is none. */
static int pick_will(struct world *world, int peer, const struct model_cell *cell)
{
	uint32_t start = below(world, CELLS_WILLS);
	for (uint32_t i = 0; i < CELLS_WILLS; i++) {
		int place = (int)((start + i) % CELLS_WILLS);
		const struct model_will *will = &world->model.wills[place];
		if (will->valid && will->peer == peer && (cell == NULL || will->cell == cell))
			return place;
	}
	return -1;
}

/* A place that no call names any more; -1: there is none. */
static int free_will(const struct cell_model *model)
{
	for (int i = 0; i < CELLS_WILLS; i++) {
		bool named = model->wills[i].valid;
		for (int j = 0; j < CELLS_CALLS; j++)
			named = named ||
				(model->calls[j].state == CALL_WAITS && model->calls[j].will == i);
		if (!named)
			return i;
	}
	return -1;
}

/* No two alike: of those that are due at once, which comes first is not promised. */
static nsec_t pick_deadline(struct world *world)
{
	uint32_t kind = below(world, 4);
	if (kind == 0)
		return 0;
	if (kind == 1)
		return NSEC_NEVER;
	nsec_t deadline = world->model.now + (1 + below(world, 50)) * NSEC_PER_MSEC;
	return deadline + ++world->last_deadline % 1000;
}

/* ---- operations --------------------------------------------------------------- */

static void operate_open(struct world *world)
{
	int peer, place, name = (int)below(world, CELLS_NAMES);
	if (pick_handle(world, &peer, &place) || world->model.cell_count == CELLS_MOST)
		return;
	struct model_cell *cell = cell_model_named(&world->model, name);
	enum queue_lifetime lifetime =
		cell != NULL ? cell->lifetime : (enum queue_lifetime)below(world, 3);
	char text[2] = { (char)('a' + name), '\0' };
	struct cell_opened opened;
	struct error error;
	const struct cell_open_request request = {
		.name = text,
		.options = { .lifetime = lifetime,
			     .type = ELEMENT_INT64,
			     .count = CELLS_ELEMENTS,
			     .purpose = "" },
	};
	world->operation = "open";
	int status = cell_open(world->peers[peer], &request, &opened, &error);
	expect(world, "status", (uint64_t)status, RELEVO_OK);
	expect(world, "created", opened.created, cell == NULL);
	if (cell == NULL)
		cell = cell_model_create(&world->model, name, peer, lifetime);
	cell->handles++;
	world->model.handles[peer][place] = cell;
	world->handles[peer][place] = opened.handle;
}

static void operate_close(struct world *world)
{
	int peer, place;
	struct error error;
	if (!pick_handle(world, &peer, &place))
		return;
	world->operation = "close";
	/* What is done from inside an answer needs a handle. */
	for (int i = 0; i < CELLS_CALLS; i++) {
		struct model_call *call = &world->model.calls[i];
		if (call->peer == peer && call->cell == world->model.handles[peer][place])
			call->inside = 0;
	}
	cell_model_close(&world->model, peer, place);
	cell_close(world->peers[peer], world->handles[peer][place], &error);
}

static void operate_delete(struct world *world)
{
	int name = (int)below(world, CELLS_NAMES);
	struct model_cell *cell = cell_model_named(&world->model, name);
	char text[2] = { (char)('a' + name), '\0' };
	struct error error;
	world->operation = "delete";
	if (cell != NULL)
		cell_model_delete(&world->model, cell);
	int status = cell_delete(world->engine, text, "", &error);
	expect(world, "status", (uint64_t)status, cell != NULL ? RELEVO_OK : RELEVO_NOT_FOUND);
}

/* Both sides of an update on a cell that is there. */
static void compare_update(struct world *world, const struct reading *reading,
			   const struct model_cell *before, bool applied)
{
	expect(world, "status", (uint64_t)reading->status, RELEVO_OK);
	expect(world, "applied", reading->applied, applied);
	expect(world, "version", reading->version, before->version);
	for (int i = 0; i < CELLS_ELEMENTS; i++)
		expect(world, "value", (uint64_t)reading->values[i], (uint64_t)before->values[i]);
}

static void leave_will(struct world *world, struct model_will *will, const struct reading *reading)
{
	expect(world, "a number for the will", reading->will != 0, reading->applied);
	will->number = reading->will;
	will->valid = reading->applied;
}

static void operate_update(struct world *world)
{
	int peer, place;
	struct model_term terms[CELLS_TERMS];
	struct encoded encoded, encoded_will;
	if (!pick_handle(world, &peer, &place))
		return;
	struct model_cell *cell = world->model.handles[peer][place];
	int void_will = percent(world, 20) ? pick_will(world, peer, NULL) : -1;
	int new_will = percent(world, 30) ? free_will(&world->model) : -1;
	struct cell_update update = { .handle = world->handles[peer][place] };
	world->operation = "update";
	update.count = pick_terms(world, terms);
	encode(&encoded, terms, (uint32_t)update.count);
	update.terms = encoded.terms;
	struct model_will will = { .peer = peer, .cell = cell };
	if (new_will >= 0 && (will.count = pick_terms(world, will.terms)) > 0) {
		encode(&encoded_will, will.terms, will.count);
		update.will = encoded_will.terms;
		update.will_count = will.count;
	}
	if (void_will >= 0 && !cell->deleted) {
		update.withdraw = world->model.wills[void_will].number;
		world->model.wills[void_will].valid = false;
	}
	bool applied = !cell->deleted &&
		       cell_model_apply(&world->model, cell, terms, (uint32_t)update.count);
	struct model_cell after = *cell;
	uint32_t waiters = cell_model_waiters(&world->model, cell);
	struct reading reading = run_update(world, peer, &update);
	if (cell->deleted) {
		expect(world, "status", (uint64_t)reading.status, RELEVO_GONE);
		return;
	}
	compare_update(world, &reading, &after, applied);
	expect(world, "waiters", reading.waiters, waiters);
	if (update.will_count > 0) {
		world->model.wills[new_will] = will;
		leave_will(world, &world->model.wills[new_will], &reading);
	}
}

static void operate_wait(struct world *world)
{
	int peer, place, free = 0;
	if (!pick_handle(world, &peer, &place))
		return;
	while (free < CELLS_CALLS && world->model.calls[free].state != CALL_FREE)
		free++;
	struct model_cell *cell = world->model.handles[peer][place];
	if (free == CELLS_CALLS || cell->deleted)
		return;
	struct model_call *call = &world->model.calls[free];
	*call = (struct model_call){
		.peer = peer,
		.cell = cell,
		.term = pick_check(world),
		.version = cell->version - below(world, 2),
		.will = percent(world, 40) ? pick_will(world, peer, cell) : -1,
		.deadline = pick_deadline(world),
		/* Where answers lag behind, what they do comes at another time. */
		.inside = !world->in_turns && percent(world, 10) ? 1 : 0,
	};
	if (percent(world, 15))
		call->term = (struct model_term){ 0, CELL_CHANGED, 0 };
	struct encoded encoded;
	encode(&encoded, &call->term, 1);
	const struct cell_wait request = {
		.handle = world->handles[peer][place],
		.operation = call->term.operation,
		.first = call->term.first,
		.operand = encoded.operands[0],
		.size = 8,
		.version = call->version,
		.will = call->will >= 0 ? world->model.wills[call->will].number : 0,
		.deadline = call->deadline,
	};
	world->operation = "wait";
	world->calls[free] = (struct cell_call){ .waiter.answer = on_answer, .world = world };
	cell_model_wait(&world->model, call);
	cell_wait(world->peers[peer], &request, world->model.now, &world->calls[free].waiter);
}

static void operate_cancel(struct world *world)
{
	uint32_t place = below(world, CELLS_CALLS);
	if (world->model.calls[place].state != CALL_WAITS)
		return;
	world->operation = "cancel";
	cell_model_cancel(&world->model, &world->model.calls[place]);
	waiter_cancel(&world->calls[place].waiter);
}

static void operate_give_up(struct world *world)
{
	int peer = (int)below(world, CELLS_PEERS);
	int place = pick_will(world, peer, NULL);
	if (place < 0)
		return;
	world->operation = "give up";
	uint64_t number = world->model.wills[place].number;
	cell_model_give_up(&world->model, &world->model.wills[place]);
	cell_give_up(world->peers[peer], number, world->model.now);
}

/* Until the engine has nothing left to do. */
static void take_turns(struct world *world)
{
	while (engine_next_deadline(world->engine) <= world->model.now)
		engine_tick(world->engine, world->model.now);
}

static void operate_tick(struct world *world)
{
	nsec_t now = world->model.now + below(world, 30) * NSEC_PER_MSEC;
	world->operation = "tick";
	cell_model_tick(&world->model, now);
	engine_tick(world->engine, now);
	take_turns(world);
}

static void operate_gone(struct world *world)
{
	int peer = (int)below(world, CELLS_PEERS);
	world->operation = "a session ends";
	cell_model_gone(&world->model, peer);
	/* It does not hear of what it has not been told yet. */
	for (int i = 0; i < CELLS_CALLS; i++) {
		if (world->model.calls[i].peer == peer && world->calls[i].answers == 0)
			world->model.calls[i].state = CALL_FREE;
	}
	engine_peer_gone(world->peers[peer], world->model.now);
	take_turns(world);
	world->peers[peer] = engine_peer_new(world->engine, world->account);
}

static void operate(struct world *world)
{
	uint32_t kind = below(world, 100);
	if (kind < 12)
		operate_open(world);
	else if (kind < 15)
		operate_close(world);
	else if (kind < 17)
		operate_delete(world);
	else if (kind < 55)
		operate_update(world);
	else if (kind < 85)
		operate_wait(world);
	else if (kind < 88)
		operate_cancel(world);
	else if (kind < 90)
		operate_give_up(world);
	else if (kind < 98)
		operate_tick(world);
	else
		operate_gone(world);
	cell_model_answer(&world->model);
}

/* ---- the world ------------------------------------------------------------------ */

static void compare_call(struct world *world, int place)
{
	struct cell_call *call = &world->calls[place];
	struct model_call *expected = &world->model.calls[place];
	bool answered = expected->state == CALL_ANSWERED;
	bool behind = engine_next_deadline(world->engine) == 0;
	if (answered && call->answers == 0 && behind)
		return;
	expect(world, "answers", (uint64_t)call->answers, answered);
	if (!answered)
		return;
	expect(world, "status of a call", (uint64_t)call->status, (uint64_t)expected->status);
	if (call->status == RELEVO_OK) {
		expect(world, "version found", call->version, expected->version);
		if (expected->term.operation != CELL_CHANGED)
			expect(world, "value found", (uint64_t)call->found,
			       (uint64_t)expected->found);
	}
	call->answers = 0;
	expected->state = CALL_FREE;
}

static bool step(struct world *world)
{
	operate(world);
	if (percent(world, 50))
		take_turns(world);
	for (int i = 0; i < CELLS_CALLS; i++)
		compare_call(world, i);
	if (engine_next_deadline(world->engine) != 0)
		expect(world, "the next deadline", engine_next_deadline(world->engine),
		       cell_model_next_deadline(&world->model));
	return !world->failed;
}

static void open_world(struct world *world, struct random *random)
{
	const struct engine_config config = {
		.seed = random_next(random),
		.peer_waiters = 1000,
		.peer_handles = CELLS_HANDLES,
		.turn_work = random_percent(random, 50) ? 1 + random_below(random, 8) : 0,
	};
	*world = (struct world){ .random = random, .operation = "the beginning" };
	world->in_turns = config.turn_work > 0;
	world->model.cells = calloc(CELLS_MOST, sizeof *world->model.cells);
	accounts_init(&world->accounts, random_next(random), SIZE_MAX / 2, UINT32_MAX);
	world->account = account_get(&world->accounts, 1);
	recorder_fake_init(&world->recorder);
	world->engine = engine_new(&config, &world->recorder.recorder);
	for (int i = 0; world->engine != NULL && i < CELLS_PEERS; i++)
		world->peers[i] = engine_peer_new(world->engine, world->account);
	if (world->model.cells == NULL || world->peers[CELLS_PEERS - 1] == NULL) {
		fprintf(stderr, "no memory for the simulation\n");
		exit(EXIT_FAILURE);
	}
}

static bool close_world(struct world *world)
{
	world->operation = "the end";
	for (int i = 0; i < CELLS_PEERS; i++)
		engine_peer_gone(world->peers[i], world->model.now);
	engine_free(world->engine);
	expect(world, "bytes charged", world->account->used, 0);
	expect(world, "objects", world->account->queues, 0);
	expect(world, "users of the account", world->account->references, 1);
	account_drop(world->account);
	accounts_fini(&world->accounts);
	recorder_fake_fini(&world->recorder);
	free(world->model.cells);
	return !world->failed;
}

int main(int argc, char **argv)
{
	static struct world world;
	uint64_t seed = seed_choose(argc, argv);
	uint64_t steps = argc > 2 ? strtoull(argv[2], NULL, 0) : STEPS;
	printf("seed %" PRIu64 ", %" PRIu64 " steps\n", seed, steps);
	fflush(stdout);
	struct random random = { seed };
	for (uint64_t done = 0; done < steps; done += WORLD_STEPS) {
		bool good = true;
		open_world(&world, &random);
		for (uint64_t i = 0; good && i < WORLD_STEPS && done + i < steps; i++)
			good = step(&world);
		if (!close_world(&world) || !good) {
			fprintf(stderr,
				"simulation failed: seed %" PRIu64 ", after step %" PRIu64
				"; run it again with this seed\n",
				seed, done);
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}
