/* An engine and its journal over restarts: what comes back is what was there. */
#include "life.h"

#include "support/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const queue_names[QUEUES] = { "fifo",     "leased", "dead", "ranked",
						 "shortest", "fair",   "brief" };

enum { WITH_DEAD_LETTERS = 1 };

static struct queue_options options_of(int which)
{
	struct queue_options options = { .durable = true, .lifetime = QUEUE_KEPT };
	if (which == WITH_DEAD_LETTERS)
		options = (struct queue_options){ .durable = true,
						  .lease = SECONDS(5),
						  .max_deliveries = 3,
						  .dead_letter = "dead" };
	else if (which == 3)
		options.order = QUEUE_PRIORITY;
	else if (which == 4)
		options.order = QUEUE_SHORTEST;
	else if (which == 5)
		options.order = QUEUE_FAIR;
	else if (which == 6)
		options.ttl = SECONDS(20);
	return options;
}

/* The journal asks the clock, which here is the engine's: the same seed gives the same run. */
static nsec_t time_now;

nsec_t __wrap_clock_now(void);
nsec_t __wrap_clock_now(void)
{
	return time_now;
}

/* ---- beginning and ending ----------------------------------------------------- */

static void open_all(struct life *life)
{
	struct error error;
	for (int i = 0; i < QUEUES; i++) {
		const struct queue_options options = options_of(i);
		struct queue_opened opened;
		assert_int_equal(queue_open(life->peer, queue_names[i], QUEUE_OPEN_OR_CREATE,
					    &options, &opened, &error),
				 RELEVO_OK);
		life->handles[i] = opened.handle;
	}
	for (int i = 0; i < CELLS; i++) {
		struct cell_opened opened;
		const struct cell_open_request request = {
			.name = i == 0 ? "c0" : "c1",
			.mode = QUEUE_OPEN_OR_CREATE,
			.options = { .type = ELEMENT_INT64,
				     .width = 8,
				     .count = 4,
				     .purpose = "",
				     .durable = true },
		};
		assert_int_equal(cell_open(life->peer, &request, &opened, &error), RELEVO_OK);
		life->cells[i] = opened.handle;
	}
}

static void begin_engine(struct life *life)
{
	struct error error = { 0 };
	life->store = store_memory_open(&life->disk);
	assert_non_null(life->store);
	const struct journal_config journal = {
		.store = life->store,
		.seed = life->seed,
		.extent = 3000,
		.now = life->now,
		.wall = life->wall + life->now,
	};
	int status = journal_open(&journal, &life->journal, &error);
	if (status != RELEVO_OK)
		fail_msg("seed %lu: %s", (unsigned long)life->seed, error.text);
	const struct engine_config config = {
		.seed = 42,
		.peer_waiters = 1000,
		.peer_leases = 1000,
		.peer_handles = 1000,
		.turn_work = life->turn_work,
		.last_key = journal_last_key(life->journal),
		.last_cell = journal_last_cell(life->journal),
		.grants = journal_grants(life->journal),
	};
	life->engine = engine_new(&config, journal_recorder(life->journal));
	assert_non_null(life->engine);
	status = journal_restore(life->journal, life->engine, &life->accounts, &error);
	if (status != RELEVO_OK)
		fail_msg("seed %lu: %s", (unsigned long)life->seed, error.text);
	life->peer = engine_peer_new(life->engine, life->user);
	assert_non_null(life->peer);
	static const uint8_t client[CLIENT_ID_SIZE] = "one of a kind";
	engine_peer_identify(life->peer, client);
	do
		engine_tick(life->engine, life->now);
	while (engine_next_deadline(life->engine) <= life->now);
	life->held_count = 0;
}

static void end_engine(struct life *life)
{
	time_now = life->now;
	journal_end(life->journal);
	engine_peer_gone(life->peer, life->now);
	while (engine_next_deadline(life->engine) <= life->now)
		engine_tick(life->engine, life->now);
	engine_free(life->engine);
	journal_close(life->journal);
}

/* ---- calls ------------------------------------------------------------------------- */

struct asked {
	struct waiter waiter;
	struct life *life;
	int queue;
};

static void on_asked(struct waiter *waiter, const struct answer *answer)
{
	struct asked *asked = container_of(waiter, struct asked, waiter);
	struct life *life = asked->life;
	for (uint32_t i = 0; i < answer->delivery_count; i++) {
		assert_true(life->held_count < LEASES);
		life->held[life->held_count++] =
			(struct held){ answer->deliveries[i].lease, asked->queue };
	}
	free(asked);
}

static struct waiter *ask(struct life *life, int queue)
{
	struct asked *asked = calloc(1, sizeof *asked);
	assert_non_null(asked);
	asked->waiter.answer = on_asked;
	asked->life = life;
	asked->queue = queue;
	return &asked->waiter;
}

