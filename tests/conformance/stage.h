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

/* The case holds still for so long. */
void hold_still(int msec);

/* What takes from `since` until now took `msec`: not less, and not much more. */
void assert_took(int64_t since, int64_t msec);

/* A call with the time-out `msec`, begun at `start` (test_now()), gave up in time. */
#define assert_gave_up(start, msec) assert_between(test_now() - (start), (msec)-1, (msec) + 1000)

/* Memory that all processes see, zeroed; ends with the process. */
void *shared_memory(size_t size);

/* The same for handles that a child may have inherited: opens its own by name where
 * it has to. */
relevo_lock *stage_lock(const struct stage *stage, relevo_lock *inherited);
relevo_rlock *stage_rlock(const struct stage *stage, relevo_rlock *inherited);
relevo_semaphore *stage_semaphore(const struct stage *stage, relevo_semaphore *inherited);
relevo_condition *stage_condition(const struct stage *stage, relevo_condition *inherited);
relevo_queue *stage_queue(const struct stage *stage, relevo_queue *inherited);
relevo_event *stage_event(const struct stage *stage, relevo_event *inherited);
relevo_barrier *stage_barrier(const struct stage *stage, relevo_barrier *inherited);
relevo_value *stage_value(const struct stage *stage, relevo_value *inherited);
relevo_array *stage_array(const struct stage *stage, relevo_array *inherited);

#endif
