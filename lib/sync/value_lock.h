#ifndef SYNC_VALUE_LOCK_H
#define SYNC_VALUE_LOCK_H

#include "session/handle.h"

#include <relevo/rlock.h>

#include <stdatomic.h>

/*
 * The lock that goes with a value or an array: one that was given, none, or one of its
 * own, which is opened when it is first asked for, so that nobody pays for it before.
 */
struct value_lock {
	_Atomic(relevo_rlock *) lock; /* NULL: not opened yet, or none */
	bool none;
	bool given;
};

/* BAD_ARGUMENT: both are asked for, or the lock is of another session. */
int value_lock_init(struct value_lock *guard, relevo_session *session, relevo_rlock *given,
		    bool none);

/* BAD_STATE: it has none. */
int value_lock_get(struct value_lock *guard, const struct handle *handle, relevo_rlock **lock);

void value_lock_fini(struct value_lock *guard);

#endif
