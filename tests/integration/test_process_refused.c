/* What relevo does not start, in a program that does not call relevo_process_enter(). */
#include "support/leaks.h"
#include "support/process.h"

#include <relevo/relevo.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

static int nothing(relevo_tuple *arguments)
{
	(void)arguments;
	return 0;
}

static void running_anew_takes_an_entrance(void **state)
{
	const enum relevo_start_method methods[] = { RELEVO_START_FORKSERVER, RELEVO_START_SPAWN };
	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct relevo_process_options options = { .method = methods[i] };
		relevo_process *process = NULL;
		bool alive;
		assert_ok(relevo_process_new(nothing, &options, &process));
		assert_fails(relevo_process_start(process), RELEVO_BAD_STATE,
			     "relevo_process_enter");
		assert_ok(relevo_process_is_alive(process, &alive));
		assert_false(alive);
		relevo_process_free(process);
	}
}

static void a_fork_takes_none(void **state)
{
	const struct relevo_process_options options = { .method = RELEVO_START_FORK };
	relevo_process *process = NULL;
	int code;
	(void)state;
	assert_ok(relevo_process_new(nothing, &options, &process));
	assert_ok(relevo_process_start(process));
	assert_ok(relevo_process_join(process, TEST_PATIENCE));
	assert_ok(relevo_process_exit_code(process, &code));
	assert_int_equal(code, 0);
	relevo_process_free(process);
}

static void options_are_checked(void **state)
{
	relevo_process *process = NULL;
	const struct relevo_process_options bad_method = { .method = 7 };
	const struct relevo_process_options bad_daemon = { .daemon = 3 };
	const struct relevo_process_options bad_name = { .name = "a\nb" };
	(void)state;
	assert_fails(relevo_process_new(NULL, NULL, &process), RELEVO_BAD_ARGUMENT, "function");
	assert_fails(relevo_process_new(nothing, &bad_method, &process), RELEVO_BAD_ARGUMENT, "7");
	assert_fails(relevo_process_new(nothing, &bad_daemon, &process), RELEVO_BAD_ARGUMENT, "3");
	assert_fails(relevo_process_new(nothing, &bad_name, &process), RELEVO_BAD_NAME, "a\\x0ab");
	assert_null(process);
}

/* Neither a function of the program nor of a library. */
static void functions_have_a_place(void **state)
{
	const struct relevo_process_options options = { .method = RELEVO_START_FORK };
	relevo_process *process = NULL;
	(void)state;
	void *nowhere = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(nowhere != MAP_FAILED);
	assert_fails(relevo_process_new((relevo_target *)(uintptr_t)nowhere, &options, &process),
		     RELEVO_BAD_ARGUMENT, "no part of the program");
	munmap(nowhere, 4096);
}

static void no_process_more(void *argument)
{
	const struct relevo_process_options options = { .name = "Unborn",
							.method = RELEVO_START_FORK };
	struct rlimit limit = { 0, 0 };
	relevo_process *process = NULL;
	(void)argument;
	/* Root is not bound by the limit on processes, but by that on descriptors. */
	limit.rlim_cur = limit.rlim_max = 3;
	child_check(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	child_check(relevo_process_new(nothing, &options, &process) == RELEVO_OK);
	child_check(relevo_process_start(process) == RELEVO_NO_DESCRIPTORS);
	child_check(strstr(relevo_error_detail(), "Unborn") != NULL);
	relevo_process_free(process);
}

static void a_process_that_cannot_be_is_an_error(void **state)
{
	(void)state;
	child_join(child_start(no_process_more, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(running_anew_takes_an_entrance),
		leaks_unit_test(options_are_checked),
		leaks_unit_test(functions_have_a_place),
		leaks_unit_test(a_process_that_cannot_be_is_an_error),
		cmocka_unit_test(a_fork_takes_none),
	};
	return cmocka_run_group_tests_name("process_refused", tests, NULL, NULL);
}
