/* Every public function, with each pointer missing and each size zero: none of them harms the
 * program. The calls are written by arguments.py, from the headers. */
#include "support/queues.h"

#include <signal.h>
#include <sys/wait.h>

/* What the other arguments are. */
struct valid {
	relevo_session *session;
	relevo_queue *queue;
	relevo_lock *lock;
	relevo_rlock *rlock;
	relevo_semaphore *semaphore;
	relevo_condition *condition;
	relevo_event *event;
	relevo_barrier *barrier;
	relevo_value *value;
	relevo_array *array;
	relevo_shared *shared;
	relevo_tuple *tuple;
	relevo_pipe *pipe;
	relevo_listener *listener;
	relevo_process *process;
	relevo_program *program;
	relevo_pool *pool;
	relevo_system_process *system_process;
	relevo_item item;
	struct relevo_bytes bytes;
	const char *name;
	char text[RELEVO_HANDLE_TEXT];
	const char *words[2];
	uint64_t scratch[512]; /* zero: options as they are by default, and room for answers */
};

struct argument_case {
	const char *what;
	void (*call)(struct valid *valid);
};

#include "arguments.inc"

static int do_nothing(relevo_tuple *arguments)
{
	(void)arguments;
	return 0;
}

/* All are of the process that makes the call: what it does to them is done to no other. */
static void open_objects(struct valid *valid)
{
	const struct relevo_value_options number = { .type = RELEVO_INT32 };
	const struct relevo_array_options numbers = { .type = RELEVO_INT32, .count = 4 };
	const struct relevo_barrier_options two = { .parties = 2 };
	relevo_session *session = valid->session;
	child_check(relevo_queue_open(session, NULL, NULL, &valid->queue) == RELEVO_OK);
	child_check(relevo_lock_open(session, NULL, NULL, &valid->lock) == RELEVO_OK);
	child_check(relevo_rlock_open(session, NULL, NULL, &valid->rlock) == RELEVO_OK);
	child_check(relevo_semaphore_open(session, NULL, NULL, &valid->semaphore) == RELEVO_OK);
	child_check(relevo_condition_open(session, NULL, NULL, &valid->condition) == RELEVO_OK);
	child_check(relevo_event_open(session, NULL, NULL, &valid->event) == RELEVO_OK);
	child_check(relevo_barrier_open(session, NULL, &two, &valid->barrier) == RELEVO_OK);
	child_check(relevo_value_open(session, NULL, &number, &valid->value) == RELEVO_OK);
	child_check(relevo_array_open(session, NULL, &numbers, &valid->array) == RELEVO_OK);
	child_check(relevo_shared_open(session, NULL, 64, NULL, &valid->shared) == RELEVO_OK);
}

/* A value of each type, in the order of their numbers. */
static void fill_tuple(const struct valid *valid)
{
	relevo_tuple *tuple = valid->tuple, *inner;
	int failed = relevo_tuple_add_none(tuple, NULL);
	failed += relevo_tuple_add_bool(tuple, NULL, true);
	failed += relevo_tuple_add_int(tuple, NULL, 1);
	failed += relevo_tuple_add_double(tuple, NULL, 1);
	failed += relevo_tuple_add_text(tuple, NULL, "x");
	failed += relevo_tuple_add_bytes(tuple, NULL, "x", 1);
	failed += relevo_tuple_new(&inner) + relevo_tuple_add_tuple(tuple, NULL, inner);
	failed += relevo_tuple_add_queue(tuple, NULL, valid->queue);
	failed += relevo_tuple_add_lock(tuple, NULL, valid->lock);
	failed += relevo_tuple_add_rlock(tuple, NULL, valid->rlock);
	failed += relevo_tuple_add_semaphore(tuple, NULL, valid->semaphore);
	failed += relevo_tuple_add_condition(tuple, NULL, valid->condition);
	failed += relevo_tuple_add_event(tuple, NULL, valid->event);
	failed += relevo_tuple_add_barrier(tuple, NULL, valid->barrier);
	failed += relevo_tuple_add_value(tuple, NULL, valid->value);
	failed += relevo_tuple_add_array(tuple, NULL, valid->array);
	failed += relevo_tuple_add_shared(tuple, NULL, valid->shared);
	failed += relevo_tuple_add_pipe(tuple, NULL, valid->pipe);
	failed += relevo_tuple_add_descriptor(tuple, NULL, STDERR_FILENO);
	child_check(failed == 0);
}

