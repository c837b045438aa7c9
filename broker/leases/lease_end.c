/* How a session ends its leases. */
#include "base/mutant.h"
#include "core/peer.h"
#include "core/run.h"
#include "core/work.h"
#include "leases/ahead.h"
#include "leases/hold.h"
#include "leases/lease.h"
#include "leases/lease_call.h"
#include "leases/lease_return.h"
#include "stock/dead_letter.h"
#include "stock/expiry.h"
#include "stock/queue_items.h"
#include "stock/queue_kind.h"
#include "stock/queue_life.h"
#include "stock/queue_record.h"

#include <inttypes.h>

/* What is done to each of some leases. */
struct operation {
	int (*apply)(struct lease *lease, const struct operation *operation);
	const char *failure; /* what it means if that fails, with a place for the number */
	const char *token;   /* what a token is, so that this is not for it; NULL: it may be */
	nsec_t time;
	bool unread;
};

static int apply_to(struct engine_peer *peer, uint64_t number, const struct operation *operation,
		    struct error *error)
{
	struct lease *lease = lease_find(peer, number);
	if (lease == NULL)
		return lease_not_held(number, error);
	if (operation->token != NULL &&
	    token_refuse(lease->queue, operation->token, error) != RELEVO_OK)
		return RELEVO_BAD_ARGUMENT;
	int status = operation->apply(lease, operation);
	if (status != RELEVO_OK)
		error_set(error, status, "lease %" PRIu64 " %s", number, operation->failure);
	return status;
}

/* All are done; the first that fails is told. */
static int apply_to_all(struct engine_peer *peer, const uint64_t *leases, size_t count,
			const struct operation *operation, struct error *error)
{
	int result = RELEVO_OK;
	work_spend(peer->engine, count);
	for (size_t i = 0; i < count; i++) {
		struct error ignored;
		struct error *told = result == RELEVO_OK ? error : &ignored;
		int status = apply_to(peer, leases[i], operation, told);
		if (result == RELEVO_OK)
			result = status;
	}
	engine_run(peer->engine);
	return result;
}

static int lease_end_acknowledge(struct lease *lease, const struct operation *operation)
{
	(void)operation;
	lease_acknowledge(lease);
	return RELEVO_OK;
}

int lease_ack(struct engine_peer *peer, const uint64_t *leases, size_t count, nsec_t now,
	      struct error *error)
{
	const struct operation operation = {
		lease_end_acknowledge,
		.failure = "",
		.token = "released, not acknowledged",
	};
	engine_at(peer->engine, now);
	return apply_to_all(peer, leases, count, &operation, error);
}

static bool may_come_again(const struct queue *queue, const struct item *item)
{
	return queue->shutdown != QUEUE_SHUT && !dead_letter_due(queue, item) &&
	       (!expiry_is_over(queue, item) || MUTANT(delay_outlives_expiry));
}

static int lease_end_give_back(struct lease *lease, const struct operation *operation)
{
	struct queue *queue = lease->queue;
	bool delay = operation->time > queue->engine->now && !MUTANT(delay_ignored);
	if (delay && !queue_reserve_delay(queue))
		return RELEVO_NO_MEMORY;
	if (operation->unread)
		lease_undo_delivery(queue, lease->item);
	/* One that nobody is to have again need not wait for that. */
	if (delay && may_come_again(queue, lease->item)) {
		queue_delay(queue, lease_end(lease), operation->time);
	} else {
		/* Whoever gives it back hears that this delivery counts for good. */
		queue_record_changed(queue, lease->item, 0);
		lease_return(lease);
	}
	return RELEVO_OK;
}

int lease_nack(struct engine_peer *peer, const uint64_t *leases, size_t count, nsec_t not_before,
	       bool unread, nsec_t now, struct error *error)
{
	const struct operation operation = {
		lease_end_give_back,
		.failure = "cannot be delayed: there is no memory for it",
		/* One that nobody has looked at was never away. */
		.token = unread && not_before == 0 ? NULL : "released, not given back",
		.time = not_before,
		.unread = unread,
	};
	engine_at(peer->engine, now);
	return apply_to_all(peer, leases, count, &operation, error);
}

static int reject(struct lease *lease, const struct operation *operation)
{
	(void)operation;
	struct queue *queue = lease->queue;
	struct item *item = lease_end(lease);
	int status = dead_letter_send(queue, item, &queue->dead_lettered);
	if (status != RELEVO_OK)
		stock_give_back(&queue->stock, item);
	queue_activate(queue);
	return status;
}

int lease_reject(struct engine_peer *peer, const uint64_t *leases, size_t count, nsec_t now,
		 struct error *error)
{
	const struct operation operation = {
		reject,
		.failure = "is given back: the dead-letter queue does not take its item",
		.token = "released, not rejected",
	};
	engine_at(peer->engine, now);
	return apply_to_all(peer, leases, count, &operation, error);
}

static int lease_end_extend(struct lease *lease, const struct operation *operation)
{
	struct queue *queue = lease->queue;
	struct heap *timers = &queue->engine->lease_timers;
	if (!heap_holds(&lease->timer))
		return RELEVO_OK;
	nsec_t time = operation->time > 0 ? operation->time : hold_time(queue, lease->item);
	heap_remove(timers, &lease->timer);
	/* There is room: it has just left. */
	heap_push_reserved(timers, &lease->timer, clock_after(queue->engine->now, time));
	return RELEVO_OK;
}

int lease_extend(struct engine_peer *peer, const uint64_t *leases, size_t count, nsec_t time,
		 nsec_t now, struct error *error)
{
	const struct operation operation = { lease_end_extend, .failure = "", .time = time };
	engine_at(peer->engine, now);
	return apply_to_all(peer, leases, count, &operation, error);
}

void lease_begin(struct engine_peer *peer, uint64_t number)
{
	struct lease *lease = lease_find(peer, number);
	if (lease == NULL || lease->ahead == NULL)
		return;
	ahead_remove(lease);
	hold_begin(lease);
}
