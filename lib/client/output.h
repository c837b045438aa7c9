#ifndef CLIENT_OUTPUT_H
#define CLIENT_OUTPUT_H

#include "client/session.h"
#include "header.pb-c.h"

#include <relevo/queue.h>

#include <sys/uio.h>

/*
 * What a session sends. Frames are appended and leave when somebody is about to
 * wait, when enough has come together, when the last send is a while ago, or when
 * the flusher comes by. Order is always that of the calls. The session is locked.
 */

/* Append a frame; what was open before (puts, acknowledgements) goes before it.
 * Bodies are sent at once where the socket takes them. OK, NO_MEMORY,
 * DISCONNECTED. */
int output_frame(struct relevo_session *session, const Relevo__Header *header,
		 const struct iovec *bodies, int count);

/* Where a frame stands in all that a session has sent or is to send. */
struct output_place {
	uint64_t begin, end;
	bool alone; /* nothing else went along in its head */
};

/* output_frame() of a frame that may be taken back. */
int output_frame_at(struct relevo_session *session, const Relevo__Header *header,
		    const struct iovec *bodies, int count, struct output_place *place);

/* Take it back: false when some of it has been sent, or something stands behind it. */
bool output_take_back(struct relevo_session *session, const struct output_place *place);

/* The same for one body, which waits for company if it is small. */
int output_frame_later(struct relevo_session *session, const Relevo__Header *header,
		       const struct iovec *body);

/* Add one item to the puts that are pending for the queue of that number. OK,
 * NO_MEMORY, DISCONNECTED. */
int output_put(struct relevo_session *session, uint32_t queue, const void *data, size_t size);

/* The same for an item with options, of which only those count that are the item's. */
int output_put_with(struct relevo_session *session, uint32_t queue, const struct relevo_bytes *item,
		    const Relevo__QueuePut *options);

/* Acknowledge a lease with what is sent next. */
int output_ack(struct relevo_session *session, uint64_t lease);

/* Whether anything waits to be sent. */
bool output_pending(const struct connection *connection);

/* Make frames of all that is pending and send what the socket takes now. */
int output_push(struct relevo_session *session);

/* Send everything; waits until `deadline` at most, then TIMED_OUT. */
int output_drain(struct relevo_session *session, nsec_t deadline);

/* To be called after output_put(): whether that may wait for company. Then it is left to the
 * flusher; if not, output_settle() is to follow. */
bool output_may_wait(struct relevo_session *session);

/* Send now, and leave to the flusher what the socket has not taken by `deadline`. */
int output_settle(struct relevo_session *session, nsec_t deadline);

/* A call that waits is about to be sent. */
void output_before_wait(struct connection *connection);

/* The flusher's part: send what nobody else has sent. */
void output_flush_left(struct relevo_session *session);

/* Drop everything without sending it. */
void output_discard(struct connection *connection);

#endif
