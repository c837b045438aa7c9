/* Barriers between processes. */
#include "conformance/role.h"

#include <signal.h>
#include <stdatomic.h>

enum { PARTIES = 5, ROUNDS = 10, MANY_ROUNDS = 1000 };

/* What the children tell each other and the test. */
struct record {
	atomic_int rounds[PARTIES];          /* that each has passed */
	atomic_int indices[ROUNDS][PARTIES]; /* how often each was given out */
	atomic_int actions[ROUNDS];
	atomic_int acting; /* the pid of who runs the action that never ends */
};

struct meeting {
	const struct stage *stage;
	relevo_barrier *barrier;
	struct record *record;
	int pipe[2];
	int party;    /* which one a child is */
	int round;    /* which one it is in */
	int expected; /* what a wait is to return */
	int64_t timeout;
	int64_t took; /* what the wait has to take at least */
	uint32_t waiting;
};

static const struct props meeting_props = {
	sizeof(struct meeting),
	{
		PROP(STAGE, struct meeting, stage),
		PROP(BARRIER, struct meeting, barrier),
		PROP(MEMORY, struct meeting, record),
		PROP(DESCRIPTOR, struct meeting, pipe[1]),
	},
};

static relevo_barrier *open_barrier(const struct stage *stage, uint32_t parties, int64_t timeout,
				    relevo_barrier_action *action, void *user)
{
	const struct relevo_barrier_options options = {
		.parties = parties,
		.timeout = timeout,
		.action = action,
		.user = user,
	};
	relevo_barrier *barrier;
	assert_ok(relevo_barrier_open(stage->session, "barrier", &options, &barrier));
	return barrier;
}

static void setup(struct meeting *meeting, const struct stage *stage)
{
	*meeting = (struct meeting){
		.stage = stage,
		.barrier = open_barrier(stage, PARTIES, 0, NULL, NULL),
		.timeout = RELEVO_FOREVER,
	};
}

static struct relevo_barrier_state look(relevo_barrier *barrier)
{
	struct relevo_barrier_state state;
	assert_ok(relevo_barrier_inspect(barrier, &state));
	return state;
}

static bool so_many_wait(void *argument)
{
	const struct meeting *meeting = argument;
	return look(meeting->barrier).waiting == meeting->waiting;
}

static bool is_broken(void *argument)
{
	const struct meeting *meeting = argument;
	return look(meeting->barrier).broken;
}

static void wait_for_parties(struct meeting *meeting, uint32_t waiting)
{
	meeting->waiting = waiting;
	assert_true(eventually(so_many_wait, meeting));
}

/* One wait with the outcome that is expected. */
static void wait_once(void *argument)
{
	const struct meeting *meeting = argument;
	relevo_barrier *barrier = meeting->barrier;
	int64_t start = test_now();
	int status = relevo_barrier_wait(barrier, meeting->timeout, NULL);
	if (status != meeting->expected)
		fprintf(stderr, "%s: %s\n", relevo_error_name(status), relevo_error_detail());
	child_check(status == meeting->expected);
	child_check(test_now() - start >= meeting->took - 1);
}

static void start_waits(struct meeting *meeting, relevo_process **children, int count, int expected)
{
	meeting->expected = expected;
	for (int i = 0; i < count; i++)
		children[i] = role_start(wait_once, &meeting_props, meeting);
}

static void join_all(relevo_process *const *children, int count)
{
	for (int i = 0; i < count; i++)
		role_join(children[i]);
}

/* All pass once, the parent among them. */
static void pass_once(struct meeting *meeting)
{
	relevo_process *children[PARTIES - 1];
	start_waits(meeting, children, PARTIES - 1, RELEVO_OK);
	assert_ok(relevo_barrier_wait(meeting->barrier, RELEVO_FOREVER, NULL));
	join_all(children, PARTIES - 1);
	assert_false(look(meeting->barrier).broken);
	assert_int_equal(look(meeting->barrier).waiting, 0);
}

/* ---- barrier_lockstep --------------------------------------------------- */

