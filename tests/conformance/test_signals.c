/* Calls and signals: they go on, or end if the program says so. */
#include "conformance/line.h"
#include "conformance/role.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_int signals_seen;
static atomic_int stop;

static void on_signal(int number)
{
	signals_seen++;
	stop = number == SIGINT;
}

static void catch_signals(int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };
	sigemptyset(&action.sa_mask);
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	assert_int_equal(sigaction(SIGINT, &action, NULL), 0);
	signals_seen = stop = 0;
}

static bool until_told(void *user)
{
	(void)user;
	return !stop;
}

/* A session of the test's own that ends waits after SIGINT. */
static relevo_session *open_stoppable(const struct stage *stage)
{
	const struct relevo_session_options options = { .go_on = until_told };
	relevo_session *session = NULL;
	assert_ok(relevo_session_open(stage->broker.url, &options, &session));
	return session;
}

/* ---- interrupted -------------------------------------------------------- */

/* Once somebody waits on an object, the director gets a signal. */
struct disturbance {
	struct stage *stage;
	char queue[16]; /* where it waits */
	int number, count;
	pid_t director;
};

static const struct props disturbance_props = {
	sizeof(struct disturbance),
	{
		PROP(STAGE, struct disturbance, stage),
	},
};

static int find_getter(const struct relevo_queue_info *info, void *user)
{
	return strcmp(info->name, user) == 0 && info->getters + info->putters > 0 ? 1 : 0;
}

static bool somebody_waits(void *argument)
{
	const struct disturbance *disturbance = argument;
	return relevo_queue_list(stage_session(disturbance->stage), NULL, find_getter,
				 (void *)disturbance->queue) == 1;
}

static void disturb(void *argument)
{
	struct disturbance *disturbance = argument;
	child_check(eventually(somebody_waits, disturbance));
	for (int i = 0; i < disturbance->count; i++)
		child_check(kill(disturbance->director, disturbance->number) == 0);
}

static relevo_process *start_disturbance(struct stage *stage, const char *queue, int number,
					 int count)
{
	struct disturbance disturbance = { stage, "", number, count, getpid() };
	snprintf(disturbance.queue, sizeof disturbance.queue, "%s", queue);
	return role_start(disturb, &disturbance_props, &disturbance);
}

static void condition_interrupted(void **state)
{
	struct stage *stage = *state;
	catch_signals(0);
	relevo_session *session = open_stoppable(stage);
	relevo_lock *lock = NULL;
	relevo_condition *condition = NULL;
	assert_ok(relevo_lock_open(session, "lock", NULL, &lock));
	assert_ok(relevo_condition_open(
		session, "c", &(struct relevo_condition_options){ .lock = lock }, &condition));
	assert_ok(relevo_lock_acquire(lock, RELEVO_FOREVER, NULL));
	/* The program does not want to hear of this one. */
	relevo_process *child = start_disturbance(stage, "c", SIGUSR1, 1);
	assert_status(relevo_condition_wait(condition, 2500), RELEVO_TIMED_OUT);
	role_join(child);
	assert_int_equal(signals_seen, 1);
	child = start_disturbance(stage, "c", SIGINT, 1);
	int64_t start = test_now();
	assert_status(relevo_condition_wait(condition, 60000), RELEVO_INTERRUPTED);
	assert_true(test_now() - start < TEST_PATIENCE);
	role_join(child);
	/* It has the lock, and leaves no waiter behind. */
	stop = 0;
	assert_ok(relevo_condition_notify_all(condition));
	assert_ok(relevo_lock_release(lock));
	assert_ok(relevo_lock_acquire(lock, 0, NULL));
	assert_ok(relevo_lock_release(lock));
	relevo_condition_close(condition);
	relevo_lock_close(lock);
	assert_ok(relevo_session_close(session));
}

/* Each comes once. One that was on its way to a get that ended may come later. */
static void take(relevo_item *item, bool *seen)
{
	uint32_t number;
	memcpy(&number, item->data, sizeof number);
	assert_false(seen[number]);
	seen[number] = true;
	relevo_item_free(item);
}

