/* Barriers, events and values whose users die, or lose the broker. */
#include "support/queues.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>

static relevo_barrier *open_barrier(struct scene *scene, uint32_t parties,
				    int (*action)(void *user), void *user)
{
	relevo_barrier *barrier = NULL;
	const struct relevo_barrier_options options = { .parties = parties,
							.action = action,
							.user = user };
	assert_ok(relevo_barrier_open(scene->session, "b", &options, &barrier));
	return barrier;
}

/* How many have come. */
static bool one_waits(void *argument)
{
	struct relevo_barrier_state state;
	return relevo_barrier_inspect(argument, &state) == RELEVO_OK && state.waiting == 1;
}

static bool is_broken(void *argument)
{
	struct relevo_barrier_state state;
	return relevo_barrier_inspect(argument, &state) == RELEVO_OK && state.broken;
}

static void wait_at(void *barrier)
{
	relevo_barrier_wait(barrier, RELEVO_FOREVER, NULL);
}

static void a_party_that_is_killed_breaks_the_barrier(void **state)
{
	struct scene *scene = *state;
	relevo_barrier *barrier = open_barrier(scene, 3, NULL, NULL);
	pid_t party = child_start(wait_at, barrier);
	assert_true(eventually(one_waits, barrier));
	child_kill(party);
	assert_fails(relevo_barrier_wait(barrier, TEST_PATIENCE, NULL), RELEVO_BROKEN, "\"b\"");
	assert_ok(relevo_barrier_reset(barrier));
	assert_status(relevo_barrier_wait(barrier, 0, NULL), RELEVO_BROKEN);
	relevo_barrier_close(barrier);
}

/* The action never returns: its process is killed inside. */
static _Noreturn int act(void *user)
{
	gate_open(user);
	for (;;)
		pause();
}

static void a_party_that_is_killed_in_the_action_breaks_it(void **state)
{
	struct scene *scene = *state;
	struct gate acting;
	gate_make(&acting);
	relevo_barrier *barrier = open_barrier(scene, 1, act, &acting);
	pid_t party = child_start(wait_at, barrier);
	gate_pass(&acting);
	child_kill(party);
	assert_true(eventually(is_broken, barrier));
	relevo_barrier_close(barrier);
	gate_close(&acting);
}

struct party {
	relevo_barrier *barrier;
	int status;
};

static void *be_party(void *argument)
{
	struct party *party = argument;
	party->status = relevo_barrier_wait(party->barrier, RELEVO_FOREVER, NULL);
	return NULL;
}

/* Threads of one process are parties, too, with one session among them. */
static void threads_are_parties(void **state)
{
	struct scene *scene = *state;
	enum { PARTIES = 8, ROUNDS = 50 };
	relevo_barrier *barrier = open_barrier(scene, PARTIES, NULL, NULL);
	for (int round = 0; round < ROUNDS; round++) {
		pthread_t threads[PARTIES];
		struct party parties[PARTIES];
		for (int i = 0; i < PARTIES; i++) {
			parties[i] = (struct party){ .barrier = barrier, .status = -1 };
			assert_int_equal(pthread_create(&threads[i], NULL, be_party, &parties[i]),
					 0);
		}
		for (int i = 0; i < PARTIES; i++) {
			pthread_join(threads[i], NULL);
			assert_int_equal(parties[i].status, RELEVO_OK);
		}
	}
	relevo_barrier_close(barrier);
}

enum { MOST_FDS = 64 };

static bool is_connection(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;
	return getpeername(fd, (struct sockaddr *)&address, &size) == 0;
}

/* The broker cuts the connection of a session that has a party waiting: shutting its
 * socket down is as good. */
static void cut_connections(const bool spared[MOST_FDS])
{
	for (int fd = 0; fd < MOST_FDS; fd++) {
		if (!spared[fd] && is_connection(fd))
			shutdown(fd, SHUT_RDWR);
	}
}

/*
 * A will is the connection's that made it. The session goes on with another one, where
 * the same number is another party's will: that must not be touched.
 */
