/*
 * A session: one connection to a broker, shared by all threads of a process.
 *
 * Descriptors of relevo's are always above 2, even if the program has closed 0, 1 and 2.
 * Those of tcp:// connections are an exception: for these, keep 0, 1 and 2 open.
 */
#ifndef RELEVO_SESSION_H
#define RELEVO_SESSION_H

#include <relevo/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A broker that does not answer, since it is stopped or the network is down, holds up no call for
 * long: a call with a time-out ends half a second after that at the latest, whatever it has to do
 * before (connect, find its object again) or after; a call without such a parameter ends when the
 * session's time-out is over. (RELEVO_FOREVER is a time-out: such a call goes on when the
 * broker does, and ends when the connection is lost.) Then
 *
 *   TIMED_OUT   it was not done, and will not be; what an answer that comes too late hands
 *               over, an item or a lock, goes back
 *   UNANSWERED  whether it was done is not known: of all calls that change something at the
 *               broker (put, acknowledge, release, notify, set, create, delete ...). Whoever
 *               tries again may do it twice
 *
 * A call that is INTERRUPTED was not done either: the broker has half a second to say so.
 */
typedef struct relevo_session relevo_session;

struct relevo_session_options {
	const char *name; /* what this session calls itself; NULL: the program's name */
	/* In ms, of connecting and of calls that have no time-out of their own; 0 means
	 * 10,000. */
	int64_t timeout;
	/* The program to start as the private broker; NULL: what the environment variable
	 * RELEVO_BROKER says, else the relevod that was built or installed with the library. */
	const char *broker;
	bool no_private_broker; /* with a NULL url, never start one: fail with NO_BROKER instead */
	/* For tcp://, the file with the key that the broker was given with --key-file;
	 * NULL: what the environment variable RELEVO_KEY_FILE says, or none. */
	const char *key_file;
	/* Or the key itself, 16 to 1024 bytes: all of them count, line ends too. It is copied, and
	 * the copy wiped when the session is closed; the caller may wipe its own as soon as the
	 * call has returned. Processes, and local workers of pools, are not handed it: at tcp://
	 * they look for theirs in RELEVO_KEY_FILE. */
	struct relevo_bytes key;
	/* Asked by calls of this session that wait for what others do: get, put where
	 * there is no room, acquire, wait, join. What such a call asked for is taken back,
	 * and nothing is lost. NULL: they go on, whatever signals come. */
	relevo_go_on *go_on;
	void *user; /* handed to go_on */
	uint64_t reserved[RELEVO_RESERVED];
};