/* A get that is interrupted as an item comes for it neither loses nor doubles it. */
static void interrupted_gets_lose_nothing(void **state)
{
	struct stage *stage = *state;
	enum { ROUNDS = 200 };
	catch_signals(0);
	relevo_session *session = open_stoppable(stage);
	relevo_queue *queue = NULL;
	assert_ok(relevo_queue_open(session, "q", NULL, &queue));
	bool seen[ROUNDS] = { false };
	uint32_t taken = 0;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		const struct relevo_put_options soon = { .delay = 1 };
		relevo_item item;
		struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGINT };
		const struct itimerspec time = { .it_value.tv_nsec = 1000000 + i % 20 * 50000 };
		timer_t timer;
		stop = 0;
		assert_ok(relevo_queue_put_with(queue, &i, sizeof i, &soon, RELEVO_FOREVER));
		assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
		assert_int_equal(timer_settime(timer, 0, &time, NULL), 0);
		int status = relevo_queue_get(queue, RELEVO_FOREVER, &item);
		timer_delete(timer);
		if (status == RELEVO_OK) {
			take(&item, seen);
			taken++;
		} else {
			assert_status(status, RELEVO_INTERRUPTED);
		}
	}
	for (stop = 0; taken < ROUNDS; taken++) {
		relevo_item item;
		assert_ok(relevo_queue_get(queue, TEST_PATIENCE, &item));
		take(&item, seen);
	}
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
}

/* The item is on its way to the call when the program ends it. */
static bool item_is_out(void *queue)
{
	struct relevo_queue_state counts;
	return relevo_queue_inspect(queue, &counts) == RELEVO_OK && counts.leased == 1;
}

static bool item_is_back(void *queue)
{
	struct relevo_queue_state counts;
	return relevo_queue_inspect(queue, &counts) == RELEVO_OK && counts.ready == 1;
}

/* Of another session, which is not in a call. */
static bool put_and_end(void *user)
{
	relevo_queue *queue = *(relevo_queue **)user;
	if (queue == NULL)
		return true;
	child_check(relevo_queue_put(queue, "late", 4, RELEVO_FOREVER) == RELEVO_OK);
	child_check(eventually(item_is_out, queue));
	return false;
}

static void an_item_that_comes_too_late_goes_back(void **state)
{
	struct stage *stage = *state;
	relevo_queue *queue = NULL, *other = NULL, *putting = NULL;
	relevo_session *session = NULL;
	relevo_item item;
	const struct relevo_session_options options = { .go_on = put_and_end, .user = &putting };
	assert_ok(relevo_session_open(stage->broker.url, &options, &session));
	assert_ok(relevo_queue_open(session, "q", NULL, &queue));
	assert_ok(relevo_queue_open(stage->session, "q", NULL, &other));
	putting = other;
	assert_status(relevo_queue_get(queue, RELEVO_FOREVER, &item), RELEVO_INTERRUPTED);
	putting = NULL;
	/* While the session lives, and though nobody calls with it. */
	assert_true(eventually(item_is_back, other));
	assert_ok(relevo_queue_get(other, TEST_PATIENCE, &item));
	assert_int_equal(item.deliveries, 1);
	relevo_item_free(&item);
	relevo_queue_close(other);
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
}

struct waiting {
	relevo_queue *queue;
	int status;
};

static void *wait_for_item(void *argument)
{
	struct waiting *waiting = argument;
	relevo_item item;
	waiting->status = relevo_queue_get(waiting->queue, RELEVO_FOREVER, &item);
	return NULL;
}

static bool three_wait(void *queue)
{
	struct relevo_queue_state counts;
	return relevo_queue_inspect(queue, &counts) == RELEVO_OK && counts.getters == 3;
}

/* Whichever of them reads for the others: the thread that gets the signal ends. */
static void each_thread_can_be_interrupted(void **state)
{
	struct stage *stage = *state;
	catch_signals(0);
	relevo_session *session = open_stoppable(stage);
	relevo_queue *queue = NULL;
	pthread_t threads[3];
	struct waiting waiting[3];
	assert_ok(relevo_queue_open(session, "q", NULL, &queue));
	for (int i = 0; i < 3; i++) {
		waiting[i] = (struct waiting){ .queue = queue };
		assert_int_equal(pthread_create(&threads[i], NULL, wait_for_item, &waiting[i]), 0);
	}
	assert_true(eventually(three_wait, queue));
	for (int i = 2; i >= 0; i--) {
		assert_int_equal(pthread_kill(threads[i], SIGINT), 0);
		pthread_join(threads[i], NULL);
		assert_status(waiting[i].status, RELEVO_INTERRUPTED);
		stop = 0;
	}
	relevo_queue_close(queue);
	assert_ok(relevo_session_close(session));
}

/* ---- going on ----------------------------------------------------------- */

enum { MANY = 200 };

