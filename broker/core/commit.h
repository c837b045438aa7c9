/* Waiting until what was changed is durable, for those whose calls do not wait by themselves. */
#ifndef CORE_COMMIT_H
#define CORE_COMMIT_H

#include "core/wait.h"

struct engine;
struct engine_peer;

/* How many changes of durable objects there have been that somebody may want to be sure of. */
uint64_t engine_changes(const struct engine *engine);

/* Whether something is not durable yet. */
bool engine_is_committing(const struct engine *engine);

/* Answered with OK once all that was changed up to now is durable; else with the reason why
 * it is not, though it may become so later. */
void engine_await_commit(struct engine_peer *peer, struct waiter *waiter);

#endif
