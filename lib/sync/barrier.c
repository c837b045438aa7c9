/* Barriers: the public calls, and the rounds in which parties arrive and pass. */
#include "base/deadline.h"
#include "base/mutant.h"
#include "base/thread_error.h"
#include "sync/cell.h"
#include "sync/sync_handle.h"

#include <relevo/barrier.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * A barrier is a cell of three elements. PLACES is how many parties there are, and
 * ARRIVED how many have come in this round. ROUND changes when a round ends, and
 * tells how: its low bits are an outcome, the others count. While nobody may enter,
 * because the barrier is broken or the last round's action still runs, all places
 * are taken.
 *
 * A party arrives, leaving a will that breaks the barrier if the round is still
 * the same, and waits for ROUND to change: then the broker voids the will, or, if
 * the wait fails, carries it out. So a party that gives up, for whatever reason,
 * breaks the barrier in the same step; and one that has passed breaks nothing,
 * however slow it is to leave.
 */
enum element { PLACES, ARRIVED, ROUND, ELEMENTS };

enum outcome { PASSED, BROKEN, RESET };

#define OUTCOME_MASK UINT64_C(3)
#define ROUND_STEP   UINT64_C(4)

struct relevo_barrier {
	struct cell cell;
	uint64_t parties;
	int64_t timeout; /* in ms, of waits without one */
	relevo_barrier_action *action;
	void *user;
	/* The round that was seen last: arriving names the round, and this one is
	 * nearly always right. */
	_Atomic uint64_t round;
};

#define PURPOSE "barrier"

static enum outcome outcome_of(uint64_t round)
{
	return (enum outcome)(round & OUTCOME_MASK);
}

/* What follows a round that ends like this. */
static uint64_t after(uint64_t round, enum outcome outcome)
{
	return (round & ~OUTCOME_MASK) + ROUND_STEP + outcome;
}

/* A term on one element. */
static struct cell_term term(enum element element, int operation, const uint64_t *operand)
{
	return (struct cell_term){ element, operation, operand, sizeof *operand };
}

/* ---- open and close ----------------------------------------------------- */

static int barrier_check_options(const struct relevo_barrier_options *options, struct error *error)
{
	if (options->parties == 0 && options->mode != RELEVO_OPEN_EXISTING)
		return error_set(error, RELEVO_BAD_ARGUMENT, "a barrier needs a party");
	if (options->timeout < RELEVO_FOREVER)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the time-out %lld is negative and not RELEVO_FOREVER",
				 (long long)options->timeout);
	return RELEVO_OK;
}

static int read_state(relevo_barrier *barrier, uint64_t *state, struct error *error)
{
	nsec_t limit = session_limit(barrier->cell.handle.session);
	struct cell_update change = { .read_count = ELEMENTS, .read = state };
	int status = cell_call_update(&barrier->cell, &change, limit, error);
	if (status == RELEVO_OK)
		atomic_store(&barrier->round, state[ROUND]);
	return status;
}

/* It may have been there before. */
static int check_parties(relevo_barrier *barrier, uint32_t asked, struct error *error)
{
	uint64_t state[ELEMENTS];
	int status = read_state(barrier, state, error);
	if (status != RELEVO_OK)
		return status;
	barrier->parties = state[PLACES];
	if (asked != 0 && asked != barrier->parties)
		return error_set(error, RELEVO_OPTION_MISMATCH,
				 "the barrier \"%s\" is for %llu parties, not %u",
				 barrier->cell.handle.name, (unsigned long long)barrier->parties,
				 asked);
	return RELEVO_OK;
}

static int barrier_attach(relevo_barrier *barrier, relevo_session *session, const char *name,
			  const struct relevo_barrier_options *options, struct error *error)
{
	const uint64_t initial[ELEMENTS] = { [PLACES] = options->parties };
	const struct cell_spec spec = {
		.mode = options->mode,
		.lifetime = options->lifetime,
		.type = ELEMENT_UINT64,
		.count = ELEMENTS,
		.purpose = PURPOSE,
		.initial = initial,
	};
	int status = cell_attach(&barrier->cell, session, name, &spec, error);
	if (status != RELEVO_OK)
		return status;
	status = check_parties(barrier, options->parties, error);
	if (status != RELEVO_OK)
		cell_detach(&barrier->cell);
	return status;
}

