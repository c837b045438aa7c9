#ifndef CORE_WAITER_H
#define CORE_WAITER_H

#include "core/core.h"

struct peer_wait;

/*
 * PARKED in a line; then, if it has changed something, COMMITTING until that is on
 * record; FINISHED when its answer is due.
 */
enum waiter_state { WAITER_IDLE, WAITER_PARKED, WAITER_COMMITTING, WAITER_FINISHED };

/*
 * What there is to know of a call that waits depends on what it waits for. Each kind has a
 * table of its own, in the file that makes such calls; nobody else reads their part of
 * the union, and nobody asks of which kind a call is.
 */
struct waiter_kind {
	/* The answer to one that does not wait and could not be served. NULL: TIMED_OUT. */
	int (*unserved)(const struct waiter *waiter);

	/* Enter the line, out of it again, and hold on no more to what was waited for. */
	void (*enter)(struct waiter *waiter);
	void (*leave)(struct waiter *waiter);
	void (*forget)(struct waiter *waiter);

	/* It is to be refused. True: not yet, what it waits for has only been looked at in part;
	 * it goes to `impatient` again when all has been. NULL: never. */
	bool (*put_off)(struct waiter *waiter);

	/* It leaves the line with that outcome, or with the one that is returned, if it has
	 * been decided on before. NULL: with that. */
	int (*outcome)(struct waiter *waiter, int status);
	/* Whether its outcome has changed something that has to be on record before it is
	 * told. NULL: never. */
	bool (*records)(const struct waiter *waiter, int status);
	/* Out of line, with that outcome. NULL: nothing follows from it. */
	void (*finished)(struct waiter *waiter, int status);

	/* Why its status is not OK, in words, if there is anything to say. */
	void (*describe)(const struct waiter *waiter, struct error *error);
	/* Complete the answer, which has status and text, and give it by waiter_give(). */
	void (*answer)(struct waiter *waiter, struct answer *answer);
	/* What it waits for, but for the time: call, kind of object and its name. */
	void (*look)(const struct waiter *waiter, struct peer_wait *wait);

	/* End a call that is parked, with an answer or without. Those that stand in a line
	 * have waiter_cancel_in_line() and waiter_drop_from_line(). */
	void (*cancel)(struct waiter *waiter);
	void (*drop)(struct waiter *waiter);
};

/* Answer at once a call that cannot even begin. */
void waiter_refuse(struct waiter *waiter, const struct error *error);

/* Put the call at the end of the line for what it waits for, until the deadline.
 * NO_MEMORY: it has not begun. */
int waiter_park(struct waiter *waiter, struct engine_peer *peer, nsec_t deadline);

/* Whoever can be served is; if this one is not, it is answered with `status`. */
void waiter_give_up(struct waiter *waiter, int status);

/* Its deadline has come. */
void waiter_time_out(struct waiter *waiter);

/* Take the call out of its line; whoever does gives its answer, or drops it. */
void waiter_leave_line(struct waiter *waiter);

/* Take the call out of its line and have it answered. */
void waiter_finish(struct waiter *waiter, int status);

/* Its answer waits for the next commit. It is out of all lines. */
void waiter_await_commit(struct waiter *waiter);

/* The recorder is done with what the call recorded. */
void waiter_committed(struct waiter *waiter, int status);

/* Answer a finished call. */
void waiter_answer(struct waiter *waiter);

/* The call is its caller's again, and is answered. */
void waiter_give(struct waiter *waiter, const struct answer *answer);

/* Forget the call without an answer. */
void waiter_drop(struct waiter *waiter);

/* From now on people who look at the session are told that the call waits; and: not any
 * more. Not those that are about to be answered, or stand in line for another call. */
void waiter_tell(struct waiter *waiter);
void waiter_tell_no_more(struct waiter *waiter);

/* For the tables of kinds. */
void waiter_cancel_in_line(struct waiter *waiter);
void waiter_drop_from_line(struct waiter *waiter);

static inline struct waiter *waiter_first(const struct list *line)
{
	struct list *first = list_first(line);
	return first != NULL ? container_of(first, struct waiter, in_line) : NULL;
}

#endif
