/* The random operations on leases, and on a queue as a whole. */
#include "simulation/world_private.h"

#include <relevo/status.h>
#include <stdio.h>

void do_join(struct world *world)
{
	uint32_t peer, place;
	struct model_call *call = pick_free_call(world);
	if (call == NULL || !pick_handle(world, &peer, &place))
		return;
	fresh_moment(world);
	*call = (struct model_call){
		.kind = CALL_JOIN,
		.peer = peer,
		.queue = world->model.handles[peer][place],
		.deadline = pick_deadline(world),
	};
	world_describe(world, "join of queue %u", call->queue->name);
	const struct join_request request = {
		.handle = world->handles[peer][place],
		.deadline = call->deadline,
	};
	queue_join(world->peers[peer], &request, world->model.now, world_prepare(world, call));
	model_join(&world->model, call);
}

void do_reject(struct world *world)
{
	struct model_leases leases = pick_held(world);
	struct error error;
	world_describe(world, "reject of %u", leases.count);
	int status = lease_reject(world->peers[leases.peer], leases.numbers, leases.count,
				  world->model.now, &error);
	world_expect(world, "status", (uint64_t)status,
		     (uint64_t)model_reject(&world->model, &leases));
}

void do_extend(struct world *world)
{
	struct model_leases leases = pick_held(world);
	nsec_t time = percent(world, 50) ? MSEC(1 + below(world, 100)) : 0;
	struct error error;
	world_describe(world, "extension of %u", leases.count);
	int status = lease_extend(world->peers[leases.peer], leases.numbers, leases.count, time,
				  world->model.now, &error);
	world_expect(world, "status", (uint64_t)status,
		     (uint64_t)model_extend(&world->model, &leases, time));
}

void do_shut_down(struct world *world)
{
	uint32_t peer, place;
	struct error error;
	if (!pick_handle(world, &peer, &place))
		return;
	struct model_queue *queue = world->model.handles[peer][place];
	enum queue_shutdown how = percent(world, 50) ? QUEUE_DRAINING : QUEUE_SHUT;
	world_describe(world, "shutdown %d of queue %u", (int)how, queue->name);
	int status = queue_shut_down(world->peers[peer], world->handles[peer][place], how,
				     world->model.now, &error);
	world_expect(world, "status", (uint64_t)status,
		     (uint64_t)model_shut_down(&world->model, queue, how));
}

void do_purge(struct world *world)
{
	uint32_t peer, place;
	uint64_t count, expected;
	struct error error;
	if (!pick_handle(world, &peer, &place))
		return;
	struct model_queue *queue = world->model.handles[peer][place];
	world_describe(world, "purge of queue %u", queue->name);
	int status = queue_purge(world->peers[peer], world->handles[peer][place], world->model.now,
				 &count, &error);
	world_expect(world, "status", (uint64_t)status,
		     (uint64_t)model_purge(&world->model, queue, &expected));
	world_expect(world, "items purged", count, expected);
}

struct moved {
	struct waiter waiter;
	int answers, status;
	uint32_t count;
};

static void on_moved(struct waiter *waiter, const struct answer *answer)
{
	struct moved *moved = container_of(waiter, struct moved, waiter);
	moved->answers++;
	moved->status = answer->status;
	moved->count = answer->accepted;
}

void do_move(struct world *world)
{
	const struct model_move move = {
		.from = below(world, MODEL_NAMES),
		.to = below(world, MODEL_NAMES),
		.max_items = below(world, 4),
	};
	struct moved moved = { .waiter.answer = on_moved };
	char from[8], to[8];
	uint64_t expected;
	snprintf(from, sizeof from, "q%u", move.from);
	snprintf(to, sizeof to, "q%u", move.to);
	world_describe(world, "move of %u items from %s to %s", (uint32_t)move.max_items, from, to);
	const struct move_request request = { from, to, move.max_items };
	queue_move(world->peers[0], &request, world->model.now, &moved.waiter);
	world_expect(world, "status", (uint64_t)moved.status,
		     (uint64_t)model_move(&world->model, &move, &expected));
	world_expect(world, "items moved", moved.count, expected);
	world_expect(world, "answers to a move", (uint64_t)moved.answers, 1);
}
