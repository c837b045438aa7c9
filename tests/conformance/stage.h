#ifndef CONFORMANCE_STAGE_H
#define CONFORMANCE_STAGE_H

#include "support/broker.h"
#include "support/leaks.h"
#include "support/process.h"

#include <relevo/relevo.h>
#include <string.h>

/*
 * Where a case plays: a broker and a session with it over ipc://, as children
 * inherit it. Played over tcp://, each child is on another host (support/host.h) and
 * has a session of its own: over tcp none can be inherited. It takes 30 s at most;
 * afterwards the broker has to serve a stranger as before.
 */
struct stage {
	struct test_broker broker;
	relevo_session *session;
	bool over_tcp;
	bool lent; /* in a child: the session is the process's, which the library closes */
};

/* The case by its name, over both. */
#define STAGE_CASE(name)                                                                           \
	{ #name, name, stage_setup, stage_teardown, NULL },                                        \
	{                                                                                          \
#name "_tcp", name, stage_setup_tcp, stage_teardown, NULL                          \
	}

int stage_setup(void **state);
int stage_setup_tcp(void **state);

/* Also checks that the broker serves a new client. */
int stage_teardown(void **state);

/* The session of this process, parent or child. */
relevo_session *stage_session(const struct stage *stage);

/* What a child that has used stage_session() does before it ends in order; otherwise it
 * dies, to the broker. One on another host leaves by itself. */
void stage_leave(struct stage *stage);

/* In a child that has inherited nothing, first of all: the stage as it has it. `url` is
 * where it finds the broker, and `host` the descriptor of the host to be on, or -1; NULL:
 * it is on this host, and takes the session of its process. */
struct stage *stage_enter(const char *url, int host);

/* What every child does last: leave, if it has a session of its own and has not left. */
void stage_end(void);

/* The case holds still for so long. */
void hold_still(int msec);

/* What takes from `since` until now took `msec`: not less, and not much more. */
void assert_took(int64_t since, int64_t msec);

/* A call with the time-out `msec`, begun at `start` (test_now()), gave up in time. */
#define assert_gave_up(start, msec) assert_between(test_now() - (start), (msec)-1, (msec) + 1000)

/* Memory that all processes see, zeroed; ends with the process. */
void *shared_memory(size_t size);

#endif
