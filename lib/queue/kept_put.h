#ifndef QUEUE_KEPT_PUT_H
#define QUEUE_KEPT_PUT_H

#include "base/buffer.h"
#include "queue/put_number.h"
#include "session/handle.h"
#include "wire/frame.h"

#include <relevo/types.h>

struct relevo_queue;

/*
 * What has been put into a durable queue without waiting for an answer is kept until the broker
 * has confirmed it: a copy of each frame. When the connection is lost, they are sent again: see
 * resend.h. The window bounds what is kept.
 */

/* The queue that such puts are for, which may be closed meanwhile. */
struct kept_target {
	uint32_t references;
	struct relevo_queue *queue; /* NULL: its handle is closed, and nobody hears of failures */
	uint64_t identity;
	uint64_t epoch;  /* the connection in which it is open, to send again */
	uint32_t number; /* there */
	char name[];
};

/* What is kept in a session. */
struct kept_puts {
	struct relevo_session *session;
	struct put_numbers numbers;
	struct list kept; /* struct kept_put, in order */
	/* An item was not put after all. The session is locked. */
	void (*failed)(struct kept_puts *puts, struct relevo_queue *queue, int status,
		       const struct relevo_bytes *item);
};

/* A handle through which they are put. */
struct kept_owner {
	struct put_owner owner;
	struct kept_puts *puts;
	const struct handle *handle;
	struct relevo_queue *queue;
	struct kept_target *target; /* NULL: nothing has been kept yet */
};

struct kept_put {
	struct put_keeper keeper;
	struct put_number number;
	struct list link;
	struct kept_puts *puts;
	struct kept_target *target;
	uint8_t *options; /* QueuePut, packed; NULL: none */
	size_t options_size;
	uint32_t *sizes;
	uint32_t count;
	struct buffer bodies;
	uint64_t call;       /* its number on this connection; 0: not sent there */
	uint64_t window_end; /* confirmed when so much of the window is */
};

void kept_puts_init(struct kept_puts *puts, struct relevo_session *session);

/* From now on what is put through the handle is kept. */
void kept_owner_init(struct kept_owner *owner, struct kept_puts *puts, const struct handle *handle,
		     struct relevo_queue *queue);

/* The handle is closed. What is kept for it is sent again all the same. */
void kept_owner_close(struct kept_owner *owner);

/* The broker has confirmed so much of the window of this connection. */
void kept_put_confirmed(struct kept_puts *puts, uint64_t window);

/* The connection is lost: none has been sent on the next. */
void kept_put_lost(struct kept_puts *puts);

/* The Failure of one that is kept, which is told and kept no more. False: it is of another. */
bool kept_put_failed(struct kept_puts *puts, const struct frame *frame);

/* It will not be done: its items have failed with that status. Frees it. */
void kept_put_fail(struct kept_put *kept, int status);

/* Nothing is known of any of them any more, and none is sent again. */
void kept_put_fail_all(struct kept_puts *puts, int status);

/* Drop all without a word: they are the parent's. */
void kept_put_forget(struct kept_puts *puts);

#endif
