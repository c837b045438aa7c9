/* How processes end with their program, and what of it they may use. */
#include "support/queues.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

/* Of the test: a child has a copy by fork only, so these are named over. */
static const enum relevo_start_method methods[] = { RELEVO_START_FORK, RELEVO_START_FORKSERVER,
						    RELEVO_START_SPAWN };
enum { METHODS = 3 };

/* Calls that a child finds at its broker: where it waits, and what it says. */
static relevo_queue *open_in_child(const char *name)
{
	relevo_session *session;
	relevo_queue *queue;
	child_check(relevo_process_session(&session) == RELEVO_OK);
	child_check(relevo_queue_open(session, name, NULL, &queue) == RELEVO_OK);
	return queue;
}

static void say_number(int number)
{
	char text[16];
	int size = snprintf(text, sizeof text, "%d", number);
	relevo_queue *queue = open_in_child("q");
	child_check(relevo_queue_put(queue, text, (size_t)size, TEST_PATIENCE) == RELEVO_OK);
	relevo_queue_close(queue);
}

static int hear_number(relevo_queue *queue)
{
	relevo_item item;
	assert_ok(relevo_queue_get(queue, TEST_PATIENCE, &item));
	int number = atoi(item.data);
	relevo_item_free(&item);
	return number;
}

static int say_pid(relevo_tuple *arguments)
{
	(void)arguments;
	say_number(getpid());
	return 0;
}

static int say_pid_and_wait_for_cue(relevo_tuple *arguments)
{
	relevo_item item;
	(void)arguments;
	relevo_queue *cues = open_in_child("cues");
	say_number(getpid());
	child_check(relevo_queue_get(cues, TEST_PATIENCE, &item) == RELEVO_OK);
	relevo_item_free(&item);
	relevo_queue_close(cues);
	return 0;
}

static int wait_for_ever(relevo_tuple *arguments)
{
	(void)arguments;
	say_number(getpid());
	while (pause() < 0)
		continue;
	return EXIT_FAILURE;
}

/* What a program of the test does: start one, and end, in order or by SIGKILL. */
struct program {
	relevo_target *target;
	enum relevo_start_method method;
	enum relevo_daemon daemon;
	const relevo_session *session;
	struct gate *until; /* when it ends; NULL: at once */
	bool be_killed;
};

static void play_program(void *argument)
{
	const struct program *program = argument;
	const struct relevo_process_options options = {
		.method = program->method,
		.daemon = program->daemon,
		.session = program->session,
	};
	relevo_process *process;
	child_check(relevo_process_new(program->target, &options, &process) == RELEVO_OK);
	child_check(relevo_process_start(process) == RELEVO_OK);
	while (program->be_killed)
		pause();
	if (program->until != NULL)
		gate_pass(program->until);
	relevo_process_free(process);
	/* As by returning from main(). */
	exit(EXIT_SUCCESS);
}

static pid_t start_program(struct scene *scene, struct program program)
{
	program.session = scene->session;
	return child_start(play_program, &program);
}

static void programs_wait_for_their_processes(void **state)
{
	struct scene *scene = *state;
	relevo_queue *cues = queue_open(scene->session, "cues");
	for (int i = 0; i < METHODS; i++) {
		pid_t program =
			start_program(scene, (struct program){ .target = say_pid_and_wait_for_cue,
							       .method = methods[i] });
		pid_t process = hear_number(scene->queue);
		assert_false(process_ends(program, 100));
		put_text(cues, "go");
		child_join(program);
		assert_false(process_runs(process));
	}
	relevo_queue_close(cues);
}

static void programs_end_their_daemons(void **state)
{
	struct scene *scene = *state;
	struct gate until;
	gate_make(&until);
	for (int i = 0; i < METHODS; i++) {
		pid_t program = start_program(scene, (struct program){ .target = wait_for_ever,
								       .method = methods[i],
								       .daemon = RELEVO_DAEMON_YES,
								       .until = &until });
		pid_t process = hear_number(scene->queue);
		gate_open(&until);
		child_join(program);
		assert_false(process_runs(process));
	}
	gate_close(&until);
}

static void killed_programs_take_their_daemons_along(void **state)
{
	struct scene *scene = *state;
	for (int i = 0; i < METHODS; i++) {
		pid_t program = start_program(scene, (struct program){ .target = wait_for_ever,
								       .method = methods[i],
								       .daemon = RELEVO_DAEMON_YES,
								       .be_killed = true });
		pid_t process = hear_number(scene->queue);
		child_kill(program);
		assert_true(process_ends(process, 2000));
	}
}

