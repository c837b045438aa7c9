/* Waiting for many things at once. */
#include "conformance/line.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { PIPES = 4, SOCKETS = 4, ENTRIES = PIPES + SOCKETS + 1, MESSAGES = 10 };

struct crowd {
	struct line lines[PIPES];
	int sockets[SOCKETS][2];
	int index;
};

static void send_ten(void *argument)
{
	struct crowd *crowd = argument;
	relevo_pipe *pipe = line_there(&crowd->lines[crowd->index]);
	for (int i = 0; i < MESSAGES; i++) {
		char text[32];
		snprintf(text, sizeof text, "%d of %d", i, crowd->index);
		line_send(pipe, text);
	}
	relevo_pipe_close(pipe);
}

static void write_ten(void *argument)
{
	struct crowd *crowd = argument;
	for (int i = 0; i < MESSAGES; i++)
		child_check(write(crowd->sockets[crowd->index][1], "raw", 3) == 3);
}

/* How much of each has come, and whether its end has. */
struct progress {
	int got[ENTRIES];
	bool ended[ENTRIES];
};

static void read_pipe(struct progress *progress, int index, relevo_pipe *pipe)
{
	void *data;
	size_t size;
	char text[32];
	int status = relevo_pipe_recv(pipe, 0, &data, &size);
	progress->ended[index] = status == RELEVO_END_OF_STREAM;
	if (progress->ended[index])
		return;
	assert_ok(status);
	snprintf(text, sizeof text, "%d of %d", progress->got[index]++, index);
	assert_string_equal(data, text);
	free(data);
}

static void read_socket(struct progress *progress, int index, int fd)
{
	char bytes[64];
	ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
	assert_true(got >= 0);
	progress->ended[index] = got == 0;
	progress->got[index] += (int)got;
}

static int serve(struct relevo_wait_entry *entries, const int *which, size_t count,
		 struct progress *progress)
{
	size_t ready = 0;
	int served = 0;
	assert_ok(relevo_wait(entries, count, TEST_PATIENCE, &ready));
	for (size_t i = 0; i < count; i++) {
		if (!entries[i].ready)
			continue;
		served++;
		if (which[i] < PIPES)
			read_pipe(progress, which[i], entries[i].pipe);
		else if (which[i] < PIPES + SOCKETS)
			read_socket(progress, which[i], entries[i].descriptor);
		else
			progress->ended[which[i]] = true;
	}
	assert_int_equal(served, ready);
	return served;
}

/* Those that have not come to their end. */
static size_t left(const struct relevo_wait_entry *all, const struct progress *progress,
		   struct relevo_wait_entry *entries, int *which)
{
	size_t count = 0;
	for (int i = 0; i < ENTRIES; i++) {
		if (progress->ended[i])
			continue;
		which[count] = i;
		entries[count++] = all[i];
	}
	return count;
}

static void make_crowd(struct crowd *crowd, struct stage *stage)
{
	for (int i = 0; i < PIPES; i++) {
		char name[16];
		snprintf(name, sizeof name, "line %d", i);
		crowd->lines[i] = line_make(stage, name, RELEVO_DIRECTION_RECEIVE);
	}
	for (int i = 0; i < SOCKETS; i++)
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, crowd->sockets[i]), 0);
}

static void everything_arrives(struct crowd *crowd)
{
	struct relevo_wait_entry all[ENTRIES] = { 0 }, entries[ENTRIES];
	struct progress progress = { 0 };
	pid_t children[PIPES + SOCKETS];
	int which[ENTRIES];
	size_t count;
	for (int i = 0; i < PIPES + SOCKETS; i++) {
		crowd->index = i < PIPES ? i : i - PIPES;
		children[i] = child_start(i < PIPES ? send_ten : write_ten, crowd);
	}
	for (int i = 0; i < PIPES; i++)
		all[i] = (struct relevo_wait_entry){ RELEVO_WAIT_FOR_PIPE,
						     .pipe = line_here(&crowd->lines[i]) };
	for (int i = 0; i < SOCKETS; i++) {
		close(crowd->sockets[i][1]);
		all[PIPES + i] = (struct relevo_wait_entry){ RELEVO_WAIT_FOR_DESCRIPTOR,
							     .descriptor = crowd->sockets[i][0] };
	}
	all[ENTRIES - 1].what = RELEVO_WAIT_FOR_DESCRIPTOR;
	all[ENTRIES - 1].descriptor = (int)syscall(SYS_pidfd_open, children[0], 0);
	while ((count = left(all, &progress, entries, which)) > 0)
		assert_true(serve(entries, which, count, &progress) > 0);
	for (int i = 0; i < PIPES; i++) {
		assert_int_equal(progress.got[i], MESSAGES);
		relevo_pipe_close(all[i].pipe);
	}
	for (int i = 0; i < SOCKETS; i++) {
		assert_int_equal(progress.got[PIPES + i], 3 * MESSAGES);
		close(crowd->sockets[i][0]);
	}
	close(all[ENTRIES - 1].descriptor);
	for (int i = 0; i < PIPES + SOCKETS; i++)
		child_join(children[i]);
}