/* The word with that number, and maybe others that follow it. */
static void put_again(struct life *life, int which, uint64_t number)
{
	struct random random = { life->seed ^ number << 20 };
	char bodies[8 * 400], key[16], properties[40];
	uint32_t sizes[8];
	size_t used = 0;
	struct put_request request = {
		.handle = life->handles[which],
		.sequence = number,
		.settled = number > 3 ? number - 3 : 0,
		.count = 1 + random_below(&random, 8),
		.priority = (int32_t)random_below(&random, 5) - 2,
		.cost = random_below(&random, 5),
	};
	for (size_t i = 0; i < request.count; i++) {
		sizes[i] = random_below(&random, random_percent(&random, 10) ? 400 : 30);
		memset(bodies + used, (int)('a' + (number + i) % 26), sizes[i]);
		used += sizes[i];
	}
	request.bodies = (const uint8_t *)bodies;
	request.sizes = sizes;
	if (random_percent(&random, 20))
		request.not_before = life->now + SECONDS(random_below(&random, 30));
	/* One that is held while its time is over comes back after a crash and is a dead letter
	 * then, which no look before could tell. */
	if (random_percent(&random, 10) && which != WITH_DEAD_LETTERS)
		request.expires = life->now + SECONDS(1 + random_below(&random, 30));
	if (random_percent(&random, 10)) {
		request.key = key;
		request.key_size =
			(size_t)snprintf(key, sizeof key, "k%u", random_below(&random, 10));
		/* That it was dropped, as another with that key was there, is not kept. */
		life->last_queue = -1;
	}
	if (random_percent(&random, 10)) {
		request.properties = properties;
		request.properties_size = sizeof properties;
		memset(properties, 'p', sizeof properties);
	}
	if (random_percent(&random, 5))
		request.hold = SECONDS(3);
	if (random_percent(&random, 3))
		request.overdue_to = "dead";
	queue_put(life->peer, &request, life->now, ask(life, which));
}

static uint64_t items_of(const struct life *life, int which)
{
	struct queue_counts counts = counts_of(life->peer, life->handles[which]);
	return counts.ready + counts.leased + counts.delayed;
}

static void step_put(struct life *life, int which)
{
	if (items_of(life, which) >= MOST_ITEMS)
		return;
	life->last_queue = which;
	put_again(life, which, ++life->puts);
}

static void step_get(struct life *life, int which)
{
	const struct get_request request = {
		.handle = life->handles[which],
		.max_items = 1 + random_below(&life->random, 6),
		.ahead = random_percent(&life->random, 20) ? 3 : 0,
	};
	if (life->held_count < LEASES - 32)
		queue_get(life->peer, &request, life->now, ask(life, which));
}

/* Some of those that are held; how is up to chance. Whether they are still held is not known. */
static void step_end_leases(struct life *life)
{
	struct error error;
	uint64_t leases[8];
	size_t count = 0, most = 1 + random_below(&life->random, 8);
	while (count < most && life->held_count > 0) {
		size_t at = random_below(&life->random, (uint32_t)life->held_count);
		leases[count++] = life->held[at].lease;
		life->held[at] = life->held[--life->held_count];
	}
	uint32_t how = random_below(&life->random, 10);
	nsec_t due = random_percent(&life->random, 50)
			     ? life->now + SECONDS(1 + random_below(&life->random, 20))
			     : 0;
	if (count == 0)
		return;
	if (how < 5)
		lease_ack(life->peer, leases, count, life->now, &error);
	else if (how < 7)
		lease_nack(life->peer, leases, count, due, false, life->now, &error);
	else if (how < 8)
		lease_nack(life->peer, leases, count, 0, true, life->now, &error);
	else
		lease_reject(life->peer, leases, count, life->now, &error);
}

static void step_whole_queue(struct life *life, int which)
{
	struct error error;
	uint64_t gone;
	uint32_t how = random_below(&life->random, 10);
	const struct move_request move = { queue_names[which], queue_names[(which + 1) % QUEUES],
					   random_below(&life->random, 10) };
	if (how < 3) {
		assert_int_equal(
			queue_purge(life->peer, life->handles[which], life->now, &gone, &error),
			RELEVO_OK);
	} else if (how < 8) {
		queue_move(life->peer, &move, life->now, ask(life, which));
	} else if (how < 9) {
		queue_shut_down(life->peer, life->handles[which], QUEUE_DRAINING, life->now,
				&error);
	} else {
		assert_int_equal(
			queue_delete(life->engine, queue_names[which], QUEUE_ITEMS, &error),
			RELEVO_OK);
		if (life->last_queue == which)
			life->last_queue = -1;
		open_all(life);
	}
}

static void step_cell(struct life *life)
{
	int which = (int)random_below(&life->random, CELLS);
	int64_t value[4] = { 1, 2, 3, (int64_t)random_below(&life->random, 100) };
	uint32_t first = random_below(&life->random, 4);
	const struct cell_term term = { first,
					random_percent(&life->random, 50) ? CELL_SET : CELL_ADD,
					(const uint8_t *)value, (4 - first) * sizeof value[0] };
	const struct cell_update update = { .handle = life->cells[which],
					    .terms = &term,
					    .count = 1 };
	struct error error;
	cell_update(life->peer, &update, life->now, ask(life, 0));
	if (!random_percent(&life->random, 3))
		return;
	assert_int_equal(cell_delete(life->engine, which == 0 ? "c0" : "c1", "", &error),
			 RELEVO_OK);
	open_all(life);
}

