/* The tokens of locks and semaphores, created, granted and released; and notices of
 * conditions. */
#include "queues/token.h"

#include "base/mutant.h"
#include "core/item_hold.h"
#include "core/peer.h"
#include "core/record.h"
#include "core/run.h"
#include "leases/lease.h"
#include "leases/lease_return.h"
#include "queues/item_list.h"
#include "queues/queue_handle.h"
#include "stock/queue_items.h"
#include "stock/queue_kind.h"
#include "stock/queue_life.h"

#include <inttypes.h>

/* ---- what it was created as ------------------------------------------- */

int tokens_compare(const struct queue *queue, const struct queue_options *asked,
		   struct error *error)
{
	const struct queue_options *has = &queue->options;
	if (has->tokens != asked->tokens)
		return error_set(error, RELEVO_OPTION_MISMATCH,
				 "the %s \"%s\" started with %" PRIu64 ", not %" PRIu64,
				 kind_noun(has->kind), queue->name, has->tokens, asked->tokens);
	if (has->keep != asked->keep)
		return error_set(error, RELEVO_OPTION_MISMATCH,
				 "the %s \"%s\" is %s when its holder closes in order",
				 kind_noun(has->kind), queue->name,
				 has->keep ? "kept, not released," : "released, not kept,");
	return RELEVO_OK;
}

/* ---- tokens ----------------------------------------------------------- */

static int add_token(struct engine_peer *peer, struct queue *queue, struct error *error)
{
	const uint32_t size = 0;
	const struct put_request request = { .sizes = &size, .count = 1 };
	struct item *token;
	int status = items_new(peer, &request, 0, &token, error);
	if (status != RELEVO_OK)
		return status;
	status = queue_append(queue, token, &(struct arrival){ .session = peer->number });
	if (status != RELEVO_OK) {
		item_drop(queue->engine, token);
		return error_set(error, status, "a token of the %s \"%s\" could not be recorded",
				 kind_noun(queue->options.kind), queue->name);
	}
	queue_activate(queue);
	return RELEVO_OK;
}

int tokens_check(const struct queue_options *options, struct error *error)
{
	if (options->tokens <= SEMAPHORE_MAX_PERMITS)
		return RELEVO_OK;
	return error_set(error, RELEVO_BAD_ARGUMENT,
			 "a %s of %" PRIu64 " is more than the %u allowed",
			 kind_noun(options->kind), options->tokens, SEMAPHORE_MAX_PERMITS);
}

int tokens_create(struct engine_peer *peer, struct queue *queue, struct error *error)
{
	int status = RELEVO_OK;
	for (uint64_t i = 0; i < queue->options.tokens && status == RELEVO_OK; i++)
		status = add_token(peer, queue, error);
	return status;
}

/* So many are told at a time. */
enum { GRANTS_AHEAD = 1000 * 1000 };

/* The next broker begins behind those that may have been handed out, whatever its clock says. */
static void tell_grants(struct engine *engine)
{
	struct recorder *recorder = record_begin(engine);
	engine->grants_told = engine->grants + GRANTS_AHEAD;
	recorder->operations->granting(recorder, engine->grants_told);
}

uint64_t token_grant(struct queue *queue)
{
	struct engine *engine = queue->engine;
	if (!kind_has_tokens(queue))
		return 0;
	engine->grants++;
	if (engine->recorder != NULL && engine->grants > engine->grants_told)
		tell_grants(engine);
	return engine->grants;
}

static void return_token(struct lease *lease)
{
	struct queue *queue = lease->queue;
	struct item *token = lease_end(lease);
	token->deliveries = 0;
	stock_give_back(&queue->stock, token);
	queue_activate(queue);
}

static int over_release(const struct queue *queue, struct error *error)
{
	if (queue->options.kind == QUEUE_LOCK)
		return error_set(error, RELEVO_OVER_RELEASE, "nobody holds the lock \"%s\"",
				 queue->name);
	return error_set(error, RELEVO_OVER_RELEASE,
			 "the semaphore \"%s\" is at its bound of %" PRIu64, queue->name,
			 queue->options.tokens);
}

/* Somebody else's token, or, if all are gone for good or there is no bound, a new
 * one. */
static int release_any(struct engine_peer *peer, struct queue *queue, struct error *error)
{
	struct list *oldest = list_first(&queue->leases);
	if (oldest != NULL) {
		return_token(container_of(oldest, struct lease, in_queue));
		return RELEVO_OK;
	}
	if (queue->options.bounded && !MUTANT(semaphore_without_bound) &&
	    stock_size(&queue->stock) >= queue->options.tokens)
		return over_release(queue, error);
	return add_token(peer, queue, error);
}

static int token_release_here(struct engine_peer *peer, const struct token_release *release,
			      struct error *error)
{
	struct queue *queue;
	int status = peer_find_queue(peer, release->handle, &queue, error);
	if (status != RELEVO_OK)
		return status;
	if (!kind_has_tokens(queue))
		return error_set(error, RELEVO_BAD_ARGUMENT, "\"%s\" is a %s, not a lock",
				 queue->name, kind_noun(queue->options.kind));
	struct lease *lease = lease_find(peer, release->lease);
	if (lease != NULL && lease->queue == queue) {
		return_token(lease);
		return RELEVO_OK;
	}
	if (release->any)
		return release_any(peer, queue, error);
	return error_set(error, RELEVO_NOT_OWNER, "the %s \"%s\" is not held by this session",
			 kind_noun(queue->options.kind), queue->name);
}

int token_release(struct engine_peer *peer, const struct token_release *request, nsec_t now,
		  struct error *error)
{
	struct engine *engine = peer->engine;
	engine_at(engine, now);
	int status = token_release_here(peer, request, error);
	engine_run(engine);
	return status;
}

bool token_leave(struct lease *lease)
{
	const struct queue *queue = lease->queue;
	if (!kind_has_tokens(queue))
		return false;
	if (queue->options.keep)
		lease_acknowledge(lease);
	else
		return_token(lease);
	return true;
}

/* ---- notices ---------------------------------------------------------- */

void notices_drop(struct queue *queue)
{
	if (queue->options.kind != QUEUE_CONDITION || MUTANT(notify_remembered))
		return;
	while (stock_first(&queue->stock) != NULL) {
		struct item *item = stock_take(&queue->stock);
		queue_forget_item(queue, item, item->order.key);
		item_drop(queue->engine, item);
	}
}
