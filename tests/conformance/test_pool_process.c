/* Pools: how they begin and how programs end. */
#include "conformance/crew.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* ---- pool_left_open -------------------------------------------------------------- */

struct leaving {
	const struct stage *stage;
	int pids; /* a pipe that the workers' ids go to */
};

/* A program that has a pool, a job under way, and ends. */
static void leave_open(void *argument)
{
	const struct leaving *leaving = argument;
	const struct relevo_pool_options options = { .processes = 2, .method = crew_method };
	int64_t nap = 10000;
	const struct relevo_bytes nap_bytes = { &nap, sizeof nap };
	int pids[4] = { 0 };
	relevo_session *session;
	relevo_pool *pool;
	relevo_job *job;
	child_check(relevo_session_open(leaving->stage->broker.url, NULL, &session) == RELEVO_OK);
	child_check(relevo_pool_open(session, &options, &pool) == RELEVO_OK);
	child_check(relevo_pool_apply_async(pool, "nap", &nap_bytes, NULL, &job) == RELEVO_OK);
	child_check(relevo_pool_workers(pool, pids, 2) == 2);
	/* The keeper of the workers, and the server that forked it. */
	pids[2] = process_parent(pids[0]);
	if (crew_method == RELEVO_START_FORKSERVER)
		pids[3] = process_parent(pids[2]);
	child_check(pids[2] > 1 && pids[3] != 1);
	child_check(write(leaving->pids, pids, sizeof pids) == sizeof pids);
	exit(0);
}

static void pool_left_open(void **state)
{
	struct leaving leaving = { .stage = *state };
	int ends[2], pids[4];
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	leaving.pids = ends[1];
	int64_t start = test_now();
	pid_t child = child_start(leave_open, &leaving);
	assert_int_equal(child_wait(child), 0);
	assert_int_equal(read(ends[0], pids, sizeof pids), sizeof pids);
	for (int i = 0; i < 4; i++)
		assert_true(pids[i] == 0 || process_ends(pids[i], 2000));
	assert_between(test_now() - start, 0, 2000);
	for (int i = 2; i < 4; i++) {
		while (pids[i] != 0 && waitpid(pids[i], NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	close(ends[0]);
	close(ends[1]);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* ---- pool_start_failure ------------------------------------------------------------- */

/* How many forks succeed, in whatever process; NULL: all. */
static int *forks_left;

/* In place of the C library's, also for the library. */
__attribute__((visibility("default"))) pid_t fork(void)
{
	pid_t (*real)(void);
	*(void **)&real = dlsym(RTLD_NEXT, "fork");
	if (forks_left != NULL && __atomic_fetch_sub(forks_left, 1, __ATOMIC_SEQ_CST) <= 0) {
		errno = EAGAIN;
		return -1;
	}
	return real();
}

static void pool_start_failure(void **state)
{
	const struct stage *stage = *state;
	const struct relevo_pool_options options = { .processes = 5 };
	struct crew crew;
	relevo_pool *pool;
	forks_left = shared_memory(sizeof *forks_left);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	size_t before = process_children(getpid(), NULL, 0);
	*forks_left = 4; /* the keeper, and three workers */
	assert_fails(relevo_pool_open(stage->session, &options, &pool), RELEVO_LIMIT, "worker");
	assert_true(*forks_left < 0);
	assert_int_equal(process_children(getpid(), NULL, 0), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), 0);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	/* And then it goes well. */
	*forks_left = 1000;
	crew_open(stage, &crew, 5);
	expect_works(crew.pool);
	crew_free(&crew);
}

int main(int argc, char **argv)
{
	crew_enter(argc, argv, NULL);
	const struct CMUnitTest tests[] = {
		CREW_LOCAL_CASE(pool_left_open),
		{ "pool_start_failure", pool_start_failure, crew_setup, stage_teardown,
		  &cast_fork },
	};
	return cmocka_run_group_tests_name("pool_process", tests, cast_prepare, NULL);
}
