#ifndef CLIENT_GUARD_H
#define CLIENT_GUARD_H

#include "client/handle.h"

#include <relevo/rlock.h>

#include <stdatomic.h>

/*
 * The lock that goes with a value or an array: one that was given, none, or one of its
 * own, which is opened when it is first asked for, so that nobody pays for it before.
 */
struct guard {
	_Atomic(relevo_rlock *) lock; /* NULL: not opened yet, or none */
	bool none;
	bool given;
};

/* BAD_ARGUMENT: both are asked for, or the lock is of another session. */
int guard_init(struct guard *guard, relevo_session *session, relevo_rlock *given, bool none);

/* BAD_STATE: it has none. */
int guard_get(struct guard *guard, const struct handle *handle, relevo_rlock **lock);

void guard_fini(struct guard *guard);

#endif
