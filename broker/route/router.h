#ifndef ROUTE_ROUTER_H
#define ROUTE_ROUTER_H

#include "engine/engine.h"
#include "net/network_state.h"
#include "route/router_config.h"

/*
 * Turns frames into calls of the engine, and its answers into frames. It holds
 * what the broker knows about a session beyond bytes and rules: whether it has
 * greeted, which of its calls wait, how much of its window is used.
 */
struct router;

/* The engine is not owned. NULL when memory ran out. */
struct router *router_new(const struct router_config *config, struct engine *engine,
			  struct loop *loop);

/* All connections must have gone. NULL is allowed. */
void router_free(struct router *router);

/* What to give the network whose connections are routed here. */
struct network_handlers router_handlers(struct router *router);
struct output_owners router_owners(struct router *router);

#endif
