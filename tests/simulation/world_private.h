#ifndef SIMULATION_WORLD_PRIVATE_H
#define SIMULATION_WORLD_PRIVATE_H

#include "base/list.h"
#include "simulation/model.h"
#include "simulation/world.h"
#include "support/store_fake.h"

/* The engine's side of a call; the model's has the same place in its array. */
struct world_call {
	struct waiter waiter;
	struct world *world;
	int answers;
	int status;
	uint32_t accepted;
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
	struct store_fake store;
	struct engine *engine;
	struct engine_peer *peers[MODEL_PEERS];
	uint32_t handles[MODEL_PEERS][MODEL_HANDLES]; /* 0: free; as in the model */
	struct world_call calls[MODEL_CALLS];
	uint64_t last_id;
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

/* One random operation on both sides. */
void world_operate(struct world *world);

/* Compare all that can be seen. Tells the model the numbers of new leases. */
void world_compare(struct world *world);

/* The size and the bytes of an item follow from its id. */
uint32_t body_size(uint64_t id);
void body_write(uint64_t id, uint8_t *body);

#endif