static void killed_programs_leave_their_other_processes(void **state)
{
	struct scene *scene = *state;
	relevo_queue *cues = queue_open(scene->session, "cues");
	for (int i = 0; i < METHODS; i++) {
		pid_t program =
			start_program(scene, (struct program){ .target = say_pid_and_wait_for_cue,
							       .method = methods[i],
							       .be_killed = true });
		pid_t process = hear_number(scene->queue);
		child_kill(program);
		assert_true(process_runs(process));
		put_text(cues, "go");
		assert_true(process_ends(process, TEST_PATIENCE));
	}
	relevo_queue_close(cues);
}

/* ---- what is put last ----------------------------------------------------------- */

enum { LAST_PUTS = 50 };

static void put_some(relevo_queue *queue)
{
	for (int i = 0; i < LAST_PUTS; i++)
		child_check(relevo_queue_put(queue, &i, sizeof i, TEST_PATIENCE) == RELEVO_OK);
}

static int put_and_leave(relevo_tuple *arguments)
{
	(void)arguments;
	relevo_queue *queue = open_in_child("q");
	put_some(queue);
	relevo_queue_close(queue);
	return 0;
}

/* Through a session that nobody closes. */
static int put_and_leave_open(relevo_tuple *arguments)
{
	static relevo_session *left_open;
	static relevo_queue *queue;
	relevo_session *session;
	(void)arguments;
	child_check(relevo_process_session(&session) == RELEVO_OK);
	child_check(relevo_session_open(relevo_session_url(session), NULL, &left_open) ==
		    RELEVO_OK);
	child_check(relevo_queue_open(left_open, "q", NULL, &queue) == RELEVO_OK);
	put_some(queue);
	return 0;
}

static relevo_process *start(const struct scene *scene, relevo_target *target,
			     enum relevo_start_method method)
{
	const struct relevo_process_options options = { .method = method,
							.session = scene->session };
	relevo_process *process = NULL;
	assert_ok(relevo_process_new(target, &options, &process));
	assert_ok(relevo_process_start(process));
	return process;
}

static void end(relevo_process *process)
{
	int code;
	assert_ok(relevo_process_join(process, TEST_PATIENCE));
	assert_ok(relevo_process_exit_code(process, &code));
	assert_int_equal(code, 0);
	relevo_process_free(process);
}

static void what_was_put_last_is_there(void **state)
{
	struct scene *scene = *state;
	for (int i = 0; i < 2 * METHODS; i++) {
		end(start(scene, i < METHODS ? put_and_leave : put_and_leave_open,
			  methods[i % METHODS]));
		for (int k = 0; k < LAST_PUTS; k++) {
			relevo_item item;
			int number;
			assert_ok(relevo_queue_get(scene->queue, 0, &item));
			memcpy(&number, item.data, sizeof number);
			assert_int_equal(number, k);
			relevo_item_free(&item);
		}
		expect_empty(scene->queue);
	}
}

/* What the parent has in its buffer is written by the parent, once. */
static void buffered_output_is_written_once(void **state)
{
	struct scene *scene = *state;
	char text[16] = "";
	int before = dup(STDOUT_FILENO), ends[2];
	fflush(stdout);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	dup2(ends[1], STDOUT_FILENO);
	close(ends[1]);
	fputs("once", stdout);
	relevo_process *process = start(scene, say_pid, RELEVO_START_FORK);
	hear_number(scene->queue);
	end(process);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	assert_int_equal(read(ends[0], text, sizeof text - 1), 4);
	assert_string_equal(text, "once");
	assert_int_equal(read(ends[0], text, 1), 0);
	close(ends[0]);
}

/* ---- who may use what ---------------------------------------------------------------- */

static void use_parents_object(void *argument)
{
	relevo_process *process = argument;
	bool alive;
	child_check(relevo_process_is_alive(process, &alive) == RELEVO_BAD_STATE);
	child_check(relevo_process_join(process, 0) == RELEVO_BAD_STATE);
	child_check(relevo_process_kill(process) == RELEVO_BAD_STATE);
	child_check(strstr(relevo_error_detail(), "another process") != NULL);
	child_check(relevo_process_children(NULL, 0) == 0);
	relevo_process_free(process);
	/* It is not this process's to wait for either. */
	exit(EXIT_SUCCESS);
}