static void a_lost_connection_breaks_its_own_round_only(void **state)
{
	struct scene *scene = *state;
	relevo_session *watching = session_open(scene->broker.url);
	relevo_barrier *seen = NULL, *barrier = open_barrier(scene, 2, NULL, NULL);
	const struct relevo_barrier_options existing = { .mode = RELEVO_OPEN_EXISTING };
	assert_ok(relevo_barrier_open(watching, "b", &existing, &seen));
	/* Where a session has its socket is not known: all that a child is given, or opens, are
	 * cut. */
	struct gate renewed;
	bool parents[MOST_FDS];
	for (int fd = 0; fd < MOST_FDS; fd++)
		parents[fd] = is_connection(fd);
	gate_make(&renewed);
	pid_t child = fork();
	if (child == 0) {
		struct party party = { .barrier = barrier };
		pthread_t thread;
		child_check(pthread_create(&thread, NULL, be_party, &party) == 0);
		child_check(eventually(one_waits, barrier));
		cut_connections(parents);
		pthread_join(thread, NULL);
		child_check(party.status == RELEVO_DISCONNECTED);
		/* The same session, on a connection of its own. */
		child_check(eventually(is_broken, barrier));
		child_check(relevo_barrier_reset(barrier) == RELEVO_OK);
		gate_open(&renewed);
		child_check(relevo_barrier_wait(barrier, TEST_PATIENCE, NULL) == RELEVO_OK);
		_exit(0);
	}
	gate_pass(&renewed);
	assert_ok(relevo_barrier_wait(seen, TEST_PATIENCE, NULL));
	child_join(child);
	gate_close(&renewed);
	relevo_barrier_close(seen);
	relevo_barrier_close(barrier);
	assert_ok(relevo_session_close(watching));
}

static void wait_for_event(void *event)
{
	relevo_event_wait(event, RELEVO_FOREVER);
}

static bool nobody_waits(void *event)
{
	char text[256];
	return relevo_event_describe(event, text, sizeof text) == RELEVO_OK &&
	       strstr(text, ", 0 waiting") != NULL;
}

static bool somebody_waits(void *event)
{
	return !nobody_waits(event);
}

static void a_killed_waiter_leaves_nothing_behind(void **state)
{
	struct scene *scene = *state;
	relevo_event *event = NULL;
	assert_ok(relevo_event_open(scene->session, "e", NULL, &event));
	pid_t waiter = child_start(wait_for_event, event);
	assert_true(eventually(somebody_waits, event));
	child_kill(waiter);
	assert_true(eventually(nobody_waits, event));
	assert_ok(relevo_event_set(event));
	assert_ok(relevo_event_wait(event, 0));
	relevo_event_close(event);
}

/* Processes that add until they are killed: what each was told it did, is done. */
struct adding {
	relevo_value *value;
	_Atomic int64_t *told;
};

static void add_for_ever(void *argument)
{
	const struct adding *adding = argument;
	for (;;) {
		const int64_t one = 1;
		child_check(relevo_value_add(adding->value, &one, NULL, sizeof one) == RELEVO_OK);
		atomic_fetch_add(adding->told, 1);
	}
}

static bool many_told(void *told)
{
	return atomic_load((_Atomic int64_t *)told) > 200;
}

static void additions_of_killed_processes_count_once(void **state)
{
	struct scene *scene = *state;
	enum { CHILDREN = 4 };
	const struct relevo_value_options options = { .type = RELEVO_TYPE_INT64 };
	struct adding adding = { .value = NULL };
	pid_t children[CHILDREN];
	int64_t sum = 0;
	adding.told = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(adding.told != MAP_FAILED);
	assert_ok(relevo_value_open(scene->session, "v", &options, &adding.value));
	for (int i = 0; i < CHILDREN; i++)
		children[i] = child_start(add_for_ever, &adding);
	assert_true(eventually(many_told, (void *)adding.told));
	for (int i = 0; i < CHILDREN; i++)
		child_kill(children[i]);
	assert_ok(relevo_value_get(adding.value, &sum, sizeof sum));
	/* The last of each may have been done without its being told. */
	int64_t told = atomic_load(adding.told);
	assert_true(sum >= told && sum <= told + CHILDREN);
	munmap((void *)adding.told, 4096);
	relevo_value_close(adding.value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(a_party_that_is_killed_breaks_the_barrier),
		scene_unit_test(a_party_that_is_killed_in_the_action_breaks_it),
		scene_unit_test(threads_are_parties),
		scene_unit_test(a_lost_connection_breaks_its_own_round_only),
		scene_unit_test(a_killed_waiter_leaves_nothing_behind),
		scene_unit_test(additions_of_killed_processes_count_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
