/*
 * Waiting for several things at once: objects that a call here can wait for, and what has a
 * descriptor to poll, such as sockets and the sentinels of processes. Programs with an event loop
 * of their own, and those that wait for the same things again and again, have <relevo/poller.h>.
 */
#ifndef RELEVO_WAIT_H
#define RELEVO_WAIT_H

#include <relevo/event.h>
#include <relevo/listener.h>
#include <relevo/lock.h>
#include <relevo/pipe.h>
#include <relevo/pool_async.h>
#include <relevo/queue.h>
#include <relevo/rlock.h>
#include <relevo/semaphore.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is waited for, and when it is ready. */
enum relevo_wait_for {
	RELEVO_WAIT_FOR_QUEUE = 1,  /* there is an item, or there will be none any more */
	RELEVO_WAIT_FOR_JOB,        /* it has ended, and its callbacks have returned */
	RELEVO_WAIT_FOR_LOCK,       /* it has been acquired */
	RELEVO_WAIT_FOR_RLOCK,      /* the same, by the thread that is told so */
	RELEVO_WAIT_FOR_SEMAPHORE,  /* a permit has been taken */
	RELEVO_WAIT_FOR_EVENT,      /* it is set */
	RELEVO_WAIT_FOR_PIPE,       /* there is a message, or its end */
	RELEVO_WAIT_FOR_LISTENER,   /* there is something to accept */
	RELEVO_WAIT_FOR_DESCRIPTOR, /* there is something to read, its end, or an error */
};

/* One thing to wait for, and what was found. */
struct relevo_wait_entry {
	enum relevo_wait_for what; /* which of these it is: */
	union {
		relevo_queue *queue;
		relevo_job *job;
		relevo_lock *lock;
		relevo_rlock *rlock;
		relevo_semaphore *semaphore;
		relevo_event *event;
		relevo_pipe *pipe;
		relevo_listener *listener;
		int descriptor;
	};
	bool ready;
	int status;                /* once it is ready: OK, or what ended the wait for it */
	struct relevo_grant grant; /* of a lock or a semaphore, as relevo_lock_acquire() */
	uint64_t reserved[RELEVO_RESERVED_FEW];
};

/*
 * Wait up to `timeout` ms until at least one entry is ready. All that are ready are marked, and
 * *ready tells how many. No entries: the time passes.
 *
 * Nothing is taken from a queue, a pipe or a listener; of the queue an item is kept here, for a
 * second, so that relevo_queue_get() with time-out 0 gives one. A lock that is ready is held, and
 * so is a permit: as if it had been acquired by this thread. One that is not ready is not held.
 *
 * An entry is also ready when it cannot be waited for any more; its status then says why: of a
 * queue SHUT_DOWN, of what the broker keeps GONE, DISCONNECTED and what else the call that waits
 * for it returns. The end of a pipe is something to be received; its status is OK.
 *
 * An object may be waited for by one wait, or stand in one poller, at a time. If another thread
 * closes it meanwhile, it is not ready. Sessions are connected again as by other calls. Thread-safe
 * otherwise; a signal ends it only if relevo_set_go_on() was given a function that says so.
 *
 * Errors: TIMED_OUT (also with timeout 0), INTERRUPTED, BAD_ARGUMENT (an entry is of no kind, has
 * no object or a descriptor that is not open; the detail names which), BAD_STATE (a pipe does not
 * receive, or the object is waited for already), CLOSED, FORKED (a remote pipe is the parent's, or
 * the session is over tcp://), GONE, DISCONNECTED, LIMIT, NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_wait(struct relevo_wait_entry *entries, size_t count, int64_t timeout,
			   size_t *ready);

#ifdef __cplusplus
}
#endif

#endif