static int count_action(void *user)
{
	struct meeting *meeting = user;
	atomic_fetch_add(&meeting->record->actions[meeting->round], 1);
	/* Before anybody goes on. */
	for (int i = 0; i < PARTIES; i++)
		child_check(atomic_load(&meeting->record->rounds[i]) == meeting->round);
	return RELEVO_OK;
}

/* The child's handle, with an action of its own. */
static relevo_barrier *open_with_action(struct meeting *meeting, relevo_barrier_action *action)
{
	const struct relevo_barrier_options options = {
		.mode = RELEVO_OPEN_EXISTING,
		.action = action,
		.user = meeting,
	};
	relevo_barrier *barrier;
	relevo_session *session = stage_session(meeting->stage);
	child_check(relevo_barrier_open(session, "barrier", &options, &barrier) == RELEVO_OK);
	return barrier;
}

static void keep_step(void *argument)
{
	struct meeting *meeting = argument;
	struct record *record = meeting->record;
	relevo_barrier *barrier = open_with_action(meeting, count_action);
	for (meeting->round = 0; meeting->round < ROUNDS; meeting->round++) {
		uint32_t index = UINT32_MAX;
		child_check(relevo_barrier_wait(barrier, RELEVO_FOREVER, &index) == RELEVO_OK);
		child_check(index < PARTIES);
		atomic_fetch_add(&record->indices[meeting->round][index], 1);
		child_check(atomic_load(&record->actions[meeting->round]) == 1);
		atomic_store(&record->rounds[meeting->party], meeting->round + 1);
		for (int i = 0; i < PARTIES; i++) {
			int ahead = atomic_load(&record->rounds[i]) - meeting->round;
			child_check(ahead == 0 || ahead == 1);
		}
	}
	relevo_barrier_close(barrier);
}

static void send_rounds(void *argument)
{
	const struct meeting *meeting = argument;
	relevo_barrier *barrier = meeting->barrier;
	for (int round = 0; round < MANY_ROUNDS; round++) {
		child_check(relevo_barrier_wait(barrier, RELEVO_FOREVER, NULL) == RELEVO_OK);
		/* So few bytes are written in one piece. */
		child_check(write(meeting->pipe[1], &round, sizeof round) == sizeof round);
	}
}

static void run_parties(struct meeting *meeting, void (*body)(void *argument),
			relevo_process **children)
{
	for (meeting->party = 0; meeting->party < PARTIES; meeting->party++)
		children[meeting->party] = role_start(body, &meeting_props, meeting);
}

static void check_record(const struct record *record)
{
	for (int round = 0; round < ROUNDS; round++) {
		assert_int_equal(record->actions[round], 1);
		for (int i = 0; i < PARTIES; i++)
			assert_int_equal(record->indices[round][i], 1);
	}
}

static void barrier_lockstep(void **state)
{
	struct meeting meeting;
	relevo_process *children[PARTIES];
	setup(&meeting, *state);
	meeting.record = props_memory(sizeof *meeting.record);
	run_parties(&meeting, keep_step, children);
	join_all(children, PARTIES);
	check_record(meeting.record);
	struct relevo_barrier_state seen = look(meeting.barrier);
	assert_true(seen.parties == PARTIES && seen.waiting == 0 && !seen.broken);
	relevo_barrier_close(meeting.barrier);
}

static void barrier_thousand(void **state)
{
	struct meeting meeting;
	relevo_process *children[PARTIES];
	setup(&meeting, *state);
	assert_int_equal(pipe(meeting.pipe), 0);
	run_parties(&meeting, send_rounds, children);
	for (int i = 0; i < MANY_ROUNDS * PARTIES; i++) {
		int round;
		assert_int_equal(read(meeting.pipe[0], &round, sizeof round), sizeof round);
		assert_int_equal(round, i / PARTIES);
	}
	join_all(children, PARTIES);
	close(meeting.pipe[0]);
	close(meeting.pipe[1]);
	relevo_barrier_close(meeting.barrier);
}

/* ---- broken -------------------------------------------------------------- */