int relevo_barrier_open(relevo_session *session, const char *name,
			const struct relevo_barrier_options *options, relevo_barrier **out)
{
	if (!given(session, out) || !known(relevo_barrier_options, options))
		return RELEVO_BAD_ARGUMENT;
	static const struct relevo_barrier_options defaults;
	struct error *error = thread_error();
	if (options == NULL)
		options = &defaults;
	int status = barrier_check_options(options, error);
	if (status != RELEVO_OK)
		return status;
	struct relevo_barrier *barrier = calloc(1, sizeof *barrier);
	if (barrier == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a barrier's handle");
	barrier->timeout = options->timeout != 0 ? options->timeout : RELEVO_FOREVER;
	barrier->action = options->action;
	barrier->user = options->user;
	status = barrier_attach(barrier, session, name, options, error);
	if (status != RELEVO_OK) {
		free(barrier);
		return status;
	}
	*out = barrier;
	return RELEVO_OK;
}

void relevo_barrier_close(relevo_barrier *barrier)
{
	if (barrier == NULL)
		return;
	cell_detach(&barrier->cell);
	free(barrier);
}

int relevo_barrier_delete(relevo_session *session, const char *name)
{
	if (!given(session, name))
		return RELEVO_BAD_ARGUMENT;
	return cell_remove(session, name, PURPOSE);
}

const struct handle *barrier_handle(const relevo_barrier *barrier)
{
	return &barrier->cell.handle;
}

const char *relevo_barrier_name(const relevo_barrier *barrier)
{
	if (!given(barrier))
		return "";
	return barrier->cell.handle.name;
}

/* ---- a round ------------------------------------------------------------ */

/* One party's part in a round. */
struct party {
	relevo_barrier *barrier;
	nsec_t deadline;
	uint64_t state[ELEMENTS]; /* as it found it */
	uint64_t round;           /* the one it is in */
	struct cell_will will;    /* that breaks it */
};

static int broken(const relevo_barrier *barrier, const char *why, struct error *error)
{
	return error_set(error, RELEVO_BROKEN, "the barrier \"%s\" %s", barrier->cell.handle.name,
			 why);
}

/* Take a place, if the round is the one that is expected and has one left. */
static int try_to_arrive(struct party *party, bool *arrived, struct error *error)
{
	relevo_barrier *barrier = party->barrier;
	const uint64_t one = 1;
	const uint64_t next = after(party->round, BROKEN);
	const struct cell_term terms[] = {
		term(ROUND, ELEMENT_EQUAL, &party->round),
		term(ARRIVED, ELEMENT_LESS, &barrier->parties),
		term(ARRIVED, CELL_ADD, &one),
		/* The will. */
		term(ROUND, ELEMENT_EQUAL, &party->round),
		term(ROUND, CELL_SET, &next),
		term(ARRIVED, CELL_SET, &barrier->parties),
	};
	struct cell_update change = {
		.terms = terms,
		.count = 6,
		.will_count = 3,
		.read_count = ELEMENTS,
		.read = party->state,
	};
	int status = cell_call_update(&barrier->cell, &change, party->deadline, error);
	if (status != RELEVO_OK)
		return status;
	*arrived = change.applied;
	party->will = change.will;
	return RELEVO_OK;
}

/* Wait until ROUND is another one than `round`, and tell which. */
static int barrier_wait_for_change(const struct party *party, struct cell_will will,
				   uint64_t *round, struct error *error)
{
	struct cell_wait watch = {
		.term = term(ROUND, ELEMENT_NOT_EQUAL, &party->round),
		.will = will,
		.deadline = party->deadline,
	};
	int status = cell_call_wait(&party->barrier->cell, &watch, error);
	if (status == RELEVO_OK)
		memcpy(round, watch.found, sizeof *round);
	return status;
}

static int arrive(struct party *party, struct error *error)
{
	relevo_barrier *barrier = party->barrier;
	const struct cell_will none = { 0 };
	bool arrived = false;
	party->round = atomic_load(&barrier->round);
	for (;;) {
		int status = try_to_arrive(party, &arrived, error);
		if (status != RELEVO_OK || arrived)
			return status;
		if (outcome_of(party->state[ROUND]) == BROKEN)
			return broken(barrier, "is broken", error);
		if (party->state[ROUND] != party->round)
			party->round = party->state[ROUND];
		else
			status = barrier_wait_for_change(party, none, &party->round, error);
		if (status != RELEVO_OK)
			return status;
	}
}

/* The broker does the rest: it breaks the barrier if this comes to nothing. */
static int barrier_follow(struct party *party, struct error *error)
{
	relevo_barrier *barrier = party->barrier;
	uint64_t round;
	int status = barrier_wait_for_change(party, party->will, &round, error);
	if (status == RELEVO_TIMED_OUT || status == RELEVO_INTERRUPTED)
		return broken(barrier, "broke: somebody did not come while this party waited",
			      error);
	if (status != RELEVO_OK)
		return status;
	atomic_store(&barrier->round, round);
	return outcome_of(round) == PASSED
		       ? RELEVO_OK
		       : broken(barrier, "broke while this party waited", error);
}

/* End the round, unless it has been ended otherwise. */
static int barrier_release(struct party *party, struct error *error)
{
	relevo_barrier *barrier = party->barrier;
	const uint64_t next = after(party->round, PASSED);
	const uint64_t none = 0;
	const struct cell_term terms[] = {
		term(ROUND, ELEMENT_EQUAL, &party->round),
		term(ROUND, CELL_SET, &next),
		term(ARRIVED, CELL_SET, &none),
	};
	struct cell_update change = { .terms = terms, .count = 3, .withdraw = party->will };
	int status = cell_call_update(&barrier->cell, &change, party->deadline, error);
	if (status != RELEVO_OK)
		return status;
	if (!change.applied)
		return broken(barrier, "broke while its last party acted", error);
	atomic_store(&barrier->round, next);
	return RELEVO_OK;
}

/* The last one to come. */
static int lead(struct party *party, struct error *error)
{
	relevo_barrier *barrier = party->barrier;
	int status = barrier->action != NULL ? barrier->action(barrier->user) : RELEVO_OK;
	if (status == RELEVO_OK)
		return barrier_release(party, error);
	cell_call_give_up(&barrier->cell, party->will);
	return error_set(error, status, "the action of the barrier \"%s\" failed",
			 barrier->cell.handle.name);
}

int relevo_barrier_wait(relevo_barrier *barrier, int64_t timeout, uint32_t *index)
{
	if (!given(barrier))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct party party = { .barrier = barrier };
	if (timeout == RELEVO_BARRIER_TIMEOUT)
		timeout = barrier->timeout;
	int status = deadline_after(timeout, &party.deadline, error);
	if (status == RELEVO_OK)
		status = arrive(&party, error);
	if (status != RELEVO_OK)
		return status;
	bool last = party.state[ARRIVED] + MUTANT(barrier_one_short) == barrier->parties;
	status = last ? lead(&party, error) : barrier_follow(&party, error);
	if (status == RELEVO_OK && index != NULL)
		*index = (uint32_t)(party.state[ARRIVED] - 1);
	return status;
}

/* ---- from outside ------------------------------------------------------- */

/* End whatever round it is, with so many places taken in the next. */
static int turn(relevo_barrier *barrier, enum outcome outcome, uint64_t arrived)
{
	nsec_t limit = session_limit(barrier->cell.handle.session);
	struct error *error = thread_error();
	struct cell_update change = { .applied = false };
	int status = RELEVO_OK;
	while (status == RELEVO_OK && !change.applied) {
		uint64_t state[ELEMENTS];
		uint64_t round = atomic_load(&barrier->round);
		uint64_t next = after(round, outcome);
		const struct cell_term terms[] = {
			term(ROUND, ELEMENT_EQUAL, &round),
			term(ROUND, CELL_SET, &next),
			term(ARRIVED, CELL_SET, &arrived),
		};
		change = (struct cell_update){
			.terms = terms,
			.count = 3,
			.read_count = ELEMENTS,
			.read = state,
		};
		status = cell_call_update(&barrier->cell, &change, limit, error);
		if (status == RELEVO_OK)
			atomic_store(&barrier->round, state[ROUND]);
	}
	return status;
}

int relevo_barrier_abort(relevo_barrier *barrier)
{
	if (!given(barrier))
		return RELEVO_BAD_ARGUMENT;
	return turn(barrier, BROKEN, barrier->parties);
}

int relevo_barrier_reset(relevo_barrier *barrier)
{
	if (!given(barrier))
		return RELEVO_BAD_ARGUMENT;
	return turn(barrier, RESET, 0);
}

int relevo_barrier_inspect(relevo_barrier *barrier, struct relevo_barrier_state *result)
{
	if (!given(barrier, result))
		return RELEVO_BAD_ARGUMENT;
	uint64_t state[ELEMENTS];
	int status = read_state(barrier, state, thread_error());
	if (status != RELEVO_OK)
		return status;
	bool all = state[ARRIVED] == barrier->parties;
	*result = (struct relevo_barrier_state){
		.parties = (uint32_t)barrier->parties,
		.waiting = all ? 0 : (uint32_t)state[ARRIVED],
		.broken = outcome_of(state[ROUND]) == BROKEN,
	};
	return RELEVO_OK;
}
