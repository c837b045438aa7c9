/* A limit of how large files may be (RLIMIT_FSIZE) holds for memory files, too: what needs one
 * fails and says so, and nobody is ended by SIGXFSZ. */
#include "support/queues.h"

#include <signal.h>
#include <sys/resource.h>

enum { SMALL = 1000, LARGE = 1 << 20, LIMIT = 64 << 10 };

static uint8_t bytes[LARGE];

static void limit(rlim_t size)
{
	struct rlimit all;
	child_check(getrlimit(RLIMIT_FSIZE, &all) == 0);
	all.rlim_cur = size < all.rlim_max ? size : all.rlim_max;
	child_check(setrlimit(RLIMIT_FSIZE, &all) == 0);
}

static bool says_why(int status)
{
	return status == RELEVO_SYSTEM && strstr(relevo_error_detail(), "File too large") != NULL;
}

/* ---- programs --------------------------------------------------------------------- */

static void send_and_receive(relevo_pipe *ends[2], size_t size)
{
	void *data;
	size_t got;
	child_check(relevo_pipe_send(ends[0], bytes, size, TEST_PATIENCE) == RELEVO_OK);
	child_check(relevo_pipe_recv(ends[1], TEST_PATIENCE, &data, &got) == RELEVO_OK);
	child_check(got == size);
	free(data);
}

static void play_pipe(void *unused)
{
	relevo_pipe *ends[2];
	(void)unused;
	child_check(relevo_pipe_pair(RELEVO_DIRECTION_BOTH, ends) == RELEVO_OK);
	limit(LIMIT);
	child_check(says_why(relevo_pipe_send(ends[0], bytes, LARGE, TEST_PATIENCE)));
	send_and_receive(ends, SMALL);
	limit(RLIM_INFINITY);
	send_and_receive(ends, LARGE);
	relevo_pipe_close(ends[0]);
	relevo_pipe_close(ends[1]);
}

static void play_pools(void *url)
{
	const struct relevo_pool_options options = { .processes = 1 };
	relevo_session *session;
	relevo_pool *pool;
	child_check(relevo_session_open(url, NULL, &session) == RELEVO_OK);
	limit(SMALL);
	child_check(says_why(relevo_pool_open(session, &options, &pool)));
	child_check(says_why(relevo_worker_serve(url, "p", NULL)));
	limit(RLIM_INFINITY);
	child_check(relevo_session_close(session) == RELEVO_OK);
}

static void a_pipe(void **state)
{
	(void)state;
	child_join(child_start(play_pipe, NULL));
}

static void pools(void **state)
{
	struct scene *scene = *state;
	child_join(child_start(play_pools, scene->broker.url));
}

/* ---- the broker --------------------------------------------------------------------- */

static int setup_limited(void **state)
{
	limit(LIMIT);
	int status = scene_setup(state);
	limit(RLIM_INFINITY);
	return status;
}

static void the_broker(void **state)
{
	struct scene *scene = *state;
	relevo_shared *shared;
	put_text(scene->queue, "before");
	assert_fails(relevo_shared_open(scene->session, "s", LARGE, NULL, &shared), RELEVO_SYSTEM,
		     "File too large");
	assert_ok(relevo_shared_open(scene->session, "s", SMALL, NULL, &shared));
	relevo_shared_close(shared);
	expect_text(scene->queue, "before");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(a_pipe),
		scene_unit_test(pools),
		cmocka_unit_test_setup_teardown(the_broker, setup_limited, scene_teardown),
	};
	return cmocka_run_group_tests_name("file_size", tests, NULL, NULL);
}