static void make_others(struct valid *valid)
{
	relevo_pipe *ends[2];
	child_check(relevo_pipe_pair(RELEVO_BOTH_WAYS, ends) == RELEVO_OK);
	valid->pipe = ends[0];
	child_check(relevo_tuple_new(&valid->tuple) == RELEVO_OK);
	fill_tuple(valid);
	child_check(relevo_queue_to_text(valid->queue, valid->text, sizeof valid->text) == 0);
	child_check(relevo_queue_put(valid->queue, "x", 1, 0) == RELEVO_OK);
	child_check(relevo_listener_open(NULL, NULL, &valid->listener) == RELEVO_OK);
	child_check(relevo_process_new(do_nothing, NULL, &valid->process) == RELEVO_OK);
	child_check(relevo_pool_attach(valid->session, "pool", &valid->pool) == RELEVO_OK);
}

/* What takes long to make, only for who needs it. */
static void make_slow_ones(struct valid *valid, const char *what)
{
	if (strncmp(what, "relevo_program_", strlen("relevo_program_")) == 0)
		child_check(relevo_program_start(valid->words, NULL, &valid->program) == 0);
	if (strncmp(what, "relevo_system_", strlen("relevo_system_")) == 0)
		child_check(relevo_system_open(getpid(), 0, &valid->system_process) == 0);
}

/* A call that waits, since nothing that it needs is missing, has done no harm. */
static _Noreturn void make_call(const struct argument_case *one, const char *url)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };
	struct valid valid = { .words = { "true" }, .bytes = { "x", 1 }, .name = "name" };
	/* It is not for cmocka to go on here with the rest of the test. */
	for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
		signal(fatal[i], SIG_DFL);
	child_check(relevo_open(url, NULL, &valid.session) == RELEVO_OK);
	open_objects(&valid);
	make_others(&valid);
	make_slow_ones(&valid, one->what);
	signal(SIGALRM, _exit);
	alarm(1);
	one->call(&valid);
	_exit(0);
}

static bool does_harm(const struct argument_case *one, const char *url)
{
	int state = 0;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		make_call(one, url);
	assert_int_equal(waitpid(pid, &state, 0), pid);
	if (state == 0 || (WIFEXITED(state) && WEXITSTATUS(state) == SIGALRM))
		return false;
	fprintf(stderr, "%s: %s %d\n", one->what, WIFSIGNALED(state) ? "signal" : "exit status",
		WIFSIGNALED(state) ? WTERMSIG(state) : WEXITSTATUS(state));
	return true;
}

/* A pool that nobody serves: what is asked of it waits. */
static void nothing_is_harmed(void **state)
{
	struct scene *scene = *state;
	const struct relevo_pool_options shared = { .name = "pool", .shared = true };
	relevo_pool *pool;
	int harm = 0;
	assert_ok(relevo_pool_open(scene->session, &shared, &pool));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		harm += does_harm(&cases[i], scene->broker.url);
	relevo_pool_free(pool);
	assert_int_equal(harm, 0);
}

/* The first that is missing is named. */
static void what_is_missing_is_named(void **state)
{
	struct scene *scene = *state;
	relevo_item item;
	assert_fails(relevo_queue_put(scene->queue, NULL, 5, 0), RELEVO_BAD_ARGUMENT, "\"data\"");
	assert_fails(relevo_queue_put(NULL, "x", 1, 0), RELEVO_BAD_ARGUMENT, "\"queue\"");
	assert_fails(relevo_queue_get(scene->queue, NULL, 0), RELEVO_BAD_ARGUMENT, "\"item\"");
	assert_fails(relevo_queue_get(NULL, NULL, 0), RELEVO_BAD_ARGUMENT, "\"queue\"");
	assert_fails(relevo_queue_list(scene->session, NULL, NULL, NULL), RELEVO_BAD_ARGUMENT,
		     "\"visit\"");
	assert_string_equal(relevo_queue_name(NULL), "");
	/* Nothing is needed where there is nothing. */
	assert_ok(relevo_queue_put(scene->queue, NULL, 0, 0));
	assert_ok(relevo_queue_get(scene->queue, &item, TEST_PATIENCE));
	assert_int_equal(item.size, 0);
	relevo_item_free(&item);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_unit_test(nothing_is_harmed),
		scene_unit_test(what_is_missing_is_named),
	};
	return cmocka_run_group_tests_name("arguments", tests, NULL, NULL);
}