static void barrier_abort(void **state)
{
	struct meeting meeting;
	relevo_process *children[PARTIES - 1];
	setup(&meeting, *state);
	start_waits(&meeting, children, PARTIES - 1, RELEVO_BROKEN);
	wait_for_parties(&meeting, PARTIES - 1);
	assert_ok(relevo_barrier_abort(meeting.barrier));
	join_all(children, PARTIES - 1);
	assert_true(look(meeting.barrier).broken);
	assert_int_equal(look(meeting.barrier).waiting, 0);
	assert_fails(relevo_barrier_wait(meeting.barrier, RELEVO_FOREVER, NULL), RELEVO_BROKEN,
		     "the barrier \"barrier\" is broken");
	relevo_barrier_close(meeting.barrier);
}

static void barrier_reset(void **state)
{
	struct meeting meeting;
	relevo_process *children[PARTIES - 1];
	setup(&meeting, *state);
	start_waits(&meeting, children, PARTIES - 1, RELEVO_BROKEN);
	wait_for_parties(&meeting, PARTIES - 1);
	assert_ok(relevo_barrier_reset(meeting.barrier));
	join_all(children, PARTIES - 1);
	assert_false(look(meeting.barrier).broken);
	pass_once(&meeting);
	assert_ok(relevo_barrier_abort(meeting.barrier));
	assert_status(relevo_barrier_wait(meeting.barrier, 0, NULL), RELEVO_BROKEN);
	assert_ok(relevo_barrier_reset(meeting.barrier));
	pass_once(&meeting);
	pass_once(&meeting);
	relevo_barrier_close(meeting.barrier);
}

static void check_late_party(struct meeting *meeting)
{
	relevo_process *children[PARTIES - 1];
	start_waits(meeting, children, PARTIES - 1, RELEVO_BROKEN);
	/* This one comes when the others have given up. */
	assert_true(eventually(is_broken, meeting));
	assert_status(relevo_barrier_wait(meeting->barrier, meeting->timeout, NULL), RELEVO_BROKEN);
	join_all(children, PARTIES - 1);
	assert_ok(relevo_barrier_reset(meeting->barrier));
}

static void barrier_timeout(void **state)
{
	const struct stage *stage = *state;
	struct meeting meeting;
	setup(&meeting, stage);
	meeting.timeout = 500;
	check_late_party(&meeting);
	int64_t start = test_now();
	assert_status(relevo_barrier_wait(meeting.barrier, 500, NULL), RELEVO_BROKEN);
	assert_took(start, 500);
	assert_ok(relevo_barrier_reset(meeting.barrier));
	pass_once(&meeting);
	/* The same with the handle's own time-out. */
	relevo_barrier *hasty = open_barrier(stage, PARTIES, 300, NULL, NULL);
	start = test_now();
	assert_status(relevo_barrier_wait(hasty, RELEVO_BARRIER_TIMEOUT, NULL), RELEVO_BROKEN);
	assert_took(start, 300);
	assert_status(relevo_barrier_wait(hasty, -3, NULL), RELEVO_BAD_ARGUMENT);
	relevo_barrier_close(hasty);
	relevo_barrier_close(meeting.barrier);
}

static void barrier_of_one(void **state)
{
	const struct stage *stage = *state;
	relevo_barrier *barrier = open_barrier(stage, 1, 0, NULL, NULL);
	for (int i = 0; i < 2; i++) {
		uint32_t index = 7;
		assert_ok(relevo_barrier_wait(barrier, 0, &index));
		assert_int_equal(index, 0);
	}
	const struct relevo_barrier_options two = { .parties = 2 };
	const struct relevo_barrier_options none = { .parties = 0 };
	relevo_barrier *other;
	assert_fails(relevo_barrier_open(stage->session, "barrier", &two, &other),
		     RELEVO_OPTION_MISMATCH, "is for 1 parties, not 2");
	assert_status(relevo_barrier_open(stage->session, "other", &none, &other),
		      RELEVO_BAD_ARGUMENT);
	relevo_barrier_close(barrier);
}

