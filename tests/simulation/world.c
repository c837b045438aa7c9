#include "simulation/world_private.h"

#include <inttypes.h>
#include <relevo/status.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void world_fail(struct world *world, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fprintf(stderr, "step %" PRIu64 " of its world, %s: ", world->steps, world->operation);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	world->failed = true;
}

void world_expect(struct world *world, const char *what, uint64_t engine, uint64_t model)
{
	if (engine != model)
		world_fail(world, "%s: engine %" PRIu64 ", model %" PRIu64, what, engine, model);
}

void world_describe(struct world *world, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(world->operation, sizeof world->operation, format, arguments);
	va_end(arguments);
}

uint32_t body_size(uint64_t id)
{
	return (uint32_t)(sizeof id + id * 7 % 23);
}

void body_write(uint64_t id, uint8_t *body)
{
	memcpy(body, &id, sizeof id);
	memset(body + sizeof id, (int)(id & 0xff), body_size(id) - sizeof id);
}

static bool open_peers(struct world *world)
{
	for (uint32_t i = 0; i < MODEL_PEERS; i++) {
		/* Two users, so that one pays for what the other holds. */
		world->accounts_of[i] = account_get(&world->accounts, i % 2);
		if (world->accounts_of[i] == NULL)
			return false;
		world->peers[i] = engine_peer_new(world->engine, world->accounts_of[i]);
		if (world->peers[i] == NULL)
			return false;
	}
	return true;
}

struct world *world_open(struct random *random)
{
	struct world *world = calloc(1, sizeof *world);
	if (world == NULL)
		return NULL;
	world->random = random;
	accounts_init(&world->accounts, random_next(random), SIZE_MAX / 2, UINT32_MAX);
	const struct engine_config config = {
		.seed = random_next(random),
		.peer_waiters = MODEL_WAITERS,
		.peer_leases = 100000,
		.peer_handles = MODEL_HANDLES,
	};
	recorder_fake_init(&world->recorder);
	/* Or in memory only. */
	world->recorded = random_percent(random, 75);
	world->engine = engine_new(&config, world->recorded ? &world->recorder.recorder : NULL);
	if (world->engine == NULL || !open_peers(world)) {
		fprintf(stderr, "no memory for the simulation\n");
		exit(1);
	}
	return world;
}

bool world_step(struct world *world)
{
	world->steps++;
	world_operate(world);
	if (!world->failed)
		world_compare(world);
	return !world->failed;
}

bool world_close(struct world *world)
{
	if (world == NULL)
		return false;
	world_describe(world, "the end");
	for (uint32_t i = 0; i < MODEL_PEERS; i++)
		engine_peer_gone(world->peers[i], world->model.now);
	while (recorder_fake_complete(&world->recorder, RELEVO_OK))
		;
	engine_free(world->engine);
	for (uint32_t i = 0; i < MODEL_PEERS; i++) {
		if (world->accounts_of[i]->references == 1)
			world_expect(world, "bytes charged", world->accounts_of[i]->used, 0);
		account_drop(world->accounts_of[i]);
	}
	accounts_fini(&world->accounts);
	recorder_fake_fini(&world->recorder);
	model_fini(&world->model);
	bool good = !world->failed;
	free(world);
	return good;
}
