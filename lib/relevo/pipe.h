/*
 * Pipes: messages between two ends, in order, each whole. Both ends may send and receive,
 * or one sends and the other receives.
 *
 * A signal ends a call that waits if relevo_set_go_on() was given a function that says so: the
 * call returns INTERRUPTED, and nothing was sent, received or lost.
 *
 * Between processes of one host a pipe is the kernel's, and works without a broker. A child of
 * fork(2) may use the ends it inherits at once; in a tuple they go to any other process.
 * Several processes and threads may use one end, and each message goes to one of them, whole.
 * Messages stay whole and in order even if a process that has an end dies.
 *
 * A pipe to another host is remote: relayed by the broker if it was opened by its name, or a
 * connection of its own if a listener made it (listener.h). It behaves the same, except
 * that an end belongs to the process which opened it: it cannot be passed on, takes no
 * descriptors, and a child of fork(2) gets FORKED from it.
 */
#ifndef RELEVO_PIPE_H
#define RELEVO_PIPE_H

#include <relevo/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_pipe relevo_pipe;

/* Of <relevo/session.h> and <relevo/tuple.h>. */
typedef struct relevo_session relevo_session;
typedef struct relevo_tuple relevo_tuple;

/* Bytes that one message may have. */
#define RELEVO_PIPE_MAX ((size_t)1 << 30)

/* What an end can do; the other one can do the rest. */
enum relevo_direction {
	RELEVO_DIRECTION_BOTH = 0,
	RELEVO_DIRECTION_RECEIVE = 1,
	RELEVO_DIRECTION_SEND = 2,
};

/*
 * Make a pipe; `direction` is that of ends[0]. Both ends are the caller's, until
 * relevo_pipe_close(): to be inherited by children. Parent and child each close the end
 * that they do not use. Thread-safe; does not block, and needs no broker.
 *
 * Errors: BAD_ARGUMENT, NO_DESCRIPTORS, NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_pipe_pair(enum relevo_direction direction, relevo_pipe *ends[2]);

/*
 * Open an end of the pipe of that name, and wait up to `timeout` ms for another process, or
 * thread, that opens the other end of it with the same broker. `direction` is this end's;
 * the other one has to do the other part, or both as well. Then the name is free for the
 * next two. *pipe is the caller's, until relevo_pipe_close(). Thread-safe; blocks.
 *
 * If both sessions go to a broker on this host over ipc:// or abstract://, the pipe is the
 * kernel's, and the session may be closed. Otherwise it is remote: relayed, over a
 * connection of its own to the broker.
 *
 * Errors: TIMED_OUT, OPTION_MISMATCH (the one that waits there does the same part),
 * BAD_NAME, BAD_ARGUMENT, INTERRUPTED, QUOTA, LIMIT, and
 * those of relevo_session_open().
 */
RELEVO_API int relevo_pipe_open(relevo_session *session, const char *name,
				enum relevo_direction direction, int64_t timeout,
				relevo_pipe **pipe);

/*
 * Close this process's copy of the end and free the handle; NULL is allowed. When all
 * copies are closed or their processes have ended, the other end gets what was sent and
 * then END_OF_STREAM. No other thread may be in a call with it. Never blocks, except for
 * a remote end, which waits up to 5 s until what was sent is on its way.
 */
RELEVO_API void relevo_pipe_close(relevo_pipe *pipe);

/* The same, but the handle stays: its calls return CLOSED from then on, until it is freed
 * by relevo_pipe_close(). */
RELEVO_API void relevo_pipe_hang_up(relevo_pipe *pipe);

/* Whether this end can receive. Never blocks. */
RELEVO_API bool relevo_pipe_receives(const relevo_pipe *pipe);

/* Whether this end can send. Never blocks. */
RELEVO_API bool relevo_pipe_sends(const relevo_pipe *pipe);

/*
 * Send a message, which may be empty. Waits up to `timeout` ms while the other end has
 * too much to read. A copy is made; when this returns with OK, the message will arrive
 * unless the other end is closed, or this end is remote and the program ends otherwise than by
 * exit(3) or by returning from main(), which wait for that: two seconds at most. Thread-safe.
 *
 * Errors, and nothing is sent: TIMED_OUT, INTERRUPTED, END_OF_STREAM (the other
 * end is closed), BAD_STATE (this end does not send), CLOSED, TOO_LARGE, NO_DESCRIPTORS (a
 * message of more than 64 KiB takes one), LIMIT (too many of this user are on their way),
 * BAD_ARGUMENT, NO_MEMORY, SYSTEM; remote ones also DISCONNECTED, FORKED, QUOTA.
 */
RELEVO_API int relevo_pipe_send(relevo_pipe *pipe, const void *data, size_t size, int64_t timeout);

/*
 * relevo_pipe_send() of a part of the `whole` bytes at `data`: `size` bytes from `offset` on, or,
 * with -1 for the size, all that follow. Errors as there; BAD_ARGUMENT, and nothing is sent, also
 * for a part that reaches beyond the whole, or begins before it.
 */
RELEVO_API int relevo_pipe_send_part(relevo_pipe *pipe, const void *data, size_t whole,
				     int64_t offset, int64_t size, int64_t timeout);

/*
 * Receive the next message, waiting up to `timeout` ms for one. *data is the caller's,
 * free(3) it; it is not NULL for an empty message, and a byte 0 that does not count
 * follows. Thread-safe.
 *
 * Errors: TIMED_OUT, INTERRUPTED, END_OF_STREAM (the other end is closed, and
 * all it sent has been received), BAD_STATE (this end does not receive; or the message is
 * a tuple with descriptors, which stays), CLOSED, NO_DESCRIPTORS (the message is lost, since this
 * process had no descriptor left for it), BAD_FRAME (the other end is not one of relevo),
 * BAD_ARGUMENT, NO_MEMORY, SYSTEM; remote ones also DISCONNECTED, FORKED, AUTH_FAILED (a
 * listener asks for its key, and this side has none).
 */
