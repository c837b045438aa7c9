/* Pools where the system gives too little: what ran out is told. */
#include "support/pools.h"

#include <relevo/pool_async.h>
#include <relevo/worker.h>
#include <sys/resource.h>

/* Whose processes nobody else's count among. */
enum { LONER = 64872 };

static void lower(int what)
{
	const struct rlimit few = { 1, 1 };
	child_check(setrlimit(what, &few) == 0);
}

/* Root has no such limit. */
static void become_the_last_process(void)
{
	child_check(setresuid(LONER, LONER, LONER) == 0);
	lower(RLIMIT_NPROC);
}

static void expect_refusal(int status, int expected, const char *text)
{
	if (status != expected || strstr(relevo_error_detail(), text) == NULL)
		fprintf(stderr, "%s: %s\n", relevo_error_name(status), relevo_error_detail());
	child_check(status == expected && strstr(relevo_error_detail(), text) != NULL);
}

#define NO_MORE "the system allows no process or thread more"

static int submit(relevo_pool *pool)
{
	const struct relevo_bytes one = { "x", 1 };
	relevo_job *job;
	return relevo_pool_apply_async(pool, "echo", &one, NULL, &job);
}

static void with_no_process_left(void *url)
{
	const struct relevo_pool_options workers = { .processes = 1 };
	const struct relevo_pool_options none = { .processes = RELEVO_POOL_NO_WORKERS };
	relevo_session *session;
	relevo_pool *pool;
	/* The broker looks who it is when it is called. */
	child_check(relevo_session_open(url, NULL, &session) == RELEVO_OK);
	become_the_last_process();
	expect_refusal(relevo_pool_open(session, &workers, &pool), RELEVO_LIMIT, NO_MORE);
	expect_refusal(relevo_worker_serve(url, "p", NULL), RELEVO_LIMIT, NO_MORE);
	child_check(relevo_pool_open(session, &none, &pool) == RELEVO_OK);
	expect_refusal(submit(pool), RELEVO_LIMIT, NO_MORE);
	relevo_pool_close(pool);
	relevo_session_close(session);
}

static void no_process_is_left(void **state)
{
	struct pool_scene *scene = *state;
	if (getuid() != 0)
		skip();
	child_join(child_start(with_no_process_left, scene->broker.url));
}

/* What is there may be used, but nothing is added: not the stack of a thread. */
static void with_no_memory_left(void *url)
{
	const struct relevo_pool_options none = { .processes = RELEVO_POOL_NO_WORKERS };
	relevo_session *session;
	relevo_pool *pool;
	child_check(relevo_session_open(url, NULL, &session) == RELEVO_OK);
	child_check(relevo_pool_open(session, &none, &pool) == RELEVO_OK);
	lower(RLIMIT_AS);
	expect_refusal(submit(pool), RELEVO_NO_MEMORY, "no thread to collect results: ");
	_exit(EXIT_SUCCESS);
}

static void no_memory_is_left(void **state)
{
	struct pool_scene *scene = *state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	/* Its own memory is part of what is limited, and it does not go on without more. */
	skip();
#endif
	child_join(child_start(with_no_memory_left, scene->broker.url));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pool_unit_test(no_process_is_left),
		pool_unit_test(no_memory_is_left),
	};
	return cmocka_run_group_tests_name("pool_scarce", tests, NULL, NULL);
}
