#ifndef POOL_POOL_OWNER_H
#define POOL_POOL_OWNER_H

#include "base/error.h"
#include "session/call.h"

#include <relevo/pool.h>

/*
 * For a handle of a pool that somebody else keeps, or nobody: whether it has ended. That is so
 * when its queue of tasks has, for which a call waits.
 */
struct pool_owner {
	int event;        /* readable when the call is answered; -1: none */
	struct call call; /* guarded by the session's lock, like this: */
	bool asked;
};

/* NO_DESCRIPTORS. */
int pool_owner_open(relevo_pool *pool, struct error *error);

/* Have whoever waits told of the end from now on. GONE: it has come. */
int pool_owner_follow(relevo_pool *pool, struct error *error);

/* GONE: it has ended. DISCONNECTED: nobody can tell. */
int pool_owner_check(relevo_pool *pool, struct error *error);

void pool_owner_close(relevo_pool *pool);

/* In a child by fork, which has a copy. */
void pool_owner_forget(relevo_pool *pool);

#endif
