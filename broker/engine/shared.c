/* Shared memory by name: creating, opening, comparing, deleting, and the handles of
 * sessions. */
#include "engine/shared.h"

#include "base/mutant.h"
#include "base/name.h"
#include "core/charge.h"
#include "core/peer.h"
#include "core/work.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shared {
	struct engine *engine;
	struct account *account;   /* of the user who created it */
	struct map_node node;      /* in engine->shared, unless deleted */
	struct engine_peer *maker; /* the session that created it; NULL: it has ended */
	struct list in_maker;
	void *memory; /* NULL: deleted */
	uint64_t identity;
	uint64_t size;
	bool unlocked;
	enum queue_lifetime lifetime;
	uint32_t handles;
	char name[];
};

static size_t shared_cost_of(const char *name)
{
	return sizeof(struct shared) + strlen(name) + 1 + CHARGE_OVERHEAD;
}

/* ---- memory that has a name ------------------------------------------- */

static struct shared *shared_find_name(const struct engine *engine, const char *name)
{
	struct map_node *node = map_find(&engine->shared, name, strlen(name));
	return node != NULL ? container_of(node, struct shared, node) : NULL;
}

static void free_shared(struct shared *shared)
{
	account_release(shared->account, shared_cost_of(shared->name));
	account_drop(shared->account);
	free(shared);
}

static void leave_maker(struct shared *shared)
{
	if (shared->maker == NULL)
		return;
	list_remove(&shared->in_maker);
	shared->maker->made_count--;
	shared->maker = NULL;
}

/* Nobody finds it any more. */
static void shared_end(struct shared *shared)
{
	struct engine *engine = shared->engine;
	map_remove(&engine->shared, &shared->node);
	leave_maker(shared);
	engine->config.shared->release(shared->memory);
	shared->memory = NULL;
	shared->account->queues--;
	if (shared->handles == 0)
		free_shared(shared);
}

static int shared_allocate(struct engine_peer *peer, const char *name,
			   const struct shared_options *options, struct shared **out,
			   struct error *error)
{
	struct account *account = peer->account;
	if (account->queues >= account->registry->queue_limit)
		return error_set(error, RELEVO_QUOTA,
				 "user %u asks for an object more than the %u allowed",
				 account->uid, account->registry->queue_limit);
	int status = charge(account, shared_cost_of(name), "shared memory", error);
	if (status != RELEVO_OK)
		return status;
	size_t name_size = strlen(name) + 1;
	struct shared *shared = calloc(1, sizeof *shared + name_size);
	if (shared == NULL) {
		account_release(account, shared_cost_of(name));
		return error_set(error, RELEVO_NO_MEMORY, "no memory for \"%s\"", name);
	}
	shared->engine = peer->engine;
	shared->account = account;
	shared->size = options->size;
	shared->unlocked = options->unlocked;
	shared->lifetime = options->lifetime;
	memcpy(shared->name, name, name_size);
	account_hold(account);
	*out = shared;
	return RELEVO_OK;
}

static int shared_enter(struct shared *shared, const struct shared_options *options,
			struct error *error)
{
	struct engine *engine = shared->engine;
	const struct shared_source *source = engine->config.shared;
	int status = source->make(options, shared->account, &shared->memory, error);
	if (status != RELEVO_OK)
		return status;
	if (!map_insert(&engine->shared, &shared->node, shared->name, strlen(shared->name))) {
		source->release(shared->memory);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for \"%s\"", shared->name);
	}
	shared->identity = ++engine->last_shared;
	shared->account->queues++;
	return RELEVO_OK;
}

/* What one session makes leaves others something to make theirs of. */
static int check_share(const struct engine_peer *peer, struct error *error)
{
	const struct shared_source *source = peer->engine->config.shared;
	if (source->share == NULL || peer->made_count < source->share() || MUTANT(memory_unshared))
		return RELEVO_OK;
	return error_set(error, RELEVO_LIMIT,
			 "this session has made %" PRIu32 " shared memories that are still there, "
			 "as many as the broker has descriptors for",
			 peer->made_count);
}

static int shared_create(struct engine_peer *peer, const char *name,
			 const struct shared_options *options, struct shared **created,
			 struct error *error)
{
	struct shared *shared = NULL;
	if (options->size == 0 || options->size < options->initial_size)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "%zu bytes do not fit into shared memory of %" PRIu64,
				 options->initial_size, options->size);
	int status = check_share(peer, error);
	if (status == RELEVO_OK)
		status = shared_allocate(peer, name, options, &shared, error);
	if (status != RELEVO_OK)
		return status;
	status = shared_enter(shared, options, error);
	if (status != RELEVO_OK) {
		free_shared(shared);
		return status;
	}
	shared->maker = peer;
	peer->made_count++;
	list_append(&peer->made_shared, &shared->in_maker);
	*created = shared;
	return RELEVO_OK;
}

static int shared_create_nameless(struct engine_peer *peer, const struct shared_options *options,
				  struct shared **created, struct error *error)
{
	char name[24];
	do
		snprintf(name, sizeof name, "~%016" PRIx64, engine_random(peer->engine));
	while (shared_find_name(peer->engine, name) != NULL);
	return shared_create(peer, name, options, created, error);
}

