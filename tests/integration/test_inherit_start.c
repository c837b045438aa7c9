/* What stands in the arguments of a process is held for it, by each way of starting one. */
#include "support/kinds.h"

#include <relevo/process.h>
#include <signal.h>

/* ---- the process that is started ---------------------------------------------- */

/* Where things stand in its arguments, behind the objects. */
enum { GO = KINDS, TOLD };

/* Waits until its creator has closed everything, or has ended. No session is named to it: its
 * own leads to the broker of what it was given. */
static int use_arguments(relevo_tuple *arguments)
{
	struct kinds kinds;
	relevo_session *session;
	char url[256], byte = 0;
	int go, told;
	child_check(relevo_tuple_take_descriptor(arguments, GO, &go) == RELEVO_OK);
	child_check(relevo_tuple_take_descriptor(arguments, TOLD, &told) == RELEVO_OK);
	child_check(read(go, &byte, 1) == 1);
	child_check(relevo_process_session(&session) == RELEVO_OK);
	child_check(relevo_tuple_url(arguments, 0, url, sizeof url) == RELEVO_OK);
	child_check(strcmp(url, relevo_session_url(session)) == 0);
	child_check(kinds_from_tuple(&kinds, session, arguments) == RELEVO_OK);
	kinds_use(&kinds);
	kinds_close(&kinds);
	child_check(write(told, &byte, 1) == 1);
	return 0;
}

/* ---- the test -------------------------------------------------------------------- */

struct start {
	struct scene *scene;
	enum relevo_start_method method;
	struct kind_names names;
	struct gate go, told;
};

static relevo_tuple *make_arguments(const struct kinds *kinds, const struct start *start)
{
	relevo_tuple *tuple;
	assert_ok(relevo_tuple_new(&tuple));
	assert_ok(kinds_to_tuple(kinds, tuple));
	assert_ok(relevo_tuple_add_descriptor(tuple, NULL, start->go.ends[0]));
	assert_ok(relevo_tuple_add_descriptor(tuple, NULL, start->told.ends[1]));
	return tuple;
}

/* A process that is to get objects of which nobody has a handle any more. */
static relevo_process *make_process(struct start *start)
{
	struct kinds kinds;
	relevo_process *process;
	assert_ok(kinds_open(&kinds, session_open(start->scene->broker.url), NULL));
	kinds_fill(&kinds);
	kinds_note(&kinds, start->scene->session, &start->names);
	struct relevo_process_options options = {
		.arguments = make_arguments(&kinds, start),
		.method = start->method,
		.daemon = RELEVO_DAEMON_NO,
	};
	assert_ok(relevo_process_new(use_arguments, &options, &process));
	relevo_tuple_free((relevo_tuple *)(uintptr_t)options.arguments);
	kinds_close(&kinds);
	assert_ok(relevo_session_close(kinds.session));
	return process;
}

static void start_make(struct start *start, struct scene *scene, enum relevo_start_method method)
{
	*start = (struct start){ .scene = scene, .method = method };
	gate_make(&start->go);
	gate_make(&start->told);
}

static void start_end(struct start *start)
{
	gate_close(&start->go);
	gate_close(&start->told);
	assert_true(eventually(kinds_are_gone, &start->names));
}

static void creator_closes(struct scene *scene, enum relevo_start_method method)
{
	struct start start;
	int code = -1;
	start_make(&start, scene, method);
	relevo_process *process = make_process(&start);
	assert_true(kinds_are_there(&start.names));
	assert_ok(relevo_process_start(process));
	gate_open(&start.go);
	assert_ok(relevo_process_join(process, TEST_PATIENCE));
	assert_ok(relevo_process_exit_code(process, &code));
	assert_int_equal(code, 0);
	relevo_process_free(process);
	start_end(&start);
}

static void start_and_end(void *argument)
{
	relevo_process *process = make_process(argument);
	child_check(relevo_process_start(process) == RELEVO_OK);
	_exit(0);
}

