/* Programs that wait for any child of theirs: they see none of relevo's. */
#include "support/queues.h"

#include <errno.h>
#include <sys/wait.h>

static int return_0(relevo_tuple *arguments)
{
	(void)arguments;
	return 0;
}

static void run_processes(void)
{
	for (int method = RELEVO_FORKSERVER; method <= RELEVO_SPAWN; method++) {
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
	relevo_results_free(results, 2);
}

static void play_program(void *folder)
{
	const struct relevo_session_options options = { .broker = RELEVOD_EXE };
	const struct relevo_pool_options workers = { .processes = 2, .method = RELEVO_FORKSERVER };
	relevo_session *session;
	relevo_pool *pool;
	int state;
	/* A broker of its own. */
	setenv("XDG_RUNTIME_DIR", folder, 1);
	unsetenv("RELEVO_URL");
	child_check(relevo_open(NULL, &options, &session) == RELEVO_OK);
	child_check(relevo_pool_open(session, &workers, &pool) == RELEVO_OK);
	map(pool);
	run_processes();
	run_program();
	child_check(waitid(P_ALL, 0, &(siginfo_t){ 0 }, WEXITED | WNOHANG) < 0 && errno == ECHILD);
	child_check(wait(&state) < 0 && errno == ECHILD);
	/* And all that goes on. */
	map(pool);
	run_processes();
	relevo_pool_free(pool);
	child_check(relevo_close(session) == RELEVO_OK);
	exit(EXIT_SUCCESS);
}

static void wait_sees_nothing(void **state)
{
	struct scene *scene = *state;
	child_join(child_start(play_program, scene->broker.folder));
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	assert_ok(relevo_register("answer", answer, NULL));
	const struct CMUnitTest tests[] = {
		scene_unit_test(wait_sees_nothing),
	};
	return cmocka_run_group_tests_name("own_waits", tests, NULL, NULL);
}