/* ---- handles ---------------------------------------------------------- */

static void remove_handle(struct engine_peer *peer, uint32_t handle)
{
	struct shared *shared = handle_find(&peer->shared, handle);
	handle_remove(&peer->shared, handle);
	if (--shared->handles > 0)
		return;
	if (shared->memory == NULL)
		free_shared(shared);
	else if (shared->lifetime == QUEUE_HANDLES)
		shared_end(shared);
}

int shared_inherit(struct engine_peer *peer, const struct engine_peer *from, struct error *error)
{
	int status = handle_table_copy(&peer->shared, &from->shared, peer->account, error);
	for (uint32_t handle = 1; handle <= peer->shared.capacity; handle++) {
		struct shared *shared = handle_find(&peer->shared, handle);
		if (shared != NULL)
			shared->handles++;
	}
	return status;
}

static void outlive_maker(struct shared *shared)
{
	if (shared->lifetime == QUEUE_SESSION)
		shared_end(shared);
	else
		leave_maker(shared);
}

bool shared_leave(struct engine_peer *peer)
{
	struct list *made = NULL;
	uint32_t handle = 0;
	while ((made = list_first(&peer->made_shared)) != NULL ||
	       (handle = handle_next(&peer->shared)) != 0) {
		if (work_over(peer->engine))
			return false;
		work_spend(peer->engine, 1);
		if (made != NULL)
			outlive_maker(container_of(made, struct shared, in_maker));
		else
			remove_handle(peer, handle);
	}
	return true;
}

void shared_forget_all(struct engine *engine)
{
	struct map_node *node;
	while ((node = map_next(&engine->shared, NULL)) != NULL)
		shared_end(container_of(node, struct shared, node));
	map_fini(&engine->shared);
}

/* ---- operations ------------------------------------------------------- */

static int shared_mismatch(const struct shared *shared, const char *what, struct error *error)
{
	return error_set(error, RELEVO_OPTION_MISMATCH, "the shared memory \"%s\" has another %s",
			 shared->name, what);
}

static int shared_compare(const struct shared *shared, const struct shared_options *asked,
			  struct error *error)
{
	if (shared->size != asked->size)
		return error_set(error, RELEVO_OPTION_MISMATCH,
				 "the shared memory \"%s\" has the size %" PRIu64 ", not %" PRIu64,
				 shared->name, shared->size, asked->size);
	if (shared->unlocked != asked->unlocked)
		return shared_mismatch(shared, "lock", error);
	if (shared->lifetime != asked->lifetime)
		return shared_mismatch(shared, "lifetime", error);
	return RELEVO_OK;
}

static int shared_find_or_create(struct engine_peer *peer, const struct shared_request *request,
				 struct shared **out, struct error *error)
{
	const char *name = request->name;
	if (name[0] == '\0' && request->mode != QUEUE_OPEN_EXISTING)
		return shared_create_nameless(peer, &request->options, out, error);
	int status = name_check(name, "shared memory", error);
	if (status != RELEVO_OK)
		return status;
	struct shared *found = shared_find_name(peer->engine, name);
	if (found == NULL && request->mode == QUEUE_OPEN_EXISTING)
		return error_set(error, RELEVO_NOT_FOUND, "there is no shared memory \"%s\"", name);
	if (found == NULL)
		return shared_create(peer, name, &request->options, out, error);
	if (request->mode == QUEUE_CREATE_NEW)
		return error_set(error, RELEVO_EXISTS, "there is a shared memory \"%s\" already",
				 name);
	*out = found;
	return request->mode == QUEUE_OPEN_OR_CREATE
		       ? shared_compare(found, &request->options, error)
		       : RELEVO_OK;
}

int shared_open(struct engine_peer *peer, const struct shared_request *request,
		struct shared_opened *opened, struct error *error)
{
	struct shared *shared = NULL;
	uint64_t last = peer->engine->last_shared;
	int status = handle_reserve(&peer->shared, peer->account, peer->engine->config.peer_handles,
				    "shared memories", error);
	if (status == RELEVO_OK)
		status = shared_find_or_create(peer, request, &shared, error);
	if (status != RELEVO_OK)
		return status;
	shared->handles++;
	*opened = (struct shared_opened){
		.handle = handle_add(&peer->shared, shared),
		.name = shared->name,
		.memory = shared->memory,
		.created = shared->identity > last,
		.identity = shared->identity,
		.size = shared->size,
		.unlocked = shared->unlocked,
	};
	return RELEVO_OK;
}

int shared_close(struct engine_peer *peer, uint32_t handle, struct error *error)
{
	if (handle_find(&peer->shared, handle) == NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the session has no shared memory with the number %" PRIu32
				 " open",
				 handle);
	remove_handle(peer, handle);
	return RELEVO_OK;
}

int shared_delete(struct engine *engine, const char *name, struct error *error)
{
	int status = name_check(name, "shared memory", error);
	if (status != RELEVO_OK)
		return status;
	struct shared *shared = shared_find_name(engine, name);
	if (shared == NULL)
		return error_set(error, RELEVO_NOT_FOUND, "there is no shared memory \"%s\"", name);
	shared_end(shared);
	return RELEVO_OK;
}
