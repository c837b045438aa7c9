#ifndef SIMULATION_WORLD_PRIVATE_H
#define SIMULATION_WORLD_PRIVATE_H

#include "base/list.h"
#include "simulation/model.h"
#include "simulation/world.h"
#include "support/recorder_fake.h"

/* The engine's side of a call; the model's has the same place in its array. */
struct world_call {
	struct waiter waiter;
	struct world *world;
	int answers;
	int status;
	uint32_t accepted;
	uint32_t handle; /* of a get from several: which served */
	uint32_t choices[MODEL_CHOICE];
	uint32_t choice_count;
	struct model_got got[MODEL_BATCH];
	uint32_t got_count;
	bool broken; /* a body was not what was put */
};

enum { OLD_LEASES = 16 };

struct world {
	struct random *random;
	struct model model;
	struct accounts accounts;
	struct account *accounts_of[MODEL_PEERS];
	struct recorder_fake recorder;
	bool recorded; /* there it is */
	struct engine *engine;
	struct engine_peer *peers[MODEL_PEERS];
	uint32_t handles[MODEL_PEERS][MODEL_HANDLES]; /* 0: free; as in the model */
	struct world_call calls[MODEL_CALLS];
	uint64_t last_id, last_moment;
	uint64_t old_leases[OLD_LEASES]; /* some numbers that were given out */
	uint64_t steps;
	bool failed;
	char operation[160]; /* the last one, for the report */
};

/* Report a disagreement. */
void world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* world_fail() unless the two are equal. */
void world_expect(struct world *world, const char *what, uint64_t engine, uint64_t model);

/* What the step did, for the report. */
void world_describe(struct world *world, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Have the engine answer into the same place as the model's call. */
struct waiter *world_prepare(struct world *world, const struct model_call *call);

/* ---- choices (operate.c) ------------------------------------------------ */

#define MSEC(n) ((nsec_t)(n)*NSEC_PER_MSEC)

static inline uint32_t below(struct world *world, uint32_t limit)
{
	return random_below(world->random, limit);
}

static inline bool percent(struct world *world, uint32_t percentage)
{
	return random_percent(world->random, percentage);
}

/* A handle that is open, by its place; false if there is none there. */
bool pick_handle(struct world *world, uint32_t *peer, uint32_t *place);
struct model_call *pick_free_call(struct world *world);
nsec_t pick_deadline(struct world *world);
struct model_leases pick_held(struct world *world);

/* Time goes on to a moment that no other has as its fraction of a millisecond: what is
 * due so long after it is due alone. */
void fresh_moment(struct world *world);

/* ---- operations (operate_manage.c) -------------------------------------- */

void do_join(struct world *world);
void do_reject(struct world *world);
void do_extend(struct world *world);
void do_shut_down(struct world *world);
void do_purge(struct world *world);
void do_move(struct world *world);

/* One random operation on both sides. */
void world_operate(struct world *world);

/* Compare all that can be seen. Tells the model the numbers of new leases. */
void world_compare(struct world *world);

/* The size and the bytes of an item follow from its id. */
uint32_t body_size(uint64_t id);
void body_write(uint64_t id, uint8_t *body);

#endif
