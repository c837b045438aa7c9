/*
 * Listeners: a program waits at an address of its own for others that want a pipe to it, on
 * this host or on another one. Neither needs a broker. Programs that have a broker in common
 * may meet at a name there instead: relevo_pipe_open().
 */
#ifndef RELEVO_LISTENER_H
#define RELEVO_LISTENER_H

#include <relevo/pipe.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_listener relevo_listener;

/* All may be zero; for tcp:// only. */
struct relevo_listener_options {
	/* The file with the key: each side proves to the other that it knows it. Its owner
	 * alone may read it. NULL: that in the environment variable RELEVO_KEY_FILE, if
	 * there is one. "": none. What is said afterwards is not encrypted. */
	const char *key_file;
	/* Or the key itself, as in struct relevo_session_options. */
	struct relevo_bytes key;
	uint64_t reserved[RELEVO_RESERVED];
};

/*
 * Listen at `address`:
 *
 *   ipc:///absolute/path   where a socket appears that only this user may open
 *   abstract://name        which leaves nothing behind; other users are sent away
 *   tcp://host:port        port 0: any that is free. Without a key the host has to be a
 *                          loopback address. Of several addresses that a name has it is
 *                          the first; to connect, each is tried. IPv6 stands in brackets,
 *                          with its interface if need be: tcp://[fe80::1%eth0]:7000
 *   NULL                   an abstract name that nobody else has
 *
 * relevo_listener_address() tells what was chosen. What a killed program left at a path is
 * removed. *listener is the caller's, until relevo_listener_close(). A child of fork(2)
 * inherits it, and may accept too, each connection going to one of them; but one at tcp:// is
 * of use only here. `options` may be NULL. Thread-safe; names of hosts are looked up,
 * for ten seconds at most, and a key file that is a pipe is read for five; otherwise it does not
 * block.
 *
 * Errors: ADDRESS_IN_USE (another program listens there), BAD_ADDRESS (also: fd://, or
 * something that is no socket is at the path), NOT_FOUND (the path's folder, the key
 * file, or the host is not there), DENIED (also: the key file is open to others, or there is none
 * and other hosts can reach the address), NO_DESCRIPTORS, FORKED (tcp:// was used before this
 * process was forked), BAD_ARGUMENT (the key is too short or too long,
 * or there is a key file as well, or that is neither a file nor a pipe), TIMED_OUT (no key was
 * written to the pipe that is the key file), NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_listener_open(const char *address,
				    const struct relevo_listener_options *options,
				    relevo_listener **listener);

/*
 * Wait up to `timeout` ms for a program that connects, or take one that has; *pipe, which
 * goes both ways, is the caller's until relevo_pipe_close(). What it has sent before can be
 * received even if it is gone by now. Programs of other users, and those that do not prove
 * within 10 s that they know the key, are sent away, and do not hold up the others. One that was
 * gone before it was looked at is an exception: over tcp:// without a key its user cannot be found
 * out any more,
 * so where other users share the host, use a key. Thread-safe; a signal ends it as it
 * does calls of pipes.
 *
 * relevo_pipe_peer() tells which program it is.
 *
 * Errors, after which programs that wait to be accepted still wait: TIMED_OUT, INTERRUPTED, CLOSED,
 * NO_DESCRIPTORS, FORKED (a listener at tcp:// is the
 * parent's), BAD_ARGUMENT, NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_listener_accept(relevo_listener *listener, int64_t timeout,
				      relevo_pipe **pipe);

/* The address for relevo_pipe_connect(), as long as the handle lives. Never blocks. */
RELEVO_API const char *relevo_listener_address(const relevo_listener *listener);

/* For event loops (relevo_wait() and relevo_poller_add_listener() need none): a descriptor that is
 * readable when there is something for relevo_listener_accept() to do. Call that with time-out 0
 * then: it may say TIMED_OUT. It is the listener's: neither read nor close it. CLOSED. */
RELEVO_API int relevo_listener_fd(const relevo_listener *listener, int *fd);

/*
 * Stop listening in this process, and free the handle; NULL is allowed. Pipes that were
 * accepted stay. Once the process that opened it has done so, the path is gone; once all that
 * inherited it have, programs that wait to be accepted find their pipe's end, and the address is
 * free. No other thread may be in a call with it: let it wait with
 * relevo_wait(), for this and for something that tells it to stop. Never blocks.
 */
RELEVO_API void relevo_listener_close(relevo_listener *listener);

/* The same, but the handle stays: its calls return CLOSED from then on, until it is freed by
 * relevo_listener_close(). */
RELEVO_API void relevo_listener_hang_up(relevo_listener *listener);

/*
 * Connect to the listener at an address as above. Waits up to `timeout` ms: for the other
 * host, and if there is a key, until it is accepted. Without one, messages can be sent
 * before that. *pipe, which goes both ways, is the caller's until relevo_pipe_close(); one
 * over tcp:// is remote (see pipe.h). `options` may be NULL. Thread-safe; a signal ends it as it
 * does calls of pipes, but not while it waits for another host.
 *
 * Errors: NOT_FOUND (no program listens there, no such host is known, or there is no key file),
 * DENIED (another user than this one and root does, or the key file is open to others),
 * AUTH_FAILED (one
 * side has no key, or another), TIMED_OUT, INTERRUPTED, BAD_ADDRESS (also: what listens
 * there is no listener), BAD_FRAME (the same, over tcp://), END_OF_STREAM, DISCONNECTED (it went
 * away before it had accepted), BAD_VERSION, FORKED (tcp:// was used before this process was
 * forked), NO_DESCRIPTORS, BAD_ARGUMENT, NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_pipe_connect(const char *address,
				   const struct relevo_listener_options *options, int64_t timeout,
				   relevo_pipe **pipe);

#ifdef __cplusplus
}
#endif

#endif
