#ifndef CLIENT_FAILED_PUT_H
#define CLIENT_FAILED_PUT_H

#include "client/session.h"
#include "wire/frame.h"

/*
 * Puts that failed after they had returned. The broker sends their bodies back;
 * they wait here until the lock is free, since a user's callback is never called
 * under it.
 */

/* Note the bodies of a Failure. The session is locked. Those of a queue without
 * an error callback are dropped. */
void failed_put_add(struct relevo_session *session, const struct frame *frame);

/* Run the callbacks that are due. The session is locked; unlocked meanwhile. */
void failed_put_report(struct relevo_session *session);

/* The same, and wait until those that another thread runs have returned. Errors: TIMED_OUT. */
int failed_put_report_all(struct relevo_session *session, nsec_t deadline, struct error *error);

/* Drop what is noted for a queue, and wait for a callback of it that runs in
 * another thread. The session is locked. */
void failed_put_forget(struct relevo_session *session, struct relevo_queue *queue);

#endif
