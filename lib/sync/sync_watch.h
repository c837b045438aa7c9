#ifndef SYNC_SYNC_WATCH_H
#define SYNC_SYNC_WATCH_H

#include "session/watch.h"

#include <relevo/event.h>
#include <relevo/rlock.h>
#include <relevo/semaphore.h>

/*
 * Acquiring, and waiting for an event, beside other things: see session/watch.h. NULL: memory ran
 * out. What was acquired is held once the look has said so, by the thread that looked; with that
 * the watch is over.
 */
struct watch *lock_watch(relevo_lock *lock);
struct watch *rlock_watch(relevo_rlock *lock);
struct watch *semaphore_watch(relevo_semaphore *semaphore);
struct watch *event_watch(relevo_event *event);

#endif
