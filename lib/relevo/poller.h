/*
 * Pollers: a set of things to wait for, with one descriptor for an event loop (epoll, libuv,
 * GLib, ...). It needs no thread, and costs no system call while nothing happens.
 *
 * A program adds what it waits for, and has its loop poll relevo_poller_fd() for reading. Once
 * that is readable it calls relevo_poller_wait() with time-out 0, and does what is ready:
 *
 *	struct relevo_ready ready[16];
 *	size_t count;
 *	if (relevo_poller_wait(poller, 0, ready, 16, &count) == RELEVO_OK)
 *		for (size_t i = 0; i < count; i++)
 *			serve(&ready[i]);
 *
 * Without a loop of its own it calls relevo_poller_wait() with any time-out.
 */
#ifndef RELEVO_POLLER_H
#define RELEVO_POLLER_H

#include <relevo/wait.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_poller relevo_poller;

/*
 * Something that is ready. Queues, events, pipes, listeners and descriptors stay in the set, and
 * are told again as long as there is something: an item, a message, the event being set. Locks,
 * semaphores and jobs are told once, and leave the set with that; so does everything whose status
 * is not OK.
 */
struct relevo_ready {
	enum relevo_wait_for what;
	void *object;              /* as it was added; NULL: it is */
	int descriptor;            /* this one; else -1 */
	void *user;                /* as it was added */
	int status;                /* OK, or what ended the wait: as of relevo_wait() */
	struct relevo_grant grant; /* of a lock or a semaphore, as relevo_lock_acquire() */
	uint64_t reserved[RELEVO_RESERVED_FEW];
};

/*
 * Make a poller, with nothing in it; it takes two descriptors. *poller is the caller's, until
 * relevo_poller_free(). Thread-safe; never blocks.
 *
 * A poller may be used by all threads at once; one of them waits. A child of fork(2) cannot use it:
 * its calls return FORKED there. The child may free it, which leaves the parent's as it is, and may
 * close what stood in it, or wait for that in another way.
 *
 * Errors: BAD_ARGUMENT, NO_DESCRIPTORS, LIMIT, NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_poller_new(relevo_poller **poller);

/* Take everything out, and free it. No other thread may be in a call with it. NULL is
 * allowed. Does not wait, but as relevo_poller_remove(). */
RELEVO_API void relevo_poller_free(relevo_poller *poller);

/*
 * The descriptor, to be polled for reading (POLLIN, EPOLLIN, UV_READABLE, G_IO_IN); not by its
 * edges. It is readable while something may be ready, until relevo_poller_wait() has told all of
 * it or found that nothing is ready. It is the poller's: neither read nor close it. Thread-safe;
 * never blocks.
 * Errors: BAD_ARGUMENT, FORKED.
 */
RELEVO_API int relevo_poller_fd(const relevo_poller *poller, int *fd);

/*
 * Wait up to `timeout` ms until something is ready: `capacity` things at most are told, in
 * `ready`, and *count says how many. With time-out 0 it looks at what has come, without asking the
 * broker. What became ready first is told first; what was told goes behind the others. The cost
 * depends on how much is ready, not on how much stands in the set. Thread-safe; one thread waits
 * at a time; others may add and remove meanwhile. A signal ends it only if
 * relevo_set_go_on() was given a function that says so.
 *
 * It never blocks on a broker that does not read, and does not connect again: objects whose
 * connection was lost are told with DISCONNECTED, and may be added again.
 * A session may have 4,096 calls that wait, of all kinds; what is beyond that is told with LIMIT.
 *
 * Errors: TIMED_OUT (also with timeout 0), INTERRUPTED, BAD_ARGUMENT (also: no capacity), BAD_STATE
 * (another thread waits), FORKED, SYSTEM.
 */
RELEVO_API int relevo_poller_wait(relevo_poller *poller, int64_t timeout,
				  struct relevo_ready *ready, size_t capacity, size_t *count);