/* The names are in the creator only: that all is gone in the end is seen by the others. */
static void creator_ends(struct scene *scene, enum relevo_start_method method)
{
	struct start start;
	start_make(&start, scene, method);
	child_join(child_start(start_and_end, &start));
	gate_open(&start.go);
	gate_pass(&start.told);
	gate_close(&start.go);
	gate_close(&start.told);
}

static void creator_closes_by_fork(void **state)
{
	creator_closes(*state, RELEVO_START_FORK);
}

static void creator_closes_by_forkserver(void **state)
{
	creator_closes(*state, RELEVO_START_FORKSERVER);
}

static void creator_closes_by_spawn(void **state)
{
	creator_closes(*state, RELEVO_START_SPAWN);
}

static void creator_ends_by_fork(void **state)
{
	creator_ends(*state, RELEVO_START_FORK);
}

static void creator_ends_by_forkserver(void **state)
{
	creator_ends(*state, RELEVO_START_FORKSERVER);
}

static void creator_ends_by_spawn(void **state)
{
	creator_ends(*state, RELEVO_START_SPAWN);
}

/* One that is never started lets go of what it was given. */
static void what_is_never_started_holds_nothing(void **state)
{
	struct start start;
	start_make(&start, *state, RELEVO_START_SPAWN);
	relevo_process *process = make_process(&start);
	assert_true(kinds_are_there(&start.names));
	relevo_process_free(process);
	start_end(&start);
}

static int be_killed(relevo_tuple *arguments)
{
	(void)arguments;
	for (;;)
		pause();
	return 0;
}

/* Nor does one that is killed before it has opened anything. */
static void what_is_killed_holds_nothing(void **state)
{
	struct scene *scene = *state;
	relevo_queue *queue;
	relevo_process *process;
	char name[64];
	const struct relevo_queue_options existing = { .mode = RELEVO_OPEN_EXISTING };
	struct relevo_process_options options = { .method = RELEVO_START_SPAWN };
	relevo_tuple *tuple;
	assert_ok(relevo_tuple_new(&tuple));
	assert_ok(relevo_queue_open(scene->session, NULL, NULL, &queue));
	snprintf(name, sizeof name, "%s", relevo_queue_name(queue));
	assert_ok(relevo_tuple_add_queue(tuple, NULL, queue));
	options.arguments = tuple;
	assert_ok(relevo_process_new(be_killed, &options, &process));
	relevo_tuple_free(tuple);
	relevo_queue_close(queue);
	assert_ok(relevo_process_start(process));
	assert_ok(relevo_queue_open(scene->session, name, &existing, &queue));
	relevo_queue_close(queue);
	assert_ok(relevo_process_kill(process));
	assert_ok(relevo_process_join(process, TEST_PATIENCE));
	relevo_process_free(process);
	int64_t before = test_now();
	while (relevo_queue_open(scene->session, name, &existing, &queue) == RELEVO_OK) {
		relevo_queue_close(queue);
		assert_true(test_now() - before < TEST_PATIENCE);
	}
}

static int do_nothing(relevo_tuple *arguments)
{
	(void)arguments;
	return 0;
}

/* The fork server stays. */
static int start_server(void **state)
{
	const struct relevo_process_options options = { .method = RELEVO_START_FORKSERVER };
	relevo_process *process;
	(void)state;
	assert_ok(relevo_process_new(do_nothing, &options, &process));
	assert_ok(relevo_process_start(process));
	assert_ok(relevo_process_join(process, TEST_PATIENCE));
	relevo_process_free(process);
	return 0;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		scene_unit_test(creator_closes_by_fork),
		scene_unit_test(creator_closes_by_forkserver),
		scene_unit_test(creator_closes_by_spawn),
		scene_unit_test(creator_ends_by_fork),
		scene_unit_test(creator_ends_by_forkserver),
		scene_unit_test(creator_ends_by_spawn),
		scene_unit_test(what_is_never_started_holds_nothing),
		scene_unit_test(what_is_killed_holds_nothing),
	};
	return cmocka_run_group_tests_name("inherit_start", tests, start_server, NULL);
}
