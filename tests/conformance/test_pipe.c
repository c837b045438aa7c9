/* Pipes: between a process and its child, and between hosts. */
#include "conformance/line.h"

#include <stdlib.h>

enum { LARGE = 16 * 1024 * 1024 };

static void fill(uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 65536);
}

/* ---- pipe_echo_buffers -------------------------------------------------- */

/* Until the other end closes. */
static void echo(void *argument)
{
	relevo_pipe *pipe = line_there(argument);
	void *data;
	size_t size;
	int status;
	while ((status = relevo_pipe_recv(pipe, RELEVO_FOREVER, &data, &size)) == RELEVO_OK) {
		child_check(relevo_pipe_send(pipe, data, size, RELEVO_FOREVER) == RELEVO_OK);
		free(data);
	}
	child_check(status == RELEVO_END_OF_STREAM);
	relevo_pipe_close(pipe);
}

static void receive_into_buffers(relevo_pipe *pipe)
{
	uint8_t room[20];
	size_t got = 0;
	memset(room, '-', sizeof room);
	line_send(pipe, "sixteen  letters");
	assert_ok(relevo_pipe_recv_into(pipe, TEST_PATIENCE, room + 2, sizeof room - 2, &got));
	assert_int_equal(got, 16);
	assert_memory_equal(room, "--sixteen  letters--", 20);
	line_send(pipe, "sixteen  letters");
	assert_status(relevo_pipe_recv_into(pipe, TEST_PATIENCE, room, 15, &got), RELEVO_TOO_SHORT);
	assert_int_equal(got, 16);
	line_expect(pipe, "sixteen  letters");
}

static void send_parts(relevo_pipe *pipe)
{
	static const int64_t right[][2] = {
		{ 0, -1 }, { 4, -1 }, { 3, 4 }, { 10, -1 }, { 10, 0 },
	};
	static const char *const arrives[] = { "0123456789", "456789", "3456", "", "" };
	static const int64_t wrong[][2] = {
		{ 11, -1 }, { 0, 11 }, { 4, 7 }, { -1, 1 }, { 4, -2 },
	};
	bool ready = true;
	for (size_t i = 0; i < 5; i++) {
		assert_ok(relevo_pipe_send_part(pipe, "0123456789", 10, right[i][0], right[i][1],
						TEST_PATIENCE));
		line_expect(pipe, arrives[i]);
	}
	for (size_t i = 0; i < 5; i++)
		assert_status(relevo_pipe_send_part(pipe, "0123456789", 10, wrong[i][0],
						    wrong[i][1], TEST_PATIENCE),
			      RELEVO_BAD_ARGUMENT);
	assert_ok(relevo_pipe_poll(pipe, 100, &ready));
	assert_false(ready);
}

static void poll_in_time(relevo_pipe *pipe)
{
	bool ready = true;
	int64_t start = test_now();
	assert_ok(relevo_pipe_poll(pipe, 0, &ready));
	assert_false(ready);
	assert_between(test_now() - start, 0, 500);
	start = test_now();
	assert_ok(relevo_pipe_poll(pipe, 300, &ready));
	assert_false(ready);
	assert_gave_up(start, 300);
	assert_status(relevo_pipe_poll(pipe, -2, &ready), RELEVO_BAD_ARGUMENT);
	line_send(pipe, "something");
	assert_ok(relevo_pipe_poll(pipe, TEST_PATIENCE, &ready));
	assert_true(ready);
	line_expect(pipe, "something");
}

static void send_much(relevo_pipe *pipe)
{
	uint8_t *bytes = malloc(LARGE);
	void *data = NULL;
	size_t size = 0;
	fill(bytes, LARGE);
	assert_ok(relevo_pipe_send(pipe, bytes, LARGE, TEST_PATIENCE));
	assert_ok(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size));
	assert_int_equal(size, LARGE);
	assert_memory_equal(data, bytes, LARGE);
	free(data);
	assert_ok(relevo_pipe_send(pipe, bytes, LARGE, TEST_PATIENCE));
	memset(bytes, 0, LARGE);
	assert_ok(relevo_pipe_recv_into(pipe, TEST_PATIENCE, bytes, LARGE, &size));
	assert_int_equal(size, LARGE);
	assert_int_equal(bytes[LARGE - 1], (uint8_t)((LARGE - 1) * 7 + (LARGE - 1) / 65536));
	free(bytes);
}