static void a_fork_has_no_children_yet(void **state)
{
	struct scene *scene = *state;
	relevo_queue *cues = queue_open(scene->session, "cues");
	relevo_process *process = start(scene, say_pid_and_wait_for_cue, RELEVO_START_FORKSERVER);
	hear_number(scene->queue);
	child_join(child_start(use_parents_object, process));
	assert_int_equal(relevo_process_children(NULL, 0), 1);
	put_text(cues, "go");
	end(process);
	relevo_queue_close(cues);
}

/* Freed while it runs: it goes on, and leaves nothing. */
static void objects_can_be_freed_early(void **state)
{
	struct scene *scene = *state;
	relevo_queue *cues = queue_open(scene->session, "cues");
	for (int i = 0; i < METHODS; i++) {
		relevo_process *process = start(scene, say_pid_and_wait_for_cue, methods[i]);
		pid_t pid = hear_number(scene->queue);
		relevo_process_free(process);
		assert_true(process_runs(pid));
		put_text(cues, "go");
		assert_true(process_ends(pid, TEST_PATIENCE));
		assert_int_equal(relevo_process_children(NULL, 0), 0);
	}
	relevo_queue_close(cues);
}

/* What a process with threads may start. With a sanitizer no fork: its own locks may be
 * held by threads that the child does not have. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { FIRST_SAFE = 1 };
#else
enum { FIRST_SAFE = 0 };
#endif

static void *start_some(void *argument)
{
	enum { TIMES = 10 };
	struct scene *scene = argument;
	for (int i = 0; i < TIMES; i++) {
		const struct relevo_process_options options = {
			.method = methods[FIRST_SAFE + i % (METHODS - FIRST_SAFE)],
			.session = scene->session,
		};
		relevo_process *process;
		int code;
		child_check(relevo_process_new(say_pid, &options, &process) == RELEVO_OK);
		child_check(relevo_process_start(process) == RELEVO_OK);
		child_check(relevo_process_join(process, TEST_PATIENCE) == RELEVO_OK);
		child_check(relevo_process_exit_code(process, &code) == RELEVO_OK && code == 0);
		relevo_process_free(process);
	}
	return NULL;
}

static void threads_start_processes_at_once(void **state)
{
	enum { THREADS = 4 };
	struct scene *scene = *state;
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, start_some, scene), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(counts_of(scene->queue).ready, 40);
	assert_int_equal(relevo_process_children(NULL, 0), 0);
}

static int say_folder(relevo_tuple *arguments)
{
	char folder[128];
	(void)arguments;
	child_check(getcwd(folder, sizeof folder) != NULL);
	relevo_queue *queue = open_in_child("q");
	child_check(relevo_queue_put(queue, folder, strlen(folder), TEST_PATIENCE) == RELEVO_OK);
	relevo_queue_close(queue);
	return 0;
}

static void children_are_where_their_creator_is(void **state)
{
	struct scene *scene = *state;
	char before[256];
	assert_non_null(getcwd(before, sizeof before));
	assert_int_equal(chdir("/usr"), 0);
	for (int i = 0; i < METHODS; i++) {
		end(start(scene, say_folder, methods[i]));
		expect_text(scene->queue, "/usr");
	}
	assert_int_equal(chdir(before), 0);
}

static int return_0(relevo_tuple *arguments)
{
	(void)arguments;
	return 0;
}

/* The first process by forkserver starts the server, for good. */
static int start_server(void **state)
{
	const struct relevo_process_options options = { .method = RELEVO_START_FORKSERVER };
	relevo_process *process = NULL;
	(void)state;
	assert_ok(relevo_process_new(return_0, &options, &process));
	assert_ok(relevo_process_start(process));
	end(process);
	return 0;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		scene_unit_test(programs_wait_for_their_processes),
		scene_unit_test(programs_end_their_daemons),
		scene_unit_test(killed_programs_take_their_daemons_along),
		scene_unit_test(killed_programs_leave_their_other_processes),
		scene_unit_test(what_was_put_last_is_there),
		scene_unit_test(buffered_output_is_written_once),
		scene_unit_test(a_fork_has_no_children_yet),
		scene_unit_test(objects_can_be_freed_early),
		scene_unit_test(threads_start_processes_at_once),
		scene_unit_test(children_are_where_their_creator_is),
	};
	return cmocka_run_group_tests_name("process_end", tests, start_server, NULL);
}