/*
 * Connect to a broker.
 *
 * `url` is one of ipc:///path, abstract://name, tcp://host:port, data:///folder. NULL means: what
 * the environment variable RELEVO_URL says; without it, the user's own broker;
 * and if there is none, a private broker for this process and those it forks. There is none when
 * no process listens, and when the place for its socket is another user's, too long for a socket,
 * or unusable. A broker that listens and does not answer counts as there. The private broker ends
 * when the last of these processes has ended, or has closed its last session and freed or started
 * its last relevo_process_new(). If it is killed, or the program closes all its
 * descriptors, its sessions end with it, and the next one that is opened like this starts another.
 * `options` may be NULL. A program that runs with more rights than its user (set-user-id, say)
 * ignores the environment variables.
 *
 * data:///folder is the broker that keeps what is durable in that folder, which is made, with mode
 * 0700, if it is missing; the folder above it has to be there. The path is absolute and has 292
 * bytes at most; its characters stand for themselves, as in the other addresses. Where no broker
 * has the folder, one is started, in the background: whoever comes first does so, all others find
 * it by a socket in the folder. It ends a second after the last process that used it: one that had
 * a session with it, or was forked by one that had. If it is killed, the call that finds out is
 * DISCONNECTED, or UNANSWERED, and the next starts another. If `relevod --data` has been started
 * for that folder by other means, that one is used, and stays. All are of one user, the folder's
 * owner, and the folder is on this host.
 *
 * Over local sockets, and over tcp:// at loopback addresses without a key, each side looks which
 * user's process the other is: DENIED, unless it is of the same user or of root. Over tcp:// a
 * client goes on where the system does not tell the user.
 *
 * Blocks for at most options->timeout. Thread-safe. On success *session belongs
 * to the caller, until relevo_session_close(). Opening the same URL again gives a second
 * connection.
 *
 * After fork(2) the child may go on using the session, and every handle made
 * from it, at once, over a connection of its own. What it has inherited is its own from the fork
 * on: an object that ends with its last handle stays when the parent closes its handles or ends. It
 * ends when the child has closed its own, too, or has ended or called execve(2). For that fork(2)
 * asks the broker once for each session that has handles; if the broker does not answer within a
 * second, or if no descriptor is left, the child finds what is there when it first asks. So do the
 * workers of a pool, which may live long. What the parent holds
 * (leases, unconfirmed puts) stays with the parent. A session over tcp:// cannot do that: there the
 * child gets FORKED.
 *
 * A program that ends by exit(3), or by returning from main(), without relevo_session_close()
 * loses nothing that was put through a session before: it waits for the brokers to confirm, two
 * seconds at most for all of them together, but not for a broker that a call has given up on. What
 * was put into durable queues and cannot be confirmed by then goes to the error callbacks. That
 * is done by a function for the end (atexit(3)) which the first session that is opened registers:
 * if a function that was registered before puts items, it has to flush them itself. Items are lost
 * that are put meanwhile, or are on their way when the program ends by _exit(2), quick_exit(3) or a
 * signal.
 *
 * Over tcp:// each side proves to the other that it knows the key, if either has
 * one; it never crosses the wire. What is sent after that is not encrypted. The file
 * is read now, and its owner alone may have access to it; it may be a pipe, whose end is waited
 * for. Local brokers need no key.
 *
 * Errors: BAD_ADDRESS, NO_BROKER, DENIED (another user's process listens; the socket or its
 * folder does not let this one in; the key file is open to others; the data folder is another
 * user's, or others may write there), STORAGE, DAMAGED (of a data folder),
 * AUTH_FAILED (one side has no key, or another), NOT_FOUND (no key file; no folder above the data
 * folder), TIMED_OUT (also: no key
 * was written to the pipe that is the key file),
 * BAD_VERSION, BAD_ARGUMENT (also: a key of less than 16 or more than 1024 bytes, a key file that
 * is neither a file nor a pipe, or `key` and `key_file`, whatever the URL), DISCONNECTED, FORKED,
 * NO_DESCRIPTORS, NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_session_open(const char *url, const struct relevo_session_options *options,
				   relevo_session **session);

/*
 * End, with INTERRUPTED, every call of this session that waits for what others do (get, put where
 * there is no room, acquire, wait, join, and jobs of pools), in all threads, and from now on
 * every one of these kinds that would have to ask the broker: as if `go_on` of the options said
 * no for good. What they asked for is taken back, and nothing is lost; a call that changes
 * something has half a second for that, as after a signal, and may be UNANSWERED. Other calls go
 * on, so the threads that come back can release, acknowledge and close what they have. When all
 * have come back, close the handles, and then the session. Sessions of children that were forked
 * before, pipes that this one has opened, relevo_wait() and pollers are not affected. A call that
 * waits for its lock again after a condition goes on until it has it. A call that is connecting,
 * or whose request the broker does not read, goes on until that is over, as without this.
 * Thread-safe; never blocks for long.
 *
 * Errors: BAD_ARGUMENT.
 */
RELEVO_API int relevo_session_interrupt(relevo_session *session);

/*
 * Flush, say goodbye and free the session. Waits for the broker's confirmation
 * of what was put, 5 s at most; as long it tries to connect again, if something that was put into
 * durable queues is not confirmed. Items held and not acknowledged go back to their
 * queues. Close its handles first: they cannot be used any more. While other threads are in calls
 * with it, this does nothing and returns BAD_STATE; after relevo_session_interrupt() it waits until
 * they have left, for the same 5 s at most. No call may begin meanwhile. NULL is
 * allowed.
 *
 * Errors: DISCONNECTED, UNANSWERED (the session is freed all the same), BAD_STATE (it stays).
 */
RELEVO_API int relevo_session_close(relevo_session *session);

/*
 * Wait until the broker has dealt with everything put through this session, or
 * `timeout` ms have passed. Failures of single puts are not reported here, but
 * to their queue's error callback, which has returned for all of them by then. What was put into
 * durable queues is waited for over a lost connection, too.
 * Thread-safe; blocks.
 *
 * Errors: TIMED_OUT, DISCONNECTED, FORKED, BAD_ARGUMENT; QUOTA or NO_MEMORY, if the broker
 * ended the connection for such a reason before it had confirmed what was put.
 */
RELEVO_API int relevo_session_flush(relevo_session *session, int64_t timeout);

/* The URL that this session is connected to; another process can open it.
 * Belongs to the session. Thread-safe; never blocks. */
RELEVO_API const char *relevo_session_url(const relevo_session *session);

/* Bytes that one item may have at most, as the broker said. */
RELEVO_API size_t relevo_session_max_item(const relevo_session *session);

#ifdef __cplusplus
}
#endif

#endif
