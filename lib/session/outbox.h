#ifndef SESSION_OUTBOX_H
#define SESSION_OUTBOX_H

#include "header.pb-c.h"
#include "session/session.h"

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
int outbox_frame(struct relevo_session *session, const Relevo__Header *header,
		 const struct iovec *bodies, int count);

/* Where a frame stands in all that a session has sent or is to send. */
struct outbox_place {
	uint64_t begin, end;
	bool alone; /* nothing else went along in its head */
};

/* outbox_frame() of a frame that may be taken back. */
int outbox_frame_at(struct relevo_session *session, const Relevo__Header *header,
		    const struct iovec *bodies, int count, struct outbox_place *place);

/* Take it back: false when some of it has been sent, or something stands behind it. */
bool outbox_take_back(struct relevo_session *session, const struct outbox_place *place);

/* Whether any of it has been sent over the connection that it was made for, which may be lost. */
bool outbox_has_sent(const struct relevo_session *session, const struct outbox_place *place);

/* The same for one body, which waits for company if it is small. */
int outbox_frame_later(struct relevo_session *session, const Relevo__Header *header,
		       const struct iovec *body);

/* Where an item is to go: the number of a queue, and who keeps it until it is confirmed; NULL:
 * nobody. */
struct outbox_way {
	uint32_t queue;
	struct put_owner *owner;
};

/* Add one item to the puts that are pending for the queue. OK, NO_MEMORY, DISCONNECTED. */
int outbox_put(struct relevo_session *session, const struct outbox_way *way,
	       const struct relevo_bytes *item);

/* The same for an item with options, of which only those count that are the item's. */
int outbox_put_with(struct relevo_session *session, const struct outbox_way *way,
		    const struct relevo_bytes *item, const Relevo__QueuePut *options);

/* Acknowledge a lease with what is sent next. */
int outbox_ack(struct relevo_session *session, uint64_t lease);

/* Whether anything waits to be sent. */
bool outbox_pending(const struct connection *connection);

/* Make frames of all that is pending and send what the socket takes now. */
int outbox_push(struct relevo_session *session);

/* Send everything; waits until `deadline` at most, then TIMED_OUT. */
int outbox_drain(struct relevo_session *session, nsec_t deadline);

/* To be called after outbox_put(): whether that may wait for company. Then it is left to the
 * flusher; if not, outbox_settle() is to follow. */
bool output_may_wait(struct relevo_session *session);

/* Send now, and leave to the flusher what the socket has not taken by `deadline`. */
int outbox_settle(struct relevo_session *session, nsec_t deadline);

/* A call that waits is about to be sent. */
void outbox_before_wait(struct connection *connection);

/* The flusher's part: send what nobody else has sent. */
void outbox_flush_left(struct relevo_session *session);

/* The connection is lost: what is to be kept of the puts that are pending is handed to who keeps
 * it. */
void outbox_leave_batch(struct connection *connection);

/* Drop everything without sending it. */
void outbox_discard(struct connection *connection);

#endif
