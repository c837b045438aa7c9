#ifndef CLIENT_QUEUE_H
#define CLIENT_QUEUE_H

#include "base/name.h"
#include "client/session.h"
#include "client/stash.h"
#include "header.pb-c.h"

#include <relevo/queue.h>

struct relevo_queue {
	struct relevo_session *session;
	struct list link; /* in the session */
	char name[NAME_MAX_BYTES + 1];
	bool bounded;
	relevo_put_error *on_error;
	void *user;

	/* Where the handle is valid: that connection of that broker. */
	uint64_t epoch;
	uint64_t broker;
	uint32_t handle;
	uint64_t identity; /* of the queue itself, in the life of the broker */
	bool reopening;    /* a thread is finding it again */

	struct stash stash; /* items that came ahead of being asked for */
};

/* session_begin() for a call on this queue: in a forked child, or after a
 * connection was lost, it opens the queue again by name. GONE when it is another
 * queue by now. */
int queue_begin(relevo_queue *queue, nsec_t deadline, struct error *error);

/* BAD_ARGUMENT, naming the option that cannot be. */
int queue_check_options(const struct relevo_queue_options *options, struct error *error);

/* Open a new handle with this operation, answered with QueueOpened, and enter it in
 * the session. `queue` is zero but for what the caller sets in it. */
int queue_attach(struct relevo_queue *queue, relevo_session *session, Relevo__Header *header,
		 struct error *error);

/* Undo that. NULL is not allowed; the memory stays the caller's. */
void queue_detach(struct relevo_queue *queue);

/* In a child after fork(2): the calls under way are the parent's. */
void queue_forget_calls(struct relevo_queue *queue);

/* Give a handle back to the broker. The session is locked. */
void queue_close_handle(struct relevo_session *session, uint32_t handle);

/* The queue with that handle in the present connection, or NULL. */
struct relevo_queue *queue_of_handle(struct relevo_session *session, uint32_t handle);

#endif
