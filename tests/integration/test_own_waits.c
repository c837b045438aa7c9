/* Programs that wait for any child of theirs: they see none of relevo's. */
#include "support/queues.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <relevo/worker.h>
#include <sys/wait.h>

static int return_0(relevo_tuple *arguments)
{
	(void)arguments;
	return 0;
}

static void run_processes(void)
{
	for (int method = RELEVO_START_FORKSERVER; method <= RELEVO_START_SPAWN; method++) {
		const struct relevo_process_options options = {
			.method = (enum relevo_start_method)method,
		};
		relevo_process *process;
		int code;
		child_check(relevo_process_new(return_0, &options, &process) == RELEVO_OK);
		child_check(relevo_process_start(process) == RELEVO_OK);
		child_check(relevo_process_join(process, TEST_PATIENCE) == RELEVO_OK);
		child_check(relevo_process_exit_code(process, &code) == RELEVO_OK && code == 0);
		relevo_process_free(process);
	}
}

static void run_program(void)
{
	const char *const words[] = { "true", NULL };
	struct relevo_program_output output;
	child_check(relevo_program_run(words, NULL, &output) == RELEVO_OK);
	relevo_program_output_free(&output);
}

static int answer(const struct relevo_bytes *argument, relevo_reply *reply, void *user)
{
	(void)user;
	return relevo_reply_set(reply, argument->data, argument->size);
}

static void map(relevo_pool *pool)
{
	const struct relevo_bytes words[] = { { "a", 1 }, { "b", 1 } };
	struct relevo_result results[2];
	child_check(relevo_pool_map(pool, "answer", words, 2, NULL, results) == RELEVO_OK);
	child_check(results[0].status == RELEVO_OK && results[1].status == RELEVO_OK);
	relevo_results_free(results, 2);
}

/* One by each method. */
enum { POOLS = 3 };

static void open_pools(relevo_session *session, relevo_pool **pools)
{
	for (int i = 0; i < POOLS; i++) {
		const struct relevo_pool_options workers = {
			.processes = 2,
			.method = (enum relevo_start_method)(RELEVO_START_FORKSERVER + i),
		};
		child_check(relevo_pool_open(session, &workers, &pools[i]) == RELEVO_OK);
		map(pools[i]);
	}
}

/* Whoever keeps the workers is killed, and another comes: they have it for a parent. */
static void lose_keeper(relevo_pool *pool)
{
	int worker;
	child_check(relevo_pool_workers(pool, &worker, 1) == 2);
	child_check(kill(process_parent(worker), SIGKILL) == 0);
	map(pool);
}

static void expect_nothing_to_wait_for(void)
{
	int state;
	child_check(waitid(P_ALL, 0, &(siginfo_t){ 0 }, WEXITED | WNOHANG) < 0 && errno == ECHILD);
	child_check(wait(&state) < 0 && errno == ECHILD);
}

static void *serve(void *url)
{
	const struct relevo_worker_options options = { .processes = 1 };
	child_check(relevo_worker_serve(url, "p", &options) == RELEVO_OK);
	return NULL;
}

/* A thread of the program serves a pool, and the others see none of the processes for that. */
static void play_server(void *url)
{
	const struct relevo_pool_options idle = { .name = "p",
						  .processes = RELEVO_POOL_NO_WORKERS };
	relevo_session *session;
	relevo_pool *pool;
	pthread_t thread;
	child_check(relevo_session_open(url, NULL, &session) == RELEVO_OK);
	child_check(relevo_pool_open(session, &idle, &pool) == RELEVO_OK);
	child_check(pthread_create(&thread, NULL, serve, url) == 0);
	map(pool);
	expect_nothing_to_wait_for();
	relevo_pool_close(pool);
	pthread_join(thread, NULL);
	expect_nothing_to_wait_for();
	child_check(relevo_session_close(session) == RELEVO_OK);
	exit(EXIT_SUCCESS);
}

