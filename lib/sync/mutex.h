#ifndef SYNC_MUTEX_H
#define SYNC_MUTEX_H

#include "sync/permit.h"

/*
 * What plain and recursive locks are inside: one token, and who has it. A plain
 * one belongs to the handle, a recursive one to a thread.
 */
struct mutex {
	struct permit_source source;
	struct permit token;
	bool recursive;
	uint64_t owner; /* a recursive one's thread, while it is held */
	uint64_t depth; /* how often that acquired it */
};

struct relevo_lock {
	struct mutex mutex;
};

struct relevo_rlock {
	struct mutex mutex;
};

int mutex_open(struct mutex *mutex, relevo_session *session, const char *name,
	       const struct relevo_lock_options *options);

/* Release it if it is held, and close the handle. */
void mutex_close(struct mutex *mutex);

int mutex_acquire(struct mutex *mutex, int64_t timeout, struct relevo_grant *grant);
int mutex_release(struct mutex *mutex);

/* Whether the caller holds it; the session is locked, as for the next two. */
bool mutex_is_held(struct mutex *mutex);

/* One more time, if it is recursive and the caller holds it. */
bool mutex_acquire_again(struct mutex *mutex);

/* The token has been acquired: the caller is its owner. */
void mutex_own(struct mutex *mutex, const struct permit *token);

/* Release it altogether, by a call to be waited for. Returns the depth. */
uint64_t mutex_begin_suspend(struct mutex *mutex, struct call *call);

/* Acquire it to that depth, waiting for as long as it takes. */
int mutex_resume(struct mutex *mutex, uint64_t depth, struct error *error);

#endif
