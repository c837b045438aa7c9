/* Tuples and descriptors over pipes. */
#include "support/pipes.h"

#include <sys/resource.h>

static void tuples_bring_descriptors(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH),
		    passed = pipe_of(RELEVO_DIRECTION_RECEIVE);
	relevo_tuple *tuple = NULL, *got = NULL;
	relevo_pipe *out = NULL;
	int ends[2], fd = -1;
	void *data;
	size_t size;
	char byte;
	assert_int_equal(pipe(ends), 0);
	assert_ok(relevo_tuple_new(&tuple));
	assert_ok(relevo_tuple_add_int(tuple, NULL, 7));
	assert_ok(relevo_tuple_add_pipe(tuple, "out", passed.ends[1]));
	assert_ok(relevo_tuple_add_descriptor(tuple, NULL, ends[1]));
	assert_ok(relevo_tuple_add_bytes(tuple, NULL, "", 0));
	assert_ok(relevo_pipe_send_tuple(made.ends[0], tuple, 0));
	/* As bytes it cannot be had; it stays. */
	assert_status(relevo_pipe_recv(made.ends[1], 0, &data, &size), RELEVO_BAD_STATE);
	assert_status(relevo_pipe_recv_into(made.ends[1], 0, NULL, 0, &size), RELEVO_BAD_STATE);
	assert_ok(relevo_pipe_recv_tuple(made.ends[1], 0, &got));
	assert_int_equal(relevo_tuple_kind(got, 1), RELEVO_TUPLE_PIPE);
	assert_ok(relevo_tuple_take_pipe(got, 1, &out));
	assert_status(relevo_tuple_take_pipe(got, 1, &out), RELEVO_BAD_STATE);
	assert_ok(relevo_tuple_take_descriptor(got, 2, &fd));
	relevo_tuple_free(got);
	/* Both copies work, the sender's too. */
	assert_true(relevo_pipe_sends(out) && !relevo_pipe_receives(out));
	pipe_send_text(out, "by the copy");
	pipe_send_text(passed.ends[1], "by the first");
	relevo_pipe_close(out);
	pipe_expect_text(passed.ends[0], "by the copy");
	pipe_expect_text(passed.ends[0], "by the first");
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(fd);
	/* Never taken, they are closed with the tuple. */
	assert_ok(relevo_pipe_send_tuple(made.ends[0], tuple, 0));
	assert_ok(relevo_pipe_recv_tuple(made.ends[1], 0, &got));
	relevo_tuple_free(got);
	/* Never received, they are closed with the pipe. */
	assert_ok(relevo_pipe_send_tuple(made.ends[0], tuple, 0));
	relevo_tuple_free(tuple);
	close(ends[0]);
	close(ends[1]);
	close_both(&passed);
	close_both(&made);
}

static void a_large_tuple_with_descriptors(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	relevo_tuple *tuple = NULL, *got = NULL;
	uint8_t *bytes = malloc(300000);
	const void *data;
	size_t size;
	int fd = -1;
	assert_ok(relevo_tuple_new(&tuple));
	pattern_fill(bytes, 300000, 1);
	assert_ok(relevo_tuple_add_bytes(tuple, NULL, bytes, 300000));
	assert_ok(relevo_tuple_add_descriptor(tuple, NULL, STDIN_FILENO));
	assert_ok(relevo_pipe_send_tuple(made.ends[0], tuple, 0));
	assert_ok(relevo_pipe_recv_tuple(made.ends[1], 0, &got));
	assert_ok(relevo_tuple_bytes(got, 0, &data, &size));
	assert_int_equal(size, 300000);
	assert_true(pattern_holds(data, size, 1));
	assert_ok(relevo_tuple_take_descriptor(got, 1, &fd));
	close(fd);
	relevo_tuple_free(got);
	relevo_tuple_free(tuple);
	free(bytes);
	close_both(&made);
}

static void descriptors_have_limits(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	relevo_tuple *tuple = NULL, *got = NULL;
	void *data;
	size_t size;
	assert_ok(relevo_tuple_new(&tuple));
	for (int i = 0; i < RELEVO_PIPE_DESCRIPTORS; i++)
		assert_ok(relevo_tuple_add_descriptor(tuple, NULL, STDIN_FILENO));
	assert_ok(relevo_pipe_send_tuple(made.ends[0], tuple, 0));
	assert_ok(relevo_pipe_recv_tuple(made.ends[1], 0, &got));
	relevo_tuple_free(got);
	assert_ok(relevo_tuple_add_descriptor(tuple, NULL, STDIN_FILENO));
	assert_fails(relevo_pipe_send_tuple(made.ends[0], tuple, 0), RELEVO_CANNOT_ENCODE,
		     "250 can be sent");
	relevo_tuple_free(tuple);
	/* Bytes that announce a descriptor, and none comes. */
	pipe_send_text(made.ends[0], "\x0a\x02\x08\x12");
	assert_fails(relevo_pipe_recv_tuple(made.ends[1], 0, &got), RELEVO_BAD_FRAME,
		     "did not come");
	pipe_send_text(made.ends[0], "no tuple");
	assert_status(relevo_pipe_recv_tuple(made.ends[1], 0, &got), RELEVO_BAD_FRAME);
	/* One that is not open. */
	assert_ok(relevo_tuple_new(&tuple));
	assert_ok(relevo_tuple_add_descriptor(tuple, NULL, 9999));
	assert_status(relevo_pipe_send_tuple(made.ends[0], tuple, 0), RELEVO_BAD_ARGUMENT);
	relevo_tuple_free(tuple);
	assert_status(relevo_pipe_recv(made.ends[1], 0, &data, &size), RELEVO_TIMED_OUT);
	close_both(&made);
}

/* The process has no descriptor left: the message is lost, and says so. */
static void out_of_descriptors(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	struct rlimit before, none;
	uint8_t *bytes = calloc(1, 100000);
	relevo_pipe *more[2];
	void *data;
	size_t size;
	assert_ok(relevo_pipe_send(made.ends[0], bytes, 100000, 0));
	pipe_send_text(made.ends[0], "next");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	int lost = relevo_pipe_recv(made.ends[1], 0, &data, &size);
	int unsent = relevo_pipe_send(made.ends[0], bytes, 100000, 0);
	int unmade = relevo_pipe_pair(RELEVO_DIRECTION_BOTH, more);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_status(lost, RELEVO_NO_DESCRIPTORS);
	assert_status(unsent, RELEVO_NO_DESCRIPTORS);
	assert_status(unmade, RELEVO_NO_DESCRIPTORS);
	pipe_expect_text(made.ends[1], "next");
	free(bytes);
	close_both(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(tuples_bring_descriptors),
		leaks_unit_test(a_large_tuple_with_descriptors),
		leaks_unit_test(descriptors_have_limits),
		leaks_unit_test(out_of_descriptors),
	};
	return cmocka_run_group_tests_name("pipe_tuple", tests, NULL, NULL);
}
