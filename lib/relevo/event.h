/*
 * Events: flags that processes set, clear and wait for.
 */
#ifndef RELEVO_EVENT_H
#define RELEVO_EVENT_H

#include <relevo/session.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_event relevo_event;

struct relevo_event_options {
	enum relevo_open_mode mode;
	enum relevo_lifetime lifetime;
	bool set;                  /* to begin with, if it is created */
	RELEVO_LATER bool durable; /* as that of a queue */
	uint64_t reserved[RELEVO_RESERVED - 1];
};

/*
 * Open the event of that name, or with NULL a new one with a name of its own
 * (RELEVO_LIFETIME_KEPT then means RELEVO_LIFETIME_UNTIL_UNUSED). Names are those of
 * relevo_queue_open(), but an event, a queue and a lock may share one; an event, a
 * barrier, a value and an array may not. `options` may be NULL for the defaults.
 * *event belongs to the caller, until relevo_event_close(). Thread-safe; blocks for
 * the broker's answer.
 *
 * The handle may be used by all threads at once, and by a child after fork(2), as
 * relevo_session_open() says of everything made from a session.
 *
 * Errors: BAD_NAME, BAD_ARGUMENT, NOT_FOUND, EXISTS, OPTION_MISMATCH (it exists
 * with another lifetime, durable or not, or as something else), NOT_DURABLE, QUOTA, LIMIT,
 * DISCONNECTED, UNANSWERED, FORKED, NO_MEMORY.
 */
RELEVO_API int relevo_event_open(relevo_session *session, const char *name,
				 const struct relevo_event_options *options, relevo_event **event);

/* Close this handle. No other thread may be in a call with it. NULL is allowed.
 * Does not wait for the broker. */
RELEVO_API void relevo_event_close(relevo_event *event);

/* Delete an event. Calls that wait for it get GONE. Thread-safe; blocks for the
 * answer. Errors: BAD_NAME, NOT_FOUND, OPTION_MISMATCH (the name is not an event's),
 * DISCONNECTED, UNANSWERED, FORKED. */
RELEVO_API int relevo_event_delete(relevo_session *session, const char *name);

/* The event's name. Belongs to the handle. */
RELEVO_API const char *relevo_event_name(const relevo_event *event);

/* Set it: all calls that wait for it go on, and later ones return at once until it
 * is cleared. Setting it again changes nothing. Thread-safe; blocks for the broker's
 * answer. Errors: GONE, DISCONNECTED, UNANSWERED, FORKED, NO_MEMORY. */
RELEVO_API int relevo_event_set(relevo_event *event);

/* Clear it: from now on a wait waits. Calls that waited when it was set go on, also
 * if it is cleared right after. Otherwise as relevo_event_set(). */
RELEVO_API int relevo_event_clear(relevo_event *event);

/* Whether it is set now. Otherwise as relevo_event_set(). */
RELEVO_API int relevo_event_is_set(relevo_event *event, bool *set);

/*
 * Wait until it is set, `timeout` ms at most; returns at once if it is. Thread-safe;
 * several threads may wait at once.
 *
 * Errors: TIMED_OUT (also with timeout 0), GONE, DISCONNECTED, FORKED, LIMIT,
 * BAD_ARGUMENT, NO_MEMORY.
 */
RELEVO_API int relevo_event_wait(relevo_event *event, int64_t timeout);

/* Write one line for people into `text`: its name, its broker, whether it is set
 * and how many wait. Always ended by a 0 byte; what does not fit into `size` bytes
 * is cut, with TOO_SHORT. Otherwise as relevo_event_is_set(). */
RELEVO_API int relevo_event_describe(relevo_event *event, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