static void step(struct life *life)
{
	uint32_t what = random_below(&life->random, 100);
	int which = (int)random_below(&life->random, QUEUES);
	if (what < 40)
		step_put(life, which);
	else if (what < 60)
		step_get(life, which);
	else if (what < 82)
		step_end_leases(life);
	else if (what < 86)
		step_whole_queue(life, which);
	else if (what < 94)
		step_cell(life);
	else
		life->now += SECONDS(random_below(&life->random, 6));
}

/* The rest of a round of the loop. */
static void finish_round(struct life *life)
{
	do
		engine_tick(life->engine, life->now);
	while (engine_next_deadline(life->engine) <= life->now);
	time_now = life->now;
	assert_true(journal_flush(life->journal));
	/* The newest of them are those that a crash can lead to. */
	life_look(life, &life->snapshots[life->taken++ % SNAPSHOTS]);
	life->images += journal_work(life->journal);
	journal_dispatch(life->journal);
}

/* Nobody asks for anything: what was begun beside comes to its end. */
static void idle(struct life *life)
{
	for (int i = 0; i < 40; i++)
		finish_round(life);
}

/* ---- restarts ---------------------------------------------------------------------- */

static const struct snapshot *durable_one(const struct life *life)
{
	for (size_t i = 1; i <= SNAPSHOTS && i <= life->taken; i++) {
		const struct snapshot *one = &life->snapshots[(life->taken - i) % SNAPSHOTS];
		if (one->records == life->disk.durable_records)
			return one;
	}
	/* Not even the queues have become durable yet. */
	if (life->restarts > 0)
		fail_msg("seed %lu: %zu records are durable, which was at no time all",
			 (unsigned long)life->seed, life->disk.durable_records);
	return NULL;
}

static void restart(struct life *life, bool crash)
{
	static struct snapshot was, is;
	crash = crash && durable_one(life) != NULL;
	if (!crash)
		finish_round(life);
	life->disk.refuses = crash;
	end_engine(life);
	life->disk.refuses = false;
	was = crash ? *durable_one(life) : life->snapshots[(life->taken - 1) % SNAPSHOTS];
	life->restarts++;
	/* The next has another clock, and begins when that was: nothing is due since. */
	life->wall = was.time - SECONDS(1);
	life->now = SECONDS(1);
	begin_engine(life);
	open_all(life);
	life_look(life, &is);
	life_same(life, &was, &is);
	/* It may crash again before anything else is durable. */
	is.records = life->disk.durable_records;
	life->snapshots[0] = is;
	life->taken = 1;
	finish_round(life);
	if (crash)
		life->last_queue = -1;
	if (life->last_queue >= 0) {
		uint64_t items = items_of(life, life->last_queue);
		put_again(life, life->last_queue, life->puts);
		assert_int_equal(items_of(life, life->last_queue), items);
	}
}

static void live(uint64_t seed, unsigned delay, uint32_t turn_work, unsigned steps)
{
	struct life *life = calloc(1, sizeof *life);
	assert_non_null(life);
	life->seed = life->random.state = seed;
	life->now = SECONDS(1);
	life->wall = UINT64_C(1700000000) * NSEC_PER_SEC;
	life->turn_work = turn_work;
	life->last_queue = -1;
	life->disk.delay = delay;
	accounts_init(&life->accounts, 7, 64 * 1024 * 1024, 1000);
	life->user = account_get(&life->accounts, 1);
	begin_engine(life);
	open_all(life);
	for (unsigned i = 0; i < steps; i++) {
		step(life);
		if (random_percent(&life->random, 60))
			finish_round(life);
		if (!random_percent(&life->random, 2))
			continue;
		if (random_percent(&life->random, 50))
			idle(life);
		restart(life, random_percent(&life->random, 60));
	}
	restart(life, false);
	assert_true(life->restarts > 1);
	end_engine(life);
	account_drop(life->user);
	accounts_fini(&life->accounts);
	memory_disk_fini(&life->disk);
	free(life);
}

static unsigned lives(void)
{
	const char *asked = getenv("RELEVO_JOURNAL_LIVES");
	return asked != NULL ? (unsigned)atoi(asked) : 40;
}

static uint64_t first_seed(void)
{
	const char *asked = getenv("RELEVO_JOURNAL_SEED");
	return asked != NULL ? strtoull(asked, NULL, 10) : 1;
}

static void what_comes_back_is_what_was_there(void **state)
{
	(void)state;
	for (uint64_t i = 0, seed = first_seed(); i < lives(); i++, seed++)
		live(seed, seed % 2 == 0 ? (unsigned)(seed % 9) : 0, seed % 3 == 0 ? SHORT_TURN : 0,
		     400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_back_is_what_was_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