RELEVO_API int relevo_pipe_recv(relevo_pipe *pipe, int64_t timeout, void **data, size_t *size);

/*
 * Receive the next message into `buffer`, which has room for `size` bytes; *got tells how
 * many it has. TOO_SHORT: it has more, as *got tells; what is in the buffer is undefined,
 * and the whole message will be received by the next call with this handle. Other errors as
 * relevo_pipe_recv().
 */
RELEVO_API int relevo_pipe_recv_into(relevo_pipe *pipe, int64_t timeout, void *buffer, size_t size,
				     size_t *got);

/*
 * Wait up to `timeout` ms until there is something to receive, be it a message or the
 * end: *ready tells whether. Takes nothing. Another process or thread that receives from
 * the end may be faster. Thread-safe. Errors: INTERRUPTED, BAD_STATE (this
 * end does not receive), CLOSED, BAD_ARGUMENT; remote ones also DISCONNECTED,
 * FORKED, AUTH_FAILED, BAD_FRAME.
 */
RELEVO_API int relevo_pipe_poll(relevo_pipe *pipe, int64_t timeout, bool *ready);

/*
 * For event loops: a descriptor that is readable when there is something to receive. It is
 * the pipe's: neither read nor close it. After TOO_SHORT there is a message, though the descriptor
 * may not be readable. NOT_LOCAL: the pipe is remote; CLOSED.
 */
RELEVO_API int relevo_pipe_fd(const relevo_pipe *pipe, int *fd);

/*
 * Make an end from a descriptor: one that relevo_pipe_take_fd() gave and that was inherited over
 * execve(2), say, or sent along with SCM_RIGHTS, to a program that relevo did not start; or one of
 * socketpair(2). It has to be a Unix socket of the type SOCK_SEQPACKET that is connected;
 * `direction` is what this end does. The descriptor keeps its number, is closed on exec from then
 * on, and belongs to *pipe, which is the caller's until relevo_pipe_close(). If this fails, it is
 * the caller's as before. Thread-safe; does not block.
 *
 * Errors: BAD_ARGUMENT (the descriptor is not open, or no such socket), NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_pipe_from_fd(int fd, enum relevo_direction direction, relevo_pipe **pipe);

/*
 * Close the end, but for its descriptor: that is the caller's, for relevo_pipe_from_fd() or
 * close(2). It is closed on exec unless the caller changes that. The handle stays: its calls return
 * CLOSED from then on, until it is freed by relevo_pipe_close(). No other thread may be in a call
 * with it. Never blocks.
 *
 * Errors, and the end stays as it is: NOT_LOCAL (it is remote), BAD_STATE (a message was received
 * by a call that ended with TOO_SHORT or BAD_STATE, and has to be received first), CLOSED.
 */
RELEVO_API int relevo_pipe_take_fd(relevo_pipe *pipe, int *fd);

/* Room for any text of relevo_pipe_peer(). */
#define RELEVO_PIPE_PEER_TEXT 128

/*
 * What is at the other end, into `text`, `size` bytes with the 0 behind it: "uid=1000 pid=4711" on
 * this host, "192.0.2.7:40312" or "[2001:db8::7]:40312" over tcp. On this host it is the process
 * that connected, or listens; of a pair, or of a pipe opened by its name, the one that made it,
 * which may be this one. It may have passed its end on, or have ended; pid=0 is one that cannot be
 * seen from here. Thread-safe, in a child of fork(2) too; never blocks.
 *
 * Errors: TOO_SHORT (*text is empty then), NOT_LOCAL (it is relayed by a broker, which does not
 * say), CLOSED, SYSTEM.
 */
RELEVO_API int relevo_pipe_peer(const relevo_pipe *pipe, char *text, size_t size);

/* ---- tuples ------------------------------------------------------------- */

/* How many pipes and descriptors one message may have. */
#define RELEVO_PIPE_DESCRIPTORS 250

/*
 * relevo_pipe_send() of a tuple. Descriptors and pipe ends in it go to the other side as
 * copies; those here stay as they are. Errors as there, and CANNOT_ENCODE: it has too many
 * of these, or the pipe is remote and it has any.
 */
RELEVO_API int relevo_pipe_send_tuple(relevo_pipe *pipe, const relevo_tuple *tuple,
				      int64_t timeout);

/* relevo_pipe_recv() of one; it is the caller's, with all that came with it. BAD_FRAME:
 * the message was no tuple, or announced descriptors that did not come; it is gone. */
RELEVO_API int relevo_pipe_recv_tuple(relevo_pipe *pipe, int64_t timeout, relevo_tuple **tuple);

/* Add an end to a tuple, as relevo_tuple_add_descriptor(). NOT_LOCAL: it is a remote one,
 * which cannot be passed on; CLOSED. */
RELEVO_API int relevo_tuple_add_pipe(relevo_tuple *tuple, const char *name,
				     const relevo_pipe *pipe);

/* Take the end at `index` out, as relevo_tuple_take_descriptor(): it is the caller's, until
 * relevo_pipe_close(). Errors as there, and NO_MEMORY. */
RELEVO_API int relevo_tuple_take_pipe(relevo_tuple *tuple, size_t index, relevo_pipe **pipe);

#ifdef __cplusplus
}
#endif

#endif
