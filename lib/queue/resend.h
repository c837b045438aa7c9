#ifndef QUEUE_RESEND_H
#define QUEUE_RESEND_H

#include "queue/kept_put.h"

/*
 * There is a new connection, which nobody uses yet: send again what was put into durable queues and
 * is not confirmed, in order, before anything new. What was for a queue that is not there any more
 * fails with GONE. Errors: those of a connection that is lost.
 */
int resend_kept_puts(struct kept_puts *puts, nsec_t deadline, struct error *error);

#endif