static void send_and_leave(void *argument)
{
	relevo_pipe *pipe = line_there(argument);
	bool ready;
	child_check(relevo_pipe_sends(pipe) && !relevo_pipe_receives(pipe));
	child_check(relevo_pipe_recv_into(pipe, 0, NULL, 0, &(size_t){ 0 }) == RELEVO_BAD_STATE);
	child_check(relevo_pipe_poll(pipe, 0, &ready) == RELEVO_BAD_STATE);
	line_send(pipe, "last");
	relevo_pipe_close(pipe);
}

static void one_way_and_the_end(struct stage *stage)
{
	struct line line = line_make(stage, "one way", RELEVO_DIRECTION_RECEIVE);
	pid_t child = child_start(send_and_leave, &line);
	relevo_pipe *pipe = line_here(&line);
	void *data;
	size_t size;
	assert_true(relevo_pipe_receives(pipe) && !relevo_pipe_sends(pipe));
	assert_status(relevo_pipe_send(pipe, "x", 1, 0), RELEVO_BAD_STATE);
	line_expect(pipe, "last");
	assert_status(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size), RELEVO_END_OF_STREAM);
	assert_status(relevo_pipe_recv_into(pipe, TEST_PATIENCE, NULL, 0, &size),
		      RELEVO_END_OF_STREAM);
	child_join(child);
	relevo_pipe_hang_up(pipe);
	assert_status(relevo_pipe_recv(pipe, 0, &data, &size), RELEVO_CLOSED);
	relevo_pipe_close(pipe);
}

static void pipe_echo_buffers(void **state)
{
	struct line line = line_make(*state, "echo", RELEVO_DIRECTION_BOTH);
	pid_t child = child_start(echo, &line);
	relevo_pipe *pipe = line_here(&line);
	relevo_tuple *tuple = NULL, *back = NULL;
	const char *text;
	line_send(pipe, "an echo");
	line_expect(pipe, "an echo");
	assert_ok(relevo_tuple_new(&tuple));
	assert_ok(relevo_tuple_add_text(tuple, "named", "value"));
	assert_ok(relevo_pipe_send_tuple(pipe, tuple, TEST_PATIENCE));
	assert_ok(relevo_pipe_recv_tuple(pipe, TEST_PATIENCE, &back));
	assert_ok(relevo_tuple_text(back, 0, &text, NULL));
	assert_string_equal(text, "value");
	relevo_tuple_free(back);
	relevo_tuple_free(tuple);
	receive_into_buffers(pipe);
	send_parts(pipe);
	poll_in_time(pipe);
	send_much(pipe);
	relevo_pipe_close(pipe);
	child_join(child);
	one_way_and_the_end(*state);
}

/* ---- pipe_poll_boundaries ----------------------------------------------- */

static const char *const strings[] = { "hello", "", "a", "b", "", "bye", "", "lop" };
enum { STRINGS = 8, MANY = 500 };

static void send_strings(void *argument)
{
	relevo_pipe *pipe = line_there(argument);
	line_send(pipe, "");
	line_expect(pipe, "go on");
	for (int i = 0; i < STRINGS; i++)
		line_send(pipe, strings[i]);
	line_expect(pipe, "enough");
	relevo_pipe_close(pipe);
}

static bool ready_in(relevo_pipe *pipe, int64_t msec)
{
	bool ready = false;
	assert_ok(relevo_pipe_poll(pipe, msec, &ready));
	return ready;
}

/* Numbers, as long as they say, from several on one end to several on one end. */
static void send_numbers(void *argument)
{
	struct line *line = argument;
	relevo_pipe *pipe = line_there(line);
	uint8_t *bytes = malloc(MANY * 200);
	for (uint32_t i = 0; i < MANY; i++) {
		size_t size = sizeof i + i * 199;
		memset(bytes, (int)(i % 251), size);
		memcpy(bytes, &i, sizeof i);
		child_check(relevo_pipe_send(pipe, bytes, size, RELEVO_FOREVER) == RELEVO_OK);
	}
	free(bytes);
	relevo_pipe_close(pipe);
}

