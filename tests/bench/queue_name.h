#ifndef BENCH_QUEUE_NAME_H
#define BENCH_QUEUE_NAME_H

#include <relevo/relevo.h>

/* Names are never used twice: a round must not meet what the last one left. */
struct queue_name {
	char text[64];
};

struct queue_name queue_name_new(const char *what);

/* A session, and a queue that goes with its last handle. */
relevo_session *session_to(const char *url);
relevo_queue *queue_of(relevo_session *session, const struct queue_name *name);

#endif
