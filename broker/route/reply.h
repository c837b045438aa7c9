#ifndef ROUTE_REPLY_H
#define ROUTE_REPLY_H

#include "engine/peer_look.h"
#include "engine/pipe.h"
#include "engine/shared.h"
#include "queues/manage.h"
#include "route/session_state.h"

/* Every frame that the broker sends is made here. `call` is the number of the
 * client's call that it answers. */

/* An answer, which may have to wait: see deferred.h. */
void reply_send(struct session *session, const Relevo__Header *header,
		const struct output_body *bodies);

/* `proof`: that the broker knows the key, NULL if nobody asked. */
void reply_welcome(struct session *session, uint64_t call, uint8_t *proof);
void reply_challenge(struct session *session, uint64_t call, uint8_t *nonce);
void reply_done(struct session *session, uint64_t call, size_t count);
void reply_confirm(struct session *session, uint64_t window);

/* The text of `error`, or the general one of its status. */
void reply_error(struct session *session, uint64_t call, const struct error *error);

/* OK is Done with that count, all else that error. */
void reply_outcome(struct session *session, uint64_t call, int status, size_t count,
		   const struct error *error);

/* OK is Done with what was accepted, all else a Failure. */
void reply_put(struct session *session, uint64_t call, const struct answer *answer);

/* A quiet put failed: the bodies that were not accepted go back. */
void reply_put_failed(struct session *session, uint64_t call, const struct answer *answer,
		      const struct frame *frame);

/* Of one that failed when its frame was gone already, since it could not be made durable: its
 * client still has it. */
void reply_put_failed_late(struct session *session, uint64_t call, const struct answer *answer,
			   uint32_t queue);

/* OK is QueueItems, all else a Failure. */
void reply_get(struct session *session, uint64_t call, const struct answer *answer);

/* The session is to give back what it has not read. */
void reply_recall(struct session *session, uint32_t queue);

void reply_opened(struct session *session, uint64_t call, const struct queue_opened *opened);
void reply_cell_opened(struct session *session, uint64_t call, const struct cell_opened *opened);

/* OK is CellState, all else a Failure. */
void reply_cell(struct session *session, uint64_t call, const struct answer *answer);

/* The memory's descriptor goes with it. */
void reply_shared_opened(struct session *session, uint64_t call,
			 const struct shared_opened *opened);

/* OK is PipeMet, all else a Failure. */
void reply_pipe(struct session *session, uint64_t call, const struct answer *answer);

/* One item's part of an answer that has many. */
void reply_show_item(struct answer_room *room, uint32_t place, struct item *item);

/* QueueItems without leases. */
void reply_peek(struct session *session, uint64_t call, struct peek *peek);

/* Queues in one answer: so many names fit a header. */
enum { LISTING_MOST = 400 };

/* `more`: there are others behind these. */
void reply_listing(struct session *session, uint64_t call, const struct queue_summary *summaries,
		   uint32_t count, bool more);

/* Sessions in one answer: so many, with what they wait for and hold, fit a header. */
enum { SESSIONS_MOST = 32 };

/* One that is listed, with what the engine knows of it. */
struct session_row {
	const struct session *session;
	struct peer_look look;
};

void reply_sessions(struct session *session, uint64_t call, const struct session_row *rows,
		    uint32_t count, bool more);

void reply_counts(struct session *session, uint64_t call, const struct queue_counts *counts);

#endif
