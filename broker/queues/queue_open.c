/* How sessions come to queues, and leave them. */
#include "base/mutant.h"
#include "base/name.h"
#include "core/client.h"
#include "core/peer.h"
#include "core/record.h"
#include "core/run.h"
#include "leases/ahead.h"
#include "queues/queue_call.h"
#include "queues/queue_end.h"
#include "queues/queue_handle.h"
#include "queues/queue_options.h"
#include "queues/token.h"
#include "stock/queue_kind.h"
#include "stock/queue_life.h"

/* The queue of that name, NULL when there is none. */
static int queue_open_find(struct engine *engine, const char *name, enum queue_open_mode mode,
			   struct queue **queue, struct error *error)
{
	*queue = NULL;
	if (name[0] == '\0' && mode != QUEUE_OPEN_EXISTING)
		return RELEVO_OK;
	int status = name_check(name, "queue", error);
	if (status == RELEVO_OK)
		*queue = queue_find(engine, name);
	return status;
}

/* Whether the mode lets it be opened, or made. */
static int queue_open_admit(const struct queue *found, const char *name, enum queue_open_mode mode,
			    enum queue_kind kind, struct error *error)
{
	if (found == NULL && mode == QUEUE_OPEN_EXISTING)
		return error_set(error, RELEVO_NOT_FOUND, "there is no %s \"%s\"", kind_noun(kind),
				 name);
	if (found != NULL && mode == QUEUE_CREATE_NEW)
		return error_set(error, RELEVO_EXISTS, "there is a %s \"%s\" already",
				 queue_noun(found), name);
	return RELEVO_OK;
}

static int queue_open_create(struct engine_peer *peer, const char *name,
			     const struct queue_options *options, struct queue **queue,
			     struct error *error)
{
	int status = tokens_check(options, error);
	if (status == RELEVO_OK)
		status = queue_options_check(peer->engine, name, options, error);
	if (status != RELEVO_OK)
		return status;
	const struct queue_making making = {
		.account = peer->account,
		.owner = peer_owner(peer, options->lifetime),
		.name = name,
		.options = options,
	};
	status = name[0] == '\0' ? queue_new_nameless(peer->engine, &making, queue, error)
				 : queue_new(peer->engine, &making, queue, error);
	if (status != RELEVO_OK)
		return status;
	if (options->lifetime == QUEUE_SESSION)
		list_append(&peer->owned, &(*queue)->in_owner);
	status = tokens_create(peer, *queue, error);
	if (status != RELEVO_OK)
		queue_end(*queue);
	return status;
}

static int queue_open_compare(const struct queue *queue, enum queue_open_mode mode,
			      const struct queue_options *options, struct error *error)
{
	int status = kind_compare(queue, options->kind, error);
	if (status != RELEVO_OK || mode != QUEUE_OPEN_OR_CREATE)
		return status;
	status = queue_options_compare(queue, options, error);
	return status == RELEVO_OK ? tokens_compare(queue, options, error) : status;
}

/* Who may care for it, should the session be cut off, is there by then. */
static int queue_open_remember(struct engine_peer *peer, const struct queue_options *options,
			       struct error *error)
{
	struct client *client;
	if (!options->durable || options->lifetime == QUEUE_KEPT)
		return RELEVO_OK;
	return client_of(peer, &client, error);
}

int queue_open(struct engine_peer *peer, const char *name, enum queue_open_mode mode,
	       const struct queue_options *options, struct queue_opened *opened,
	       struct error *error)
{
	struct engine *engine = peer->engine;
	struct queue *queue = NULL;
	uint64_t last_key = engine->last_key;
	int status = peer_reserve_handle(peer, error);
	if (status == RELEVO_OK)
		status = queue_open_find(engine, name, mode, &queue, error);
	if (status == RELEVO_OK)
		status = queue_open_admit(queue, name, mode, options->kind, error);
	if (status == RELEVO_OK)
		status =
			queue_open_remember(peer, queue != NULL ? &queue->options : options, error);
	if (status == RELEVO_OK && queue == NULL)
		status = queue_open_create(peer, name, options, &queue, error);
	else if (status == RELEVO_OK)
		status = queue_open_compare(queue, mode, options, error);
	if (status == RELEVO_OK && queue->options.durable)
		record_await(engine);
	if (status == RELEVO_OK)
		*opened = (struct queue_opened){
			.handle = peer_add_handle(peer, queue),
			.name = queue->name,
			.created = queue->key > last_key,
			.identity = queue->key,
			.options = queue->options,
		};
	engine_run(engine);
	return status;
}

void queue_get_in_order(struct engine_peer *peer, uint32_t handle)
{
	ahead_forbid(peer, handle);
	engine_run(peer->engine);
}

int queue_close(struct engine_peer *peer, uint32_t handle, struct error *error)
{
	struct engine *engine = peer->engine;
	struct queue *queue;
	int status = peer_find_handle(peer, handle, &queue, error);
	if (status == RELEVO_OK)
		peer_remove_handle(peer, handle);
	engine_run(engine);
	return status;
}

int queue_delete(struct engine *engine, const char *name, enum queue_kind kind, struct error *error)
{
	int status = name_check(name, kind_noun(kind), error);
	if (status != RELEVO_OK)
		return status;
	struct queue *queue = queue_find(engine, name);
	if (queue == NULL)
		return error_set(error, RELEVO_NOT_FOUND, "there is no %s \"%s\"", kind_noun(kind),
				 name);
	if (!MUTANT(any_kind_deletes))
		status = kind_compare(queue, kind, error);
	if (status != RELEVO_OK)
		return status;
	queue_end(queue);
	engine_run(engine);
	return RELEVO_OK;
}

int queue_delete_handle(struct engine_peer *peer, uint32_t handle, struct error *error)
{
	struct queue *queue;
	int status = peer_find_queue(peer, handle, &queue, error);
	if (status != RELEVO_OK)
		return status;
	queue_end(queue);
	engine_run(peer->engine);
	return RELEVO_OK;
}
