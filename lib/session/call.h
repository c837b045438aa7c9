#ifndef SESSION_CALL_H
#define SESSION_CALL_H

#include "session/attention.h"
#include "session/outbox.h"
#include "session/session.h"
#include "wire/frame.h"
#include "wire/protocol.h"

/*
 * One request that waits for its answer, on the stack of the caller.
 *
 * There is no thread that reads for everybody. Of the threads that wait, one is
 * the reader: it polls the socket itself, hands the others their answers, and
 * when it has its own, passes the job on. So an answer costs one wake-up.
 */
struct call {
	/* Takes what it needs from the answer; called by the reader with the
	 * session locked. NULL: Done is all that is expected. */
	int (*take)(struct call *call, const struct frame *frame);
	/* What follows the header; belongs to the caller. */
	const struct iovec *bodies;
	int body_count;

	/* Of a parked one: it is done. Called by the reader with the session locked; NULL: a
	 * thread waits for it. */
	void (*finished)(struct call *call);
	struct map_node parked;

	struct list link;
	uint64_t puts;      /* items put before it without an answer */
	uint64_t number;    /* 0: waits for room in the window, not for an answer */
	bool awaited;       /* a thread waits for it */
	bool interruptible; /* the program may end the wait: see interrupt.h */
	bool hands_over;    /* what comes too late nobody would give back: it is waited for */
	struct attention *attention; /* what else ends it; NULL: nothing */
	int event; /* what those two wait for while another reads; -1: `wake` does */
	bool done;
	bool changes;              /* something is different when it is done */
	bool withdrawn;            /* the program did not want to go on */
	bool taken_back;           /* the broker never heard of it */
	struct outbox_place place; /* of its frame */
	int sent;                  /* why it could not be sent */
	uint32_t count;            /* of Done or Failure: the items it was about */
	struct error error;
	pthread_cond_t wake;
};

/* All that wait look again whether they may go on. The session is locked. */
void call_wake_all(struct connection *connection);

/*
 * Send the header with the call's bodies and wait for the answer, until `patience`
 * at most: for a call that the broker lets wait, a while beyond the deadline it was
 * told (session_patience()). Then the call is cancelled and TIMED_OUT returned; of one
 * that changes something UNANSWERED, unless its frame could be taken back. The
 * header gets its number here. The session is locked, and unlocked while waiting.
 * Returns the status of the answer, with its text in `error`.
 */
int call_run(struct relevo_session *session, struct call *call, Relevo__Header *header,
	     nsec_t patience, struct error *error);

/*
 * call_run() in two steps, for calls that have to reach the broker one right behind
 * the other. Each that was begun has to be waited for, or given up: then what its
 * answer hands over goes back.
 */
void call_begin(struct relevo_session *session, struct call *call, Relevo__Header *header);
int call_wait(struct relevo_session *session, struct call *call, nsec_t patience,
	      struct error *error);
void call_give_up(struct relevo_session *session, struct call *call);

/*
 * Send a call that no thread will wait for, `finished` set, and let it lie until the broker
 * answers; it has to stay where it is. What has to be sent is left to the caller, see
 * outbox_push(). Once `finished` has been called, its outcome is in `error`. NO_MEMORY,
 * DISCONNECTED: it was not sent, and will not be finished.
 */
int call_park(struct relevo_session *session, struct call *call, Relevo__Header *header);

/* Give up on a parked call that has not finished: what its answer hands over goes back. */
void call_unpark(struct relevo_session *session, struct call *call);

/* Ask the broker to end a call that waits there. It is answered all the same, with
 * CANCELLED or with its outcome, and has to be waited for. */
void call_cancel(struct relevo_session *session, const struct call *call);

/*
 * The broker confirms when a quarter of the window has been dealt with since it
 * last did. So with half of it unconfirmed more is sure to come, and with less
 * there is no need to wait, whatever the size of the next item.
 */
static inline bool call_window_has_room(const struct connection *connection, size_t size)
{
	uint64_t unconfirmed = connection->window_used - connection->window_freed;
	return unconfirmed < connection->window / 2 ||
	       unconfirmed + WINDOW_COST(1, size) <= connection->window;
}

/* Wait until unconfirmed puts leave room for `size` more bytes. */
int call_wait_for_window(struct relevo_session *session, size_t size, nsec_t deadline,
			 struct error *error);

/* Let a thread that waits for an answer be the reader: to be called by whoever was
 * it and has no need to be any more. */
void call_pass_reading_on(struct connection *connection);

/* The reader's part: act on one frame. */
void call_dispatch(struct relevo_session *session, const struct frame *frame);

/* Every waiting call ends with `status`. */
void call_fail_all(struct connection *connection, int status, const char *text);

#endif