struct counting {
	struct line line;
	_Atomic int *seen; /* how often each number came */
};

static void count_numbers(void *argument)
{
	struct counting *counting = argument;
	relevo_pipe *pipe = counting->line.ends[0];
	void *data;
	size_t size;
	bool ready;
	relevo_pipe_close(counting->line.ends[1]);
	for (;;) {
		uint32_t number;
		/* The other reader may be faster. */
		child_check(relevo_pipe_poll(pipe, TEST_PATIENCE, &ready) == RELEVO_OK && ready);
		int status = relevo_pipe_recv(pipe, 0, &data, &size);
		if (status == RELEVO_TIMED_OUT)
			continue;
		if (status == RELEVO_END_OF_STREAM)
			break;
		child_check(status == RELEVO_OK);
		memcpy(&number, data, sizeof number);
		child_check(number < MANY && size == sizeof number + number * 199);
		for (size_t i = sizeof number; i < size; i++)
			child_check(((uint8_t *)data)[i] == number % 251);
		counting->seen[number]++;
		free(data);
	}
}

static void two_on_each_end(struct stage *stage)
{
	struct counting counting = { line_make(stage, "shared", RELEVO_DIRECTION_RECEIVE),
				     shared_memory(MANY * sizeof(int)) };
	pid_t children[] = {
		child_start(send_numbers, &counting.line),
		child_start(send_numbers, &counting.line),
		child_start(count_numbers, &counting),
		child_start(count_numbers, &counting),
	};
	relevo_pipe_close(line_here(&counting.line));
	for (int i = 0; i < 4; i++)
		child_join(children[i]);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(counting.seen[i], 2);
}

static void pipe_poll_boundaries(void **state)
{
	struct stage *stage = *state;
	struct line line = line_make(stage, "strings", RELEVO_DIRECTION_BOTH);
	pid_t child = child_start(send_strings, &line);
	relevo_pipe *pipe = line_here(&line);
	/* One of no bytes; polling takes nothing. */
	assert_true(ready_in(pipe, TEST_PATIENCE) && ready_in(pipe, 0));
	line_expect(pipe, "");
	assert_false(ready_in(pipe, 0));
	line_send(pipe, "go on");
	for (int i = 0; i < STRINGS; i++) {
		while (!ready_in(pipe, 10))
			;
		line_expect(pipe, strings[i]);
	}
	assert_false(ready_in(pipe, 0));
	line_send(pipe, "enough");
	assert_true(ready_in(pipe, TEST_PATIENCE));
	child_join(child);
	relevo_pipe_close(pipe);
	/* A relayed end is one process's. */
	if (!stage->over_tcp)
		two_on_each_end(stage);
}

/* ---- pipe_close_after_start --------------------------------------------- */

static void echo_one(void *argument)
{
	relevo_pipe *pipe = line_there(argument);
	line_expect(pipe, "hello");
	line_send(pipe, "hello");
	/* It just ends: what it had is closed for it. */
	if (((struct line *)argument)->stage->over_tcp)
		relevo_pipe_close(pipe);
}

static void pipe_close_after_start(void **state)
{
	struct line line = line_make(*state, "started", RELEVO_DIRECTION_BOTH);
	pid_t child = child_start(echo_one, &line);
	relevo_pipe *pipe = line_here(&line);
	void *data;
	size_t size;
	line_send(pipe, "hello");
	line_expect(pipe, "hello");
	assert_status(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size), RELEVO_END_OF_STREAM);
	child_join(child);
	relevo_pipe_close(pipe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_CASE(pipe_echo_buffers),
		STAGE_CASE(pipe_poll_boundaries),
		STAGE_CASE(pipe_close_after_start),
	};
	return cmocka_run_group_tests_name("pipe", tests, NULL, NULL);
}
