/*
 * Listeners: a program waits at an address of its own for others on this host that want a
 * pipe to it. Neither needs a broker. Programs that have a broker in common, on one host or
 * on several, may meet at a name there instead: relevo_pipe_open().
 */
#ifndef RELEVO_LISTENER_H
#define RELEVO_LISTENER_H

#include <relevo/pipe.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

typedef struct relevo_listener relevo_listener;

/*
 * Listen at `address`: ipc:///absolute/path, where a socket appears that only this user
 * may open, or abstract://name, which leaves nothing behind. NULL: an abstract name that
 * nobody else has; relevo_listener_address() tells it. What a killed program left at a path
 * is removed. *listener is the caller's, until relevo_listener_close(). A child of fork(2)
 * inherits it, and may accept too: each connection goes to one of them. Thread-safe; does
 * not block.
 *
 * Errors: ADDRESS_IN_USE (another program listens there), BAD_ADDRESS (also: tcp:// and
 * fd://, or something that is no socket is at the path), NOT_FOUND (the path's folder is
 * not there), DENIED, LIMIT (no descriptor is left), BAD_ARGUMENT, NO_MEMORY, SYSTEM.
 */
int relevo_listener_open(const char *address, relevo_listener **listener);

/*
 * Wait up to `timeout` ms for a program that connects, or take one that has; *pipe, which
 * goes both ways, is the caller's until relevo_pipe_close(). What it has sent before can be
 * received even if it is gone by now. Programs of other users are sent away. Thread-safe;
 * a signal does not end it.
 *
 * Errors, and whoever waits goes on waiting: TRY_AGAIN (timeout 0), TIMED_OUT, CLOSED,
 * LIMIT (this process has no descriptor left), BAD_ARGUMENT, NO_MEMORY, SYSTEM.
 */
int relevo_listener_accept(relevo_listener *listener, int64_t timeout, relevo_pipe **pipe);

/* The address for relevo_pipe_connect(), as long as the handle lives. Never blocks. */
const char *relevo_listener_address(const relevo_listener *listener);

/* For relevo_wait() and event loops: a descriptor that is readable when somebody has
 * connected. It is the listener's: neither read nor close it. CLOSED. */
int relevo_listener_fd(const relevo_listener *listener, int *fd);

/*
 * Stop listening in this process, and free the handle; NULL is allowed. Pipes that were
 * accepted stay. Once the process that opened it has done so, the path is gone; once all
 * that inherited it have, those who wait to be accepted find their pipe's end, and
 * the address is free. No other thread may be in a call with it: let it wait with
 * relevo_wait(), for this and for something that tells it to stop. Never blocks.
 */
void relevo_listener_close(relevo_listener *listener);

/* The same, but the handle stays: all it says from then on is CLOSED, until it is freed by
 * relevo_listener_close(). */
void relevo_listener_hang_up(relevo_listener *listener);

/*
 * Connect to the listener at an address as above. It need not accept for this to return,
 * nor for the first messages to be sent. Waits up to `timeout` ms only if thousands wait
 * there already. *pipe, which goes both ways, is the caller's until relevo_pipe_close().
 * Thread-safe; a signal does not end it.
 *
 * Errors: NOT_FOUND (nobody listens there), DENIED (whoever does is another user), TRY_AGAIN
 * (timeout 0), TIMED_OUT, BAD_ADDRESS (also: what listens there is no listener), LIMIT (no
 * descriptor is left), BAD_ARGUMENT, NO_MEMORY, SYSTEM.
 */
int relevo_pipe_connect(const char *address, int64_t timeout, relevo_pipe **pipe);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