static void put_a_number(void *argument)
{
	const struct disturbance *disturbance = argument;
	struct stage *stage = disturbance->stage;
	relevo_session *session = stage_session(stage);
	relevo_queue *queue = NULL;
	disturb(argument);
	child_check(relevo_queue_open(session, "q", NULL, &queue) == RELEVO_OK);
	child_check(relevo_queue_put(queue, "here", 4, RELEVO_FOREVER) == RELEVO_OK);
	child_check(relevo_session_flush(session, TEST_PATIENCE) == RELEVO_OK);
	relevo_queue_close(queue);
}

static void get_large(void *argument)
{
	const struct disturbance *disturbance = argument;
	relevo_session *session = stage_session(disturbance->stage);
	relevo_queue *queue = NULL;
	relevo_item item;
	const struct relevo_queue_options options = { .mode = RELEVO_OPEN_EXISTING };
	disturb(argument);
	child_check(relevo_queue_open(session, "bounded", &options, &queue) == RELEVO_OK);
	for (int i = 0; i < 2; i++) {
		child_check(relevo_queue_get(queue, TEST_PATIENCE, &item) == RELEVO_OK);
		for (size_t byte = 0; byte < item.size; byte += 4096)
			child_check(((char *)item.data)[byte] == (char)(byte / 4096));
		relevo_item_free(&item);
	}
	relevo_queue_close(queue);
	stage_leave(disturbance->stage);
}

/* SIGUSR1 every millisecond, until the timer is deleted. */
static timer_t signal_often(void)
{
	timer_t timer;
	struct sigevent notice = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	const struct itimerspec often = { { 0, 1000000 }, { 0, 1000000 } };
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &notice, &timer), 0);
	assert_int_equal(timer_settime(timer, 0, &often, NULL), 0);
	return timer;
}

/* With and without SA_RESTART: the handlers run, the calls go on, the data is whole. */
static void survive(struct stage *stage, int flags)
{
	enum { LARGE = 4 << 20 };
	catch_signals(flags);
	relevo_queue *queue = NULL, *bounded = NULL;
	relevo_event *event = NULL;
	assert_ok(relevo_queue_open(stage->session, "q", NULL, &queue));
	assert_ok(relevo_queue_open(stage->session, "bounded",
				    &(struct relevo_queue_options){ .capacity = 1 }, &bounded));
	struct disturbance disturbance = { stage, "q", SIGUSR1, MANY, getpid() };
	relevo_process *child = role_start(put_a_number, &disturbance_props, &disturbance);
	relevo_item item;
	assert_ok(relevo_queue_get(queue, TEST_PATIENCE, &item));
	assert_string_equal(item.data, "here");
	relevo_item_free(&item);
	role_join(child);
	assert_true(signals_seen > 0);

	char *large = malloc(LARGE);
	assert_non_null(large);
	for (size_t byte = 0; byte < LARGE; byte++)
		large[byte] = (char)(byte / 4096);
	strcpy(disturbance.queue, "bounded");
	signals_seen = 0;
	assert_ok(relevo_queue_put(bounded, large, LARGE, TEST_PATIENCE));
	child = role_start(get_large, &disturbance_props, &disturbance);
	assert_ok(relevo_queue_put(bounded, large, LARGE, TEST_PATIENCE));
	role_join(child);
	assert_true(signals_seen > 0);
	free(large);

	assert_ok(relevo_event_open(stage->session, "e", NULL, &event));
	int64_t start = test_now();
	timer_t timer = signal_often();
	assert_status(relevo_event_wait(event, 300), RELEVO_TIMED_OUT);
	timer_delete(timer);
	assert_took(start, 300);
	relevo_event_close(event);
	relevo_queue_close(bounded);
	relevo_queue_close(queue);
}

/* ---- pipes -------------------------------------------------------------- */

enum { PIECE = 1 << 20, PIECES = 12 };

struct piping {
	struct line line;
	pid_t director;
	const relevo_listener *listener; /* where the child connects, in that case */
};

static bool director_sleeps(void *argument)
{
	const struct piping *piping = argument;
	char path[64], state = '?';
	snprintf(path, sizeof path, "/proc/%d/stat", (int)piping->director);
	FILE *file = fopen(path, "r");
	child_check(file != NULL && fscanf(file, "%*d (%*[^)]) %c", &state) == 1);
	fclose(file);
	return state == 'S';
}

static void disturb_sleeper(const struct piping *piping)
{
	for (int i = 0; i < MANY; i++) {
		child_check(eventually(director_sleeps, (void *)piping));
		child_check(kill(piping->director, SIGUSR1) == 0);
	}
}