/* ---- deaths and failing actions ------------------------------------------ */

static void barrier_party_dies(void **state)
{
	struct meeting meeting;
	relevo_process *children[PARTIES - 1], *victim;
	setup(&meeting, *state);
	start_waits(&meeting, &victim, 1, RELEVO_OK);
	wait_for_parties(&meeting, 1);
	start_waits(&meeting, children, PARTIES - 2, RELEVO_BROKEN);
	wait_for_parties(&meeting, PARTIES - 1);
	role_kill(victim);
	join_all(children, PARTIES - 2);
	assert_true(look(meeting.barrier).broken);
	/* One that dies when its round is over breaks nothing. */
	assert_ok(relevo_barrier_reset(meeting.barrier));
	pass_once(&meeting);
	relevo_barrier_close(meeting.barrier);
}

static int act_for_ever(void *user)
{
	const struct meeting *meeting = user;
	atomic_store(&meeting->record->acting, getpid());
	while (pause() != 0)
		continue;
	return RELEVO_OK;
}

static void wait_and_act(void *argument)
{
	struct meeting *meeting = argument;
	relevo_barrier *barrier = open_with_action(meeting, act_for_ever);
	child_check(relevo_barrier_wait(barrier, RELEVO_FOREVER, NULL) == RELEVO_BROKEN);
	relevo_barrier_close(barrier);
}

static bool somebody_acts(void *argument)
{
	const struct meeting *meeting = argument;
	return atomic_load(&meeting->record->acting) != 0;
}

static void barrier_actor_dies(void **state)
{
	struct meeting meeting;
	relevo_process *children[PARTIES], *actor = NULL;
	setup(&meeting, *state);
	meeting.record = props_memory(sizeof *meeting.record);
	run_parties(&meeting, wait_and_act, children);
	assert_true(eventually(somebody_acts, &meeting));
	/* All places are taken: one more party has to wait for the next round. */
	assert_status(relevo_barrier_wait(meeting.barrier, 50, NULL), RELEVO_TIMED_OUT);
	assert_int_equal(look(meeting.barrier).waiting, 0);
	pid_t acting = atomic_load(&meeting.record->acting);
	for (int i = 0; i < PARTIES; i++) {
		if (relevo_process_pid(children[i]) == acting)
			actor = children[i];
	}
	assert_non_null(actor);
	role_kill(actor);
	for (int i = 0; i < PARTIES; i++) {
		if (children[i] != actor)
			role_join(children[i]);
	}
	assert_true(look(meeting.barrier).broken);
	relevo_barrier_close(meeting.barrier);
}

static int fail_action(void *user)
{
	(void)user;
	return RELEVO_REMOTE;
}

static void barrier_action_fails(void **state)
{
	const struct stage *stage = *state;
	struct meeting meeting;
	relevo_process *children[PARTIES - 1];
	setup(&meeting, stage);
	relevo_barrier *failing = open_barrier(stage, PARTIES, 0, fail_action, NULL);
	start_waits(&meeting, children, PARTIES - 1, RELEVO_BROKEN);
	wait_for_parties(&meeting, PARTIES - 1);
	assert_fails(relevo_barrier_wait(failing, RELEVO_FOREVER, NULL), RELEVO_REMOTE,
		     "the action of the barrier \"barrier\" failed");
	join_all(children, PARTIES - 1);
	assert_true(look(meeting.barrier).broken);
	relevo_barrier_close(failing);
	relevo_barrier_close(meeting.barrier);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		ROLE_CASE(barrier_lockstep),     ROLE_CASE(barrier_thousand),
		ROLE_CASE(barrier_abort),        ROLE_CASE(barrier_reset),
		ROLE_CASE(barrier_timeout),      STAGE_CASE(barrier_of_one),
		ROLE_CASE(barrier_party_dies),   ROLE_CASE(barrier_actor_dies),
		ROLE_CASE(barrier_action_fails),
	};
	return cmocka_run_group_tests_name("barrier", tests, cast_prepare, NULL);
}
