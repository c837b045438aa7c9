#include "conformance/stage.h"

#include <poll.h>
#include <sys/mman.h>

/* No case may take longer. */
enum { CASE_SECONDS = 30 };

static struct stage the_stage;
static pid_t director;                /* the process that set the stage */
static relevo_session *child_session; /* of a child over tcp */

static void set(void **state, bool over_tcp, const char *const *arguments)
{
	alarm(CASE_SECONDS);
	director = getpid();
	test_broker_start(&the_stage.broker, arguments);
	the_stage.over_tcp = over_tcp;
	the_stage.session = NULL;
	assert_ok(relevo_open(the_stage.broker.url, NULL, &the_stage.session));
	*state = &the_stage;
}

int stage_setup(void **state)
{
	if (leaks_setup(state) != 0)
		return -1;
	set(state, false, NULL);
	return 0;
}

int stage_setup_tcp(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	if (leaks_setup(state) != 0)
		return -1;
	set(state, true, arguments);
	return 0;
}

static void serve_new_client(void)
{
	relevo_session *session = NULL;
	relevo_queue *queue = NULL;
	relevo_item item = { 0 };
	assert_ok(relevo_open(the_stage.broker.url, NULL, &session));
	assert_ok(relevo_queue_open(session, NULL, NULL, &queue));
	assert_ok(relevo_queue_put(queue, "x", 1, RELEVO_FOREVER));
	assert_ok(relevo_queue_get(queue, &item, TEST_PATIENCE));
	relevo_item_free(&item);
	relevo_queue_close(queue);
	assert_ok(relevo_close(session));
}

int stage_teardown(void **state)
{
	serve_new_client();
	int status = relevo_close(the_stage.session);
	test_broker_stop(&the_stage.broker);
	alarm(0);
	int leaks = leaks_teardown(state);
	return status == RELEVO_OK ? leaks : -1;
}

relevo_session *stage_session(const struct stage *stage)
{
	if (!stage->over_tcp || getpid() == director)
		return stage->session;
	if (child_session == NULL)
		child_check(relevo_open(stage->broker.more, NULL, &child_session) == RELEVO_OK);
	return child_session;
}

void stage_leave(struct stage *stage)
{
	child_check(relevo_close(stage_session(stage)) == RELEVO_OK);
}

void hold_still(int msec)
{
	poll(NULL, 0, msec);
}

void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(memory != MAP_FAILED);
	return memory;
}

/* ---- handles ---------------------------------------------------------- */

static bool inherits(const struct stage *stage)
{
	return stage_session(stage) == stage->session;
}

relevo_lock *stage_lock(const struct stage *stage, relevo_lock *inherited)
{
	relevo_lock *lock = inherited;
	const struct relevo_lock_options options = { .mode = RELEVO_OPEN_EXISTING };
	if (!inherits(stage))
		child_check(relevo_lock_open(stage_session(stage), relevo_lock_name(inherited),
					     &options, &lock) == RELEVO_OK);
	return lock;
}

relevo_rlock *stage_rlock(const struct stage *stage, relevo_rlock *inherited)
{
	relevo_rlock *lock = inherited;
	const struct relevo_lock_options options = { .mode = RELEVO_OPEN_EXISTING };
	if (!inherits(stage))
		child_check(relevo_rlock_open(stage_session(stage), relevo_rlock_name(inherited),
					      &options, &lock) == RELEVO_OK);
	return lock;
}

relevo_semaphore *stage_semaphore(const struct stage *stage, relevo_semaphore *inherited)
{
	relevo_semaphore *semaphore = inherited;
	const struct relevo_semaphore_options options = { .mode = RELEVO_OPEN_EXISTING };
	if (!inherits(stage))
		child_check(relevo_semaphore_open(stage_session(stage),
						  relevo_semaphore_name(inherited), &options,
						  &semaphore) == RELEVO_OK);
	return semaphore;
}

relevo_condition *stage_condition(const struct stage *stage, relevo_condition *inherited)
{
	relevo_condition *condition = inherited;
	const struct relevo_condition_options options = { .mode = RELEVO_OPEN_EXISTING };
	if (!inherits(stage))
		child_check(relevo_condition_open(stage_session(stage),
						  relevo_condition_name(inherited), &options,
						  &condition) == RELEVO_OK);
	return condition;
}
