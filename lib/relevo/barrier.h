/*
 * Barriers: a number of parties, processes or threads, wait for each other, and go
 * on together when the last of them has come. Then the next round begins.
 *
 * A barrier breaks when a party's time-out is over or the party dies while it
 * waits, when the action fails, and by relevo_barrier_abort(). All parties that
 * wait get BROKEN then, and so do all that come later, until it is reset.
 */
#ifndef RELEVO_BARRIER_H
#define RELEVO_BARRIER_H

#include <relevo/session.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_barrier relevo_barrier;

/* Run once in every round by the party that came last, in its thread, before any
 * party goes on. Anything but RELEVO_OK breaks the barrier. */
typedef int relevo_barrier_action(void *user);

struct relevo_barrier_options {
	enum relevo_open_mode mode;
	enum relevo_lifetime lifetime;
	uint32_t parties; /* 0 only with RELEVO_OPEN_EXISTING: as many as it has */
	int64_t timeout;  /* of waits without one, in ms; 0 means RELEVO_FOREVER */
	relevo_barrier_action *action;
	void *user; /* handed to the action */
	uint64_t reserved[RELEVO_RESERVED];
};

/* A time-out: the one that the handle was opened with. */
#define RELEVO_BARRIER_TIMEOUT (-2)

/*
 * Open the barrier of that name, or with NULL a new one, as relevo_event_open()
 * does an event. Time-out and action belong to the handle: each party may have
 * its own. *barrier belongs to the caller, until relevo_barrier_close().
 *
 * Errors: as relevo_event_open(); BAD_ARGUMENT (no parties, or a negative time-out),
 * OPTION_MISMATCH (it exists for another number of parties).
 */
RELEVO_API int relevo_barrier_open(relevo_session *session, const char *name,
				   const struct relevo_barrier_options *options,
				   relevo_barrier **barrier);

/* Close this handle, as relevo_event_close() does. */
RELEVO_API void relevo_barrier_close(relevo_barrier *barrier);

/* Delete a barrier, as relevo_event_delete() does an event. */
RELEVO_API int relevo_barrier_delete(relevo_session *session, const char *name);

/* The barrier's name. Belongs to the handle. */
RELEVO_API const char *relevo_barrier_name(const relevo_barrier *barrier);

/*
 * Wait until all parties have come, `timeout` ms at most, or
 * RELEVO_BARRIER_TIMEOUT. On success *index (may be NULL) tells how many came
 * before: each number from 0 to parties - 1 is one party's. Thread-safe; each
 * thread that waits is a party.
 *
 * When time runs out, the barrier breaks and this returns BROKEN; so it does when a
 * signal or anything else ends the wait early. A party that comes while the last
 * round's action still runs, and all places are taken, waits for that first; if time
 * runs out there, it returns TIMED_OUT and breaks nothing.
 *
 * Errors: BROKEN, TIMED_OUT, what the action returned (in the party that ran it),
 * GONE, DISCONNECTED (the barrier is broken for the others), UNANSWERED, FORKED, LIMIT,
 * BAD_ARGUMENT, NO_MEMORY.
 */
RELEVO_API int relevo_barrier_wait(relevo_barrier *barrier, int64_t timeout, uint32_t *index);

/* Break the barrier. Thread-safe; blocks for the broker's answer. Errors: GONE,
 * DISCONNECTED, UNANSWERED, FORKED, NO_MEMORY. */
RELEVO_API int relevo_barrier_abort(relevo_barrier *barrier);

/* Make the barrier as new: parties that wait get BROKEN, those that come later begin a round.
 * Otherwise as relevo_barrier_abort(). */
RELEVO_API int relevo_barrier_reset(relevo_barrier *barrier);

struct relevo_barrier_state {
	uint32_t parties;
	uint32_t waiting; /* parties that have come; 0 when all have, or it is broken */
	bool broken;
	uint64_t reserved[RELEVO_RESERVED];
};

/* How it is now. Otherwise as relevo_barrier_abort(). */
RELEVO_API int relevo_barrier_inspect(relevo_barrier *barrier, struct relevo_barrier_state *state);

#ifdef __cplusplus
}
#endif

#endif
