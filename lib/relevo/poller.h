/*
 * Pollers: a set of things to wait for, with one descriptor for an event loop (epoll, libuv,
 * GLib, ...). Nothing of it needs a thread, and while nothing happens it costs no system call.
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
 * A poller may be used by all threads at once; one of them waits. A child of fork(2) has no part in
 * it: there its calls say FORKED, freeing it touches nothing of the parent's, and what stood in it
 * may be closed, and waited for in another way.
 *
 * Errors: BAD_ARGUMENT, NO_DESCRIPTORS, LIMIT, NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_poller_new(relevo_poller **poller);

/* Take everything out, and free it. No other thread may be in a call with it. NULL is
 * allowed. Does not wait, but as relevo_poller_remove(). */
RELEVO_API void relevo_poller_free(relevo_poller *poller);

/*
 * The descriptor, to be polled for reading (POLLIN, EPOLLIN, UV_READABLE, G_IO_IN); not by its
 * edges. It is readable while something may be ready, until relevo_poller_wait() has said all or
 * found that nothing is. It is the poller's: neither read nor close it. Thread-safe; never blocks.
 * Errors: BAD_ARGUMENT, FORKED.
 */
RELEVO_API int relevo_poller_fd(const relevo_poller *poller, int *fd);

/*
 * Wait up to `timeout` ms until something is ready: `capacity` things at most are told, in
 * `ready`, and *count says how many. With time-out 0 it looks at what has come, without asking the
 * broker. What is told first is what became ready first, and who was told goes behind the others.
 * It costs as much as there is ready, whatever stands in the set. Thread-safe; one thread waits
 * at a time; others may add and remove meanwhile. A signal ends it only if
 * relevo_set_go_on() was given a function that says so.
 *
 * Nothing is sent to a broker that takes nothing, and no connection is made again: what hangs on a
 * connection that was lost is told with DISCONNECTED, and may be added again.
 * A session may have 4,096 calls that wait, of all kinds; what is beyond that is told with LIMIT.
 *
 * Errors: TIMED_OUT (also with timeout 0), INTERRUPTED, BAD_ARGUMENT (also: no capacity), BAD_STATE
 * (another thread waits), FORKED, SYSTEM.
 */
RELEVO_API int relevo_poller_wait(relevo_poller *poller, int64_t timeout,
				  struct relevo_ready *ready, size_t capacity, size_t *count);

/*
 * Wait for an item of the queue. Once there is one, relevo_queue_get() with time-out 0 gives it,
 * and so do the other calls that get or lease: all that lies here, without asking the broker. Get
 * until that says TIMED_OUT, or once for each time that it is told.
 *
 * While it waits, one get of this program's stands in the queue's line, as that of a thread would.
 * The item that it brings is this program's: others are not handed it unless it goes back, as if
 * nobody had seen it. It does so when it has been told and nobody has come for it within a
 * second, and when the queue is removed from the set or closed, or the program ends. A loop that
 * is busy, and does not look, keeps one item of each queue that it waits for; let it not do long
 * work itself.
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
 * is held. Whoever removes it before has acquired nothing, whatever was on its way; also what was
 * granted and not told goes back, as if it had never been handed out.
 */
RELEVO_API int relevo_poller_add_lock(relevo_poller *poller, relevo_lock *lock, void *user);

/* The same for a recursive lock, which is held by the thread that was told so in
 * relevo_poller_wait(): once more, if it has held it already when it added it. */
RELEVO_API int relevo_poller_add_rlock(relevo_poller *poller, relevo_rlock *lock, void *user);

/* The same for a permit of a semaphore. */
RELEVO_API int relevo_poller_add_semaphore(relevo_poller *poller, relevo_semaphore *semaphore,
					   void *user);

/* Wait until the event is set. While it stays so it is told again and again: clear it, or remove
 * it. That it is set is asked anew each time, so an event that was cleared is not told. */
RELEVO_API int relevo_poller_add_event(relevo_poller *poller, relevo_event *event, void *user);

/*
 * Wait for a message of the pipe, or its end. A remote pipe (see pipe.h) that is in the set may be
 * received from once it was told, until the next relevo_poller_wait(); otherwise
 * relevo_pipe_recv() finds nothing there.
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
 * Take an object out of the set, which ends what it waited for: see above for each kind. Of a
 * remote pipe, blocks for the broker's answer, for half a second at most; never otherwise. What was
 * told already is the caller's, as it was. Thread-safe. Errors: NOT_FOUND (it is not there: it may
 * have left by itself), BAD_ARGUMENT, FORKED.
 */
RELEVO_API int relevo_poller_remove(relevo_poller *poller, const void *object);

/* The same for a descriptor. */
RELEVO_API int relevo_poller_remove_fd(relevo_poller *poller, int fd);

#ifdef __cplusplus
}
#endif

#endif