static void hold_still_then_echo(void *argument)
{
	struct line *line = argument;
	relevo_pipe *pipe = line_there(line);
	line_expect(pipe, "to both");
	line_send(pipe, "back");
	line_expect(pipe, "end");
	relevo_pipe_close(pipe);
}

/* All that are ready are named together; time-outs are kept. */
static void ready_and_not(struct stage *stage)
{
	struct line line = line_make(stage, "quiet", RELEVO_DIRECTION_BOTH);
	pid_t child = child_start(hold_still_then_echo, &line);
	relevo_pipe *pipe = line_here(&line);
	struct relevo_wait_entry entries[4] = { { RELEVO_WAIT_FOR_PIPE, .pipe = pipe },
						{ RELEVO_WAIT_FOR_DESCRIPTOR } };
	int sockets[2];
	size_t ready = 7;
	char byte;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	entries[1].descriptor = sockets[0];
	int64_t start = test_now();
	assert_status(relevo_wait(entries, 2, 0, &ready), RELEVO_TIMED_OUT);
	assert_between(test_now() - start, 0, 500);
	assert_int_equal(ready, 0);
	start = test_now();
	assert_status(relevo_wait(entries, 2, 300, &ready), RELEVO_TIMED_OUT);
	assert_gave_up(start, 300);
	start = test_now();
	assert_status(relevo_wait(NULL, 0, 100, &ready), RELEVO_TIMED_OUT);
	assert_gave_up(start, 100);
	assert_status(relevo_wait(entries, 2, -2, &ready), RELEVO_BAD_ARGUMENT);
	/* One of them, whichever it is. */
	assert_int_equal(write(sockets[1], "x", 1), 1);
	assert_ok(relevo_wait(entries, 2, TEST_PATIENCE, &ready));
	assert_true(ready == 1 && !entries[0].ready && entries[1].ready);
	/* Both, and nothing was taken. */
	bool there = false;
	line_send(pipe, "to both");
	assert_ok(relevo_pipe_poll(pipe, TEST_PATIENCE, &there));
	assert_true(there);
	for (int i = 0; i < 2; i++) {
		assert_ok(relevo_wait(entries, 2, TEST_PATIENCE, &ready));
		assert_true(ready == 2 && entries[0].ready && entries[1].ready);
	}
	assert_int_equal(read(sockets[0], &byte, 1), 1);
	line_expect(pipe, "back");
	line_send(pipe, "end");
	/* An end is something to be read. */
	assert_ok(relevo_wait(entries, 2, TEST_PATIENCE, &ready));
	assert_true(ready == 1 && entries[0].ready);
	close(sockets[1]);
	assert_ok(relevo_wait(entries, 2, TEST_PATIENCE, &ready));
	assert_true(ready == 2 && entries[0].ready && entries[1].ready);
	close(sockets[0]);
	assert_fails(relevo_wait(entries + 1, 1, 0, &ready), RELEVO_BAD_ARGUMENT, "is not open");
	entries[1].descriptor = -1;
	assert_status(relevo_wait(entries, 2, 0, &ready), RELEVO_BAD_ARGUMENT);
	child_join(child);
	relevo_pipe_close(pipe);
}

static void wait_many(void **state)
{
	struct crowd crowd;
	make_crowd(&crowd, *state);
	everything_arrives(&crowd);
	ready_and_not(*state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_CASE(wait_many),
	};
	return cmocka_run_group_tests_name("wait", tests, NULL, NULL);
}
