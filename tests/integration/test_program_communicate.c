/* Programs that are told something and answer, both at once. */
#include "support/programs.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum { MIB = 1 << 20 };

static uint8_t *pattern_of(size_t size)
{
	uint8_t *bytes = malloc(size);
	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	return bytes;
}

static void test_much_through_cat(void **state)
{
	(void)state;
	size_t size = 4 * MIB;
	uint8_t *bytes = pattern_of(size);
	relevo_program *program = program_of(COMMAND("cat"), NULL);
	struct relevo_program_output output;
	assert_ok(relevo_program_communicate(program, &(struct relevo_bytes){ bytes, size },
					     TEST_PATIENCE, &output));
	assert_int_equal(output.output_size, size);
	assert_memory_equal(output.output, bytes, size);
	assert_int_equal(output.errors_size, 0);
	assert_int_equal(output.exit_code, 0);
	relevo_program_output_free(&output);
	relevo_program_close(program);
	free(bytes);
	expect_no_children();
}

/* It reads only after it has written more than any pipe holds, to both. */
static void test_writes_before_it_reads(void **state)
{
	(void)state;
	uint8_t *bytes = pattern_of(MIB);
	relevo_program *program = program_of(
		SHELL("head -c 1048576 /dev/zero; head -c 1048576 /dev/zero >&2; wc -c"), NULL);
	struct relevo_program_output output;
	assert_ok(relevo_program_communicate(program, &(struct relevo_bytes){ bytes, MIB },
					     TEST_PATIENCE, &output));
	assert_int_equal(output.errors_size, MIB);
	assert_string_equal(output.output + MIB, "1048576\n");
	relevo_program_output_free(&output);
	relevo_program_close(program);
	free(bytes);
}

/* What had been read before the time was up, and what was still to be sent, is not lost. */
static void test_time_out_loses_nothing(void **state)
{
	(void)state;
	struct gate gate;
	char script[100];
	uint8_t *bytes = pattern_of(MIB);
	gate_make(&gate);
	struct relevo_program_options options = piped();
	options.keep = &gate.ends[0];
	options.keep_count = 1;
	snprintf(script, sizeof script, "head -c 300000; head -c 1 <&%d >/dev/null; cat",
		 gate.ends[0]);
	relevo_program *program = program_of(SHELL(script), &options);
	struct relevo_program_output output;
	struct relevo_bytes input = { bytes, MIB };
	assert_fails(relevo_program_communicate(program, &input, 100, &output), RELEVO_TIMED_OUT,
		     "\"sh\"");
	assert_null(output.output);
	assert_status(relevo_program_communicate(program, NULL, 0, &output), RELEVO_TIMED_OUT);
	assert_status(relevo_program_communicate(program, &input, 0, &output), RELEVO_BAD_STATE);
	memset(bytes, 0, MIB); /* it was copied */
	gate_open(&gate);
	assert_ok(relevo_program_communicate(program, NULL, TEST_PATIENCE, &output));
	free(bytes);
	bytes = pattern_of(MIB);
	assert_int_equal(output.output_size, MIB);
	assert_memory_equal(output.output, bytes, MIB);
	relevo_program_output_free(&output);
	relevo_program_close(program);
	gate_close(&gate);
	free(bytes);
}

static void test_closes_its_pipes_early(void **state)
{
	(void)state;
	uint8_t *bytes = pattern_of(MIB);
	struct relevo_bytes input = { bytes, MIB };
	struct relevo_program_output output;
	relevo_program *program = program_of(COMMAND("true"), NULL);
	/* SIGPIPE would end this test. */
	assert_ok(relevo_program_communicate(program, &input, TEST_PATIENCE, &output));
	assert_int_equal(output.exit_code, 0);
	relevo_program_output_free(&output);
	relevo_program_close(program);
	/* One that goes on without them. */
	program = program_of(SHELL("exec <&- >&-; echo alive >&2"), NULL);
	assert_ok(relevo_program_communicate(program, &input, TEST_PATIENCE, &output));
	assert_string_equal(output.errors, "alive\n");
	relevo_program_output_free(&output);
	relevo_program_close(program);
	free(bytes);
}