static void play_program(void *folder)
{
	const struct relevo_session_options options = { .broker = RELEVOD_EXE };
	relevo_session *session;
	relevo_pool *pools[POOLS];
	/* A broker of its own. */
	setenv("XDG_RUNTIME_DIR", folder, 1);
	unsetenv("RELEVO_URL");
	child_check(relevo_session_open(NULL, &options, &session) == RELEVO_OK);
	open_pools(session, pools);
	run_processes();
	run_program();
	expect_nothing_to_wait_for();
	/* And all that goes on. */
	for (int i = 0; i < POOLS; i++) {
		map(pools[i]);
		lose_keeper(pools[i]);
	}
	expect_nothing_to_wait_for();
	run_processes();
	for (int i = 0; i < POOLS; i++)
		relevo_pool_close(pools[i]);
	expect_nothing_to_wait_for();
	child_check(relevo_session_close(session) == RELEVO_OK);
	exit(EXIT_SUCCESS);
}

static void wait_sees_nothing(void **state)
{
	struct scene *scene = *state;
	child_join(child_start(play_program, scene->broker.folder));
}

static void a_server_has_no_children(void **state)
{
	struct scene *scene = *state;
	child_join(child_start(play_server, scene->broker.url));
}

/* ---- somebody else has waited for a child before its start has returned ------------- */

static bool reaps;

/* In the middle of each fork(2): the child ends by itself. */
static void reap_at_once(void)
{
	while (reaps && waitpid(-1, NULL, 0) < 0 && errno == EINTR)
		continue;
}

static int note_run(relevo_tuple *arguments)
{
	int fd;
	child_check(relevo_tuple_take_descriptor(arguments, 0, &fd) == RELEVO_OK);
	child_check(write(fd, "r", 1) == 1);
	return 5;
}

static void expect_run(int fd)
{
	char byte;
	child_check(read(fd, &byte, 1) == 1 && byte == 'r');
}

static void expect_ended(relevo_process *process)
{
	int sentinel, code;
	bool alive;
	child_check(relevo_process_sentinel(process, &sentinel) == RELEVO_OK);
	struct pollfd entry = { .fd = sentinel, .events = POLLIN };
	child_check(poll(&entry, 1, 0) == 1 && entry.revents == POLLIN);
	child_check(relevo_process_is_alive(process, &alive) == RELEVO_OK && !alive);
	child_check(relevo_process_kill(process) == RELEVO_OK);
	child_check(relevo_process_join(process, 0) == RELEVO_OK);
	/* Nobody can know it any more. */
	child_check(relevo_process_exit_code(process, &code) == RELEVO_OK && code == 255);
}

static void play_reaper(void *unused)
{
	int ends[2];
	relevo_tuple *arguments;
	relevo_process *process;
	(void)unused;
	child_check(pipe2(ends, O_CLOEXEC) == 0);
	child_check(pthread_atfork(NULL, reap_at_once, NULL) == 0);
	child_check(relevo_tuple_new(&arguments) == RELEVO_OK);
	child_check(relevo_tuple_add_descriptor(arguments, NULL, ends[1]) == RELEVO_OK);
	const struct relevo_process_options options = { .method = RELEVO_START_FORK,
							.arguments = arguments };
	child_check(relevo_process_new(note_run, &options, &process) == RELEVO_OK);
	reaps = true;
	int status = relevo_process_start(process);
	reaps = false;
	expect_run(ends[0]);
	child_check(status == RELEVO_OK);
	expect_ended(process);
	relevo_process_free(process);
	relevo_tuple_free(arguments);
	exit(EXIT_SUCCESS);
}

static void a_child_may_be_gone_when_it_was_started(void **state)
{
	(void)state;
	child_join(child_start(play_reaper, NULL));
}

int main(int argc, char **argv)
{
	assert_ok(relevo_function_register("answer", answer, NULL));
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		scene_unit_test(wait_sees_nothing),
		scene_unit_test(a_server_has_no_children),
		scene_unit_test(a_child_may_be_gone_when_it_was_started),
	};
	return cmocka_run_group_tests_name("own_waits", tests, NULL, NULL);
}