/*
 * Wait for an item of the queue. Once there is one, relevo_queue_get() with time-out 0 gives it,
 * and so do the other calls that get or lease: all that has arrived here, without asking the
 * broker. Get until that returns TIMED_OUT, or once for each time that the queue is told.
 *
 * While it waits, one get of this program stands in the queue's line, as that of a thread would.
 * The item that it brings is this program's. It goes back, as if it had not been handed out, when
 * it has been told and was not fetched within a second, when the queue is removed from the set or
 * closed, and when the program ends. A loop that is busy with other work meanwhile keeps one item
 * of each queue that it waits for: have long work done elsewhere.
 *
 * `user` is handed back in relevo_ready. The object stays the caller's; closing it takes it out of
 * the set without a word. It may stand in one poller, and once. Thread-safe. Connects its session
 * again if need be, and blocks for that; never otherwise.
 *
 * Errors, of this and the following: BAD_STATE (it stands in a poller already, or is being waited
 * for by relevo_wait()), BAD_ARGUMENT, FORKED, GONE, DISCONNECTED, TIMED_OUT (the broker does not
 * answer), LIMIT, NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_poller_add_queue(relevo_poller *poller, relevo_queue *queue, void *user);

/* Wait for the end of a job: relevo_job_get() then gives its results at once. Never blocks. */
RELEVO_API int relevo_poller_add_job(relevo_poller *poller, relevo_job *job, void *user);

/*
 * Acquire the lock: it stands in its line from now on, and once relevo_poller_wait() tells so, it
 * is held. If it is removed before that, it has not been acquired: a grant that was on its way,
 * or had come and was not told, goes back as if it had never been handed out.
 */
RELEVO_API int relevo_poller_add_lock(relevo_poller *poller, relevo_lock *lock, void *user);

/* The same for a recursive lock, which is held by the thread that was told so in
 * relevo_poller_wait(): once more, if it has held it already when it added it. */
RELEVO_API int relevo_poller_add_rlock(relevo_poller *poller, relevo_rlock *lock, void *user);

/* The same for a permit of a semaphore. */
RELEVO_API int relevo_poller_add_semaphore(relevo_poller *poller, relevo_semaphore *semaphore,
					   void *user);

/* Wait until the event is set. While it stays so it is told again and again: clear it, or remove
 * it. Whether it is set is asked anew each time, so an event that was cleared is not told. */
RELEVO_API int relevo_poller_add_event(relevo_poller *poller, relevo_event *event, void *user);

/*
 * Wait for a message of the pipe, or its end. A remote pipe (see pipe.h) that is in the set may be
 * received from once it was told, until the next relevo_poller_wait(); otherwise
 * relevo_pipe_recv() finds it empty.
 *
 * Errors also: CLOSED, BAD_STATE (it does not receive), NOT_LOCAL.
 */
RELEVO_API int relevo_poller_add_pipe(relevo_poller *poller, relevo_pipe *pipe, void *user);

/* Wait for a program that connects: relevo_listener_accept() with time-out 0 then takes it, or
 * says TIMED_OUT, since not everything there is a program to be accepted. Errors also: CLOSED. */
RELEVO_API int relevo_poller_add_listener(relevo_poller *poller, relevo_listener *listener,
					  void *user);

/* Wait until the descriptor is readable. Remove it before you close it. */
RELEVO_API int relevo_poller_add_fd(relevo_poller *poller, int fd, void *user);

/*
 * Take an object out of the set, which ends what it waited for: see above for each kind. For a
 * remote pipe it blocks for the broker's answer, for half a second at most; never otherwise. What
 * was told already stays the caller's. Thread-safe. Errors: NOT_FOUND (it is not there: it may
 * have left by itself), BAD_ARGUMENT, FORKED.
 */
RELEVO_API int relevo_poller_remove(relevo_poller *poller, const void *object);

/* The same for a descriptor. */
RELEVO_API int relevo_poller_remove_fd(relevo_poller *poller, int fd);

#ifdef __cplusplus
}
#endif

#endif