/* A SIGPIPE of the program's own, held back, is still there afterwards. */
static void test_sigpipe_of_others_stays(void **state)
{
	(void)state;
	sigset_t set, before, pending;
	const struct timespec now = { 0 };
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	raise(SIGPIPE);
	test_closes_its_pipes_early(state);
	sigpending(&pending);
	assert_true(sigismember(&pending, SIGPIPE));
	assert_int_equal(sigtimedwait(&set, NULL, &now), SIGPIPE);
	test_closes_its_pipes_early(state);
	sigpending(&pending);
	assert_false(sigismember(&pending, SIGPIPE));
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void test_limit_goes_on(void **state)
{
	(void)state;
	struct relevo_program_options options = piped();
	options.max_output = 4;
	relevo_program *program = program_of(COMMAND("printf", "%s", "onetwothree"), &options);
	struct relevo_program_output output;
	const char *const parts[] = { "onet", "woth" };
	for (size_t i = 0; i < 2; i++) {
		assert_status(relevo_program_communicate(program, NULL, TEST_PATIENCE, &output),
			      RELEVO_TOO_LARGE);
		assert_string_equal(output.output, parts[i]);
		relevo_program_output_free(&output);
	}
	assert_ok(relevo_program_communicate(program, NULL, TEST_PATIENCE, &output));
	assert_string_equal(output.output, "ree");
	relevo_program_output_free(&output);
	relevo_program_close(program);
}

static void test_no_pipes(void **state)
{
	(void)state;
	struct relevo_program_options options = { .output.kind = RELEVO_STREAM_NULL };
	relevo_program *program = program_of(SHELL("exit 5"), &options);
	struct relevo_program_output output;
	struct relevo_bytes input = { "x", 1 };
	assert_status(relevo_program_communicate(program, &input, 0, &output), RELEVO_BAD_STATE);
	assert_ok(relevo_program_communicate(program, NULL, TEST_PATIENCE, &output));
	assert_null(output.output);
	assert_null(output.errors);
	assert_int_equal(output.exit_code, 5);
	relevo_program_close(program);
}

static void *communicate_again(void *program)
{
	struct relevo_program_output output;
	int status;
	do
		status = relevo_program_communicate(program, NULL, 0, &output);
	while (status == RELEVO_TIMED_OUT);
	return (void *)(intptr_t)status;
}

/* One thread at a time; the other one learns it at once. */
static void test_two_at_once(void **state)
{
	(void)state;
	relevo_program *program = program_of(SHELL("exec >&- 2>&-; cat; exec sleep 1000"), NULL);
	pthread_t thread;
	void *status = NULL;
	struct relevo_program_output output;
	/* Only one of them can wait for so long. */
	pthread_create(&thread, NULL, communicate_again, program);
	int mine = RELEVO_BAD_STATE;
	while (mine == RELEVO_BAD_STATE)
		mine = relevo_program_communicate(program, NULL, 200, &output);
	assert_status(mine, RELEVO_TIMED_OUT);
	assert_ok(relevo_program_kill(program));
	pthread_join(thread, &status);
	assert_true((intptr_t)status == RELEVO_OK || (intptr_t)status == RELEVO_BAD_STATE);
	assert_int_equal(exit_code_of(program), -SIGKILL);
	relevo_program_close(program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_much_through_cat),
		leaks_unit_test(test_writes_before_it_reads),
		leaks_unit_test(test_time_out_loses_nothing),
		leaks_unit_test(test_closes_its_pipes_early),
		leaks_unit_test(test_sigpipe_of_others_stays),
		leaks_unit_test(test_limit_goes_on),
		leaks_unit_test(test_no_pipes),
		leaks_unit_test(test_two_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