/* While the director waits for it to come; for a message; and for room. */
static void pipe_to_a_disturbed_one(void *argument)
{
	struct piping *piping = argument;
	char *bytes = malloc(PIECE);
	size_t got;
	if (piping->line.stage->over_tcp)
		disturb_sleeper(piping);
	relevo_pipe *pipe = line_there(&piping->line);
	disturb_sleeper(piping);
	line_send(pipe, "here");
	disturb_sleeper(piping);
	for (int i = 0; i < PIECES; i++) {
		child_check(relevo_pipe_recv_into(pipe, TEST_PATIENCE, bytes, PIECE, &got) ==
			    RELEVO_OK);
		child_check(got == PIECE);
		for (size_t byte = 0; byte < PIECE; byte += 4096)
			child_check(bytes[byte] == (char)(byte / 4096 + (size_t)i));
	}
	free(bytes);
	relevo_pipe_close(pipe);
}

static void survive_with_a_pipe(struct stage *stage, int flags)
{
	struct piping piping = {
		.line = line_make(stage, "disturbed", RELEVO_DIRECTION_BOTH),
		.director = getpid(),
	};
	char *bytes = malloc(PIECE);
	bool ready = true;
	catch_signals(flags);
	pid_t child = child_start(pipe_to_a_disturbed_one, &piping);
	relevo_pipe *pipe = line_here(&piping.line);
	line_expect(pipe, "here");
	assert_true(signals_seen > 0);
	signals_seen = 0;
	for (int i = 0; i < PIECES; i++) {
		for (size_t byte = 0; byte < PIECE; byte++)
			bytes[byte] = (char)(byte / 4096 + (size_t)i);
		assert_ok(relevo_pipe_send(pipe, bytes, PIECE, RELEVO_FOREVER));
	}
	assert_true(signals_seen > 0);
	child_join(child);
	assert_ok(relevo_pipe_poll(pipe, TEST_PATIENCE, &ready));
	assert_true(ready);
	free(bytes);
	relevo_pipe_close(pipe);
}

/* While it waits for somebody to connect. */
static void connect_to_a_disturbed_one(void *argument)
{
	const struct piping *piping = argument;
	relevo_pipe *pipe;
	disturb_sleeper(piping);
	child_check(relevo_pipe_connect(relevo_listener_address(piping->listener), NULL,
					TEST_PATIENCE, &pipe) == RELEVO_OK);
	line_send(pipe, "here");
	relevo_pipe_close(pipe);
}

static void survive_accepting(int flags)
{
	relevo_listener *listener = NULL;
	relevo_pipe *pipe = NULL;
	catch_signals(flags);
	assert_ok(relevo_listener_open(NULL, NULL, &listener));
	struct piping piping = { .director = getpid(), .listener = listener };
	pid_t child = child_start(connect_to_a_disturbed_one, &piping);
	assert_ok(relevo_listener_accept(listener, TEST_PATIENCE, &pipe));
	line_expect(pipe, "here");
	assert_true(signals_seen > 0);
	child_join(child);
	relevo_pipe_close(pipe);
	relevo_listener_close(listener);
}

static void take_two_seconds(void *unused)
{
	(void)unused;
	hold_still(2000);
}

/* While it waits for a child's end. */
static void survive_joining(struct stage *stage, int flags)
{
	struct disturbance disturbance = { .stage = stage };
	catch_signals(flags);
	int64_t start = test_now();
	relevo_process *child = role_start(take_two_seconds, &disturbance_props, &disturbance);
	timer_t timer = signal_often();
	role_join(child);
	timer_delete(timer);
	assert_true(test_now() - start >= 2000);
	assert_true(signals_seen > 0);
}

static void calls_survive_signals(void **state)
{
	struct stage *stage = *state;
	survive(*state, 0);
	survive(*state, SA_RESTART);
	survive_with_a_pipe(*state, 0);
	survive_with_a_pipe(*state, SA_RESTART);
	survive_joining(stage, 0);
	/* Listeners without a key are for one host. */
	if (!stage->over_tcp) {
		survive_accepting(0);
		survive_accepting(SA_RESTART);
	}
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		ROLE_CASE(condition_interrupted),
		STAGE_CASE(interrupted_gets_lose_nothing),
		STAGE_CASE(an_item_that_comes_too_late_goes_back),
		STAGE_CASE(each_thread_can_be_interrupted),
		ROLE_CASE(calls_survive_signals),
	};
	return cmocka_run_group_tests_name("signals", tests, cast_prepare, NULL);
}
