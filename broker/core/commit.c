/* A kind of waiter that waits for nothing but the next commit: see commit.h. */
#include "core/commit.h"

#include "core/peer.h"
#include "core/peer_wait.h"
#include "core/run.h"
#include "core/waiter.h"

uint64_t engine_changes(const struct engine *engine)
{
	return engine->changes;
}

bool engine_is_committing(const struct engine *engine)
{
	return engine->recorded || engine->committed + 1 < engine->batch;
}

/* There is no line for it, and nothing that it holds. */
static void commit_nothing(struct waiter *waiter)
{
	(void)waiter;
}

/* Only the disk can stand in the way, and of that one is told for all. */
static void commit_describe(const struct waiter *waiter, struct error *error)
{
	error->status = waiter->status;
}

static void commit_answer(struct waiter *waiter, struct answer *answer)
{
	waiter_give(waiter, answer);
}

static void commit_look(const struct waiter *waiter, struct peer_wait *wait)
{
	(void)waiter;
	(void)wait;
}

static const struct waiter_kind commit_kind = {
	.enter = commit_nothing,
	.leave = commit_nothing,
	.forget = commit_nothing,
	.describe = commit_describe,
	.answer = commit_answer,
	.look = commit_look,
	.cancel = commit_nothing,
	.drop = waiter_drop_from_line,
};

void engine_await_commit(struct engine_peer *peer, struct waiter *waiter)
{
	*waiter = (struct waiter){
		.answer = waiter->answer,
		.kind = &commit_kind,
		.peer = peer,
		.since = peer->engine->now,
	};
	list_append(&peer->waiters, &waiter->in_peer);
	waiter_await_commit(waiter);
	engine_run(peer->engine);
}
