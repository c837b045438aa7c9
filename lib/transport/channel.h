#ifndef TRANSPORT_CHANNEL_H
#define TRANSPORT_CHANNEL_H

#include "base/clock.h"
#include "base/error.h"
#include "transport/address.h"
#include "transport/channel_peer.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/*
 * A connected byte stream, and a socket that accepts them. Nothing here blocks
 * but channel_connect() and channel_drain(): wait for the descriptor with poll(2) or epoll(7), then
 * try. channel_unix.c speaks Unix sockets itself; channel_nng.c has nng carry
 * tcp://. The callers cannot tell them apart.
 *
 * Not thread-safe, with one exception: one thread may receive while another
 * sends.
 */
struct channel;
struct listener;

/*
 * Connect, waiting until `deadline` at most. Returns
 *   NO_BROKER    nobody listens there (the text names the address and why)
 *   DENIED       permission
 *   TIMED_OUT
 *   FORKED       nng was used before this process was forked
 *   BAD_ADDRESS, NO_MEMORY, SYSTEM
 */
int channel_connect(const struct address *address, nsec_t deadline, struct channel **channel,
		    struct error *error);

/* What was sent still goes out, for a second at most if the peer is slow. NULL
 * is allowed. */
void channel_close(struct channel *channel);

/* For a child after fork(2): frees this side's copy without touching the
 * connection that the parent goes on using. Never calls nng. */
void channel_abandon(struct channel *channel);

/*
 * What to wait for before trying again: the descriptor, and the events for
 * poll(2) (POLLIN, and POLLOUT where sending needs it and it is wanted). Any
 * event means: try both. The channel remembers the latest wish: ask again when
 * it changes, even if the answer is the same.
 */
int channel_fd(const struct channel *channel);
short channel_events(struct channel *channel, bool want_send);

/* While paused, having something to receive is no event; its owner has enough to
 * do. An end of the connection may or may not be one. */
void channel_pause(struct channel *channel, bool paused);

/*
 * Receive at most `size` bytes. OK with *received > 0, TRY_AGAIN, END_OF_STREAM
 * after an orderly end, DISCONNECTED otherwise (over tcp:// a reset may look like
 * an orderly end), FORKED as channel_connect().
 */
int channel_receive(struct channel *channel, void *bytes, size_t size, size_t *received);

/*
 * Send what goes at once. OK with *sent > 0 (perhaps not all), TRY_AGAIN,
 * DISCONNECTED, or FORKED. Never raises SIGPIPE. Over tcp:// the descriptor
 * tells whoever could not send all that there is room again, whatever he said
 * to channel_events(): one who gives up sends nothing (count 0) once.
 */
int channel_send(struct channel *channel, const struct iovec *pieces, int count, size_t *sent);

/*
 * Wait until what was sent is in the kernel's hands, so that it goes out even if this
 * process ends at once. TIMED_OUT, DISCONNECTED, FORKED. Another thread may receive.
 */
int channel_drain(struct channel *channel, nsec_t deadline);

/*
 * Send one byte and pass a descriptor with it; the caller keeps its own copy. OK,
 * TRY_AGAIN, DISCONNECTED as for channel_send(). LIMIT: too many descriptors of
 * this user are on their way and have not been received, or NOT_LOCAL: this
 * channel passes none; the byte has not been sent then.
 */
int channel_send_descriptor(struct channel *channel, uint8_t byte, int descriptor);

/*
 * The descriptor that came with the byte at `position` of all that has been
 * received, counted from 0: it is the caller's then. -1: there is none;
 * CHANNEL_NO_DESCRIPTOR: one came, and this process had no room for it. Those
 * that came with earlier bytes are closed.
 *
 * A channel made by channel_connect() keeps a few of those that nobody has asked
 * for yet and closes the others; one that was accepted closes all, unseen.
 */
enum { CHANNEL_NO_DESCRIPTOR = -2 };
int channel_take_descriptor(struct channel *channel, uint64_t position);

/*
 * Whether the process at the other end may be spoken with though it knows no key: see
 * peer_is_trusted(). Over a loopback address the kernel knows whose it is, too. OK; DENIED
 * with a text that names it, or says why nobody knows; or GONE: it has closed the connection
 * already, and whose it was is not known any more.
 */
int channel_check_owner(const struct channel *channel, struct error *error);

/*
 * Whether the process that listens at `url`, to which this has been connected without a key,
 * may be spoken with. OK, also if nobody knows whose it is; or DENIED. Unix sockets have been
 * looked at while connecting; over tcp:// it is known of loopback addresses.
 */
int channel_check_listener(const struct channel *channel, const char *url, struct error *error);

/* Bytes of memory that it takes now. */
size_t channel_memory(const struct channel *channel);

void channel_get_peer(const struct channel *channel, struct channel_peer *peer);

/*
 * Listen. A socket file that a dead broker left is taken over; a live broker's
 * never. Returns
 *   ADDRESS_IN_USE  another program listens there
 *   DENIED          the folder cannot be written
 *   NOT_FOUND       the folder is not there
 *   BAD_ADDRESS     it cannot be listened on; or the path is not a socket
 *   NO_DESCRIPTORS
 *   NO_MEMORY, SYSTEM
 */
int listener_open(const struct address *address, struct listener **listener, struct error *error);

/* A Unix socket that listens already, which the listener owns from then on; `url` is told to
 * clients. NO_MEMORY: it is still the caller's. */
int listener_adopt(int fd, const char *url, struct listener **listener, struct error *error);

/* Removes the socket file. NULL is allowed. */
void listener_close(struct listener *listener);

/* Whoever is accepted and whose host does not answer for so long is DISCONNECTED. False:
 * the system does not allow it. Local ones need none: true. */
bool listener_keep_alive(struct listener *listener, uint32_t seconds);

/* Readable when listener_accept() has something to say. */
int listener_fd(const struct listener *listener);

/* The URL that clients can use, with the port that was chosen for port 0. */
const char *listener_url(const struct listener *listener);

/*
 * The next connection: OK, TRY_AGAIN when there is none, NO_DESCRIPTORS or
 * NO_MEMORY (try again after a while: the descriptor may stay readable),
 * SYSTEM, FORKED.
 */
int listener_accept(struct listener *listener, struct channel **channel);

#endif
