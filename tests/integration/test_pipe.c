/* Pipes between processes of one host. */
#include "support/pipes.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { LARGE = 16 * 1024 * 1024 };

/* What several processes have received. */
static _Atomic int *received;

static bool ready_now(relevo_pipe *pipe)
{
	bool ready = false;
	assert_ok(relevo_pipe_poll(pipe, 0, &ready));
	return ready;
}

/* ---- messages ----------------------------------------------------------- */

static void messages_go_both_ways(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	pipe_send_text(made.ends[0], "there");
	pipe_send_text(made.ends[1], "and back");
	pipe_send_text(made.ends[0], "again");
	pipe_expect_text(made.ends[1], "there");
	pipe_expect_text(made.ends[1], "again");
	pipe_expect_text(made.ends[0], "and back");
	close_both(&made);
	relevo_pipe_close(NULL);
}

static void empty_messages_count(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	char byte = 'x';
	size_t got = 7;
	assert_false(ready_now(made.ends[1]));
	assert_ok(relevo_pipe_send(made.ends[0], NULL, 0, 0));
	pipe_send_text(made.ends[0], "");
	pipe_send_text(made.ends[0], "last");
	assert_true(ready_now(made.ends[1]) && ready_now(made.ends[1]));
	pipe_expect_text(made.ends[1], "");
	assert_ok(relevo_pipe_recv_into(made.ends[1], 0, &byte, 1, &got));
	assert_int_equal(got, 0);
	assert_int_equal(byte, 'x');
	pipe_expect_text(made.ends[1], "last");
	assert_false(ready_now(made.ends[1]));
	close_both(&made);
}

/* Around where messages change their form, and far beyond. */
static void send_sizes(void *argument)
{
	struct ends *made = argument;
	static const size_t sizes[] = { 1,     4095,  8192,  8193,    65535,
					65536, 65537, 70000, 1000000, LARGE };
	uint8_t *bytes = malloc(LARGE);
	for (uint32_t i = 0; i < 10; i++) {
		pattern_fill(bytes, sizes[i], i);
		child_check(relevo_pipe_send(made->ends[1], bytes, sizes[i], TEST_PATIENCE) ==
			    RELEVO_OK);
	}
	free(bytes);
}

static void sizes_up_to_the_limit(void **state)
{
	(void)state;
	static const size_t sizes[] = { 1,     4095,  8192,  8193,    65535,
					65536, 65537, 70000, 1000000, LARGE };
	for (int into = 0; into < 2; into++) {
		struct ends made = pipe_of(RELEVO_DIRECTION_RECEIVE);
		pid_t child = child_start(send_sizes, &made);
		uint8_t *room = malloc(LARGE);
		for (uint32_t i = 0; i < 10; i++) {
			void *data = room;
			size_t got = 0;
			if (into)
				assert_ok(relevo_pipe_recv_into(made.ends[0], TEST_PATIENCE, room,
								LARGE, &got));
			else
				assert_ok(relevo_pipe_recv(made.ends[0], RELEVO_FOREVER, &data,
							   &got));
			assert_int_equal(got, sizes[i]);
			assert_true(pattern_holds(data, got, i));
			if (data != room)
				free(data);
		}
		free(room);
		child_join(child);
		close_both(&made);
	}
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	char byte;
	assert_fails(relevo_pipe_send(made.ends[0], &byte, RELEVO_PIPE_MAX + 1, 0),
		     RELEVO_TOO_LARGE, "are the most");
	close_both(&made);
}

static void too_short_keeps_the_message(void **state)
{
	(void)state;
	static const size_t sizes[] = { 100, 65536, 200000 };
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	uint8_t *bytes = malloc(200000), *room = malloc(200000);
	for (uint32_t i = 0; i < 3; i++) {
		size_t got = 0;
		pattern_fill(bytes, sizes[i], i);
		assert_ok(relevo_pipe_send(made.ends[0], bytes, sizes[i], 0));
		pipe_send_text(made.ends[0], "next");
		assert_fails(relevo_pipe_recv_into(made.ends[1], 0, room, sizes[i] - 1, &got),
			     RELEVO_TOO_SHORT, "room for");
		assert_int_equal(got, sizes[i]);
		assert_true(ready_now(made.ends[1]));
		assert_status(relevo_pipe_recv_into(made.ends[1], 0, room, 0, &got),
			      RELEVO_TOO_SHORT);
		assert_ok(relevo_pipe_recv_into(made.ends[1], 0, room, sizes[i], &got));
		assert_int_equal(got, sizes[i]);
		assert_true(pattern_holds(room, got, i));
		pipe_expect_text(made.ends[1], "next");
		assert_false(ready_now(made.ends[1]));
	}
	free(bytes);
	free(room);
	close_both(&made);
}

static void hear_nothing(void *argument)
{
	struct ends *made = argument;
	void *data;
	size_t size;
	child_check(relevo_pipe_recv(made->ends[1], 0, &data, &size) == RELEVO_TIMED_OUT);
}

static void what_was_kept_is_not_a_childs(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	size_t got;
	pipe_send_text(made.ends[0], "for the parent");
	assert_status(relevo_pipe_recv_into(made.ends[1], 0, NULL, 0, &got), RELEVO_TOO_SHORT);
	child_join(child_start(hear_nothing, &made));
	pipe_expect_text(made.ends[1], "for the parent");
	/* One that is closed with it leaves nothing behind. */
	pipe_send_text(made.ends[0], "for nobody");
	assert_status(relevo_pipe_recv_into(made.ends[1], 0, NULL, 0, &got), RELEVO_TOO_SHORT);
	close_both(&made);
}

static void parts_of_a_buffer(void **state)
{
	(void)state;
	static const struct {
		int64_t offset, size;
	} wrong[] = { { -1, 1 }, { 0, 7 },         { 7, -1 },       { 6, 1 },
		      { 2, -2 }, { INT64_MAX, 1 }, { 1, INT64_MAX } };
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_fails(relevo_pipe_send_part(made.ends[0], "abcdef", 6, wrong[i].offset,
						   wrong[i].size, 0),
			     RELEVO_BAD_ARGUMENT, "no part of 6");
	}
	assert_false(ready_now(made.ends[1]));
	assert_ok(relevo_pipe_send_part(made.ends[0], "abcdef", 6, 2, -1, 0));
	assert_ok(relevo_pipe_send_part(made.ends[0], "abcdef", 6, 2, 3, 0));
	assert_ok(relevo_pipe_send_part(made.ends[0], "abcdef", 6, 6, 0, 0));
	assert_ok(relevo_pipe_send_part(made.ends[0], "abcdef", 6, 6, -1, 0));
	pipe_expect_text(made.ends[1], "cdef");
	pipe_expect_text(made.ends[1], "cde");
	pipe_expect_text(made.ends[1], "");
	pipe_expect_text(made.ends[1], "");
	close_both(&made);
}

/* ---- time-outs ---------------------------------------------------------- */

static void waiting_takes_its_time(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	void *data;
	size_t size;
	bool ready = true;
	int64_t start = test_now();
	assert_status(relevo_pipe_recv(made.ends[0], 0, &data, &size), RELEVO_TIMED_OUT);
	assert_between(test_now() - start, 0, 100);
	start = test_now();
	assert_status(relevo_pipe_recv(made.ends[0], 200, &data, &size), RELEVO_TIMED_OUT);
	assert_between(test_now() - start, 199, 700);
	start = test_now();
	assert_ok(relevo_pipe_poll(made.ends[0], 200, &ready));
	assert_false(ready);
	assert_between(test_now() - start, 199, 700);
	assert_status(relevo_pipe_poll(made.ends[0], -2, &ready), RELEVO_BAD_ARGUMENT);
	assert_status(relevo_pipe_recv(made.ends[0], -2, &data, &size), RELEVO_BAD_ARGUMENT);
	assert_status(relevo_pipe_send(made.ends[0], "", 0, -2), RELEVO_BAD_ARGUMENT);
	close_both(&made);
}

/* Nobody reads: it becomes full, and not of gigabytes. */
static void a_full_pipe_holds_its_sender(void **state)
{
	(void)state;
	static const size_t sizes[] = { 1, 60000, 1000000 };
	uint8_t *bytes = calloc(1, 1000000);
	for (int i = 0; i < 3; i++) {
		struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
		int sent = 0, status;
		while ((status = relevo_pipe_send(made.ends[0], bytes, sizes[i], 0)) == RELEVO_OK)
			sent++;
		assert_int_equal(status, RELEVO_TIMED_OUT);
		assert_in_range(sent, 1, i == 2 ? 16 : 10000);
		int64_t start = test_now();
		assert_status(relevo_pipe_send(made.ends[0], bytes, sizes[i], 100),
			      RELEVO_TIMED_OUT);
		assert_between(test_now() - start, 99, 600);
		for (; sent > 0; sent--) {
			void *data;
			size_t size;
			assert_ok(relevo_pipe_recv(made.ends[1], 0, &data, &size));
			assert_int_equal(size, sizes[i]);
			free(data);
		}
		assert_false(ready_now(made.ends[1]));
		close_both(&made);
	}
	free(bytes);
}

/* ---- directions and ends ------------------------------------------------ */

static void one_way_rules(void **state)
{
	(void)state;
	for (int turned = 0; turned < 2; turned++) {
		struct ends made =
			pipe_of(turned ? RELEVO_DIRECTION_SEND : RELEVO_DIRECTION_RECEIVE);
		relevo_pipe *in = made.ends[turned], *out = made.ends[!turned];
		void *data;
		size_t size;
		bool ready;
		assert_true(relevo_pipe_receives(in) && !relevo_pipe_sends(in));
		assert_true(relevo_pipe_sends(out) && !relevo_pipe_receives(out));
		assert_fails(relevo_pipe_send(in, "x", 1, 0), RELEVO_BAD_STATE, "only receives");
		assert_fails(relevo_pipe_recv(out, 0, &data, &size), RELEVO_BAD_STATE,
			     "only sends");
		assert_status(relevo_pipe_recv_into(out, 0, NULL, 0, &size), RELEVO_BAD_STATE);
		assert_status(relevo_pipe_poll(out, 0, &ready), RELEVO_BAD_STATE);
		pipe_send_text(out, "through");
		pipe_expect_text(in, "through");
		close_both(&made);
	}
	relevo_pipe *ends[2];
	assert_status(relevo_pipe_pair((enum relevo_direction)3, ends), RELEVO_BAD_ARGUMENT);
}

static void the_end_comes_last(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	void *data;
	size_t size;
	/* It is told even if the one who closes has left something unread. */
	pipe_send_text(made.ends[1], "never read");
	pipe_send_text(made.ends[0], "first");
	pipe_send_text(made.ends[0], "last");
	relevo_pipe_close(made.ends[0]);
	pipe_expect_text(made.ends[1], "first");
	pipe_expect_text(made.ends[1], "last");
	assert_true(ready_now(made.ends[1]));
	assert_status(relevo_pipe_recv(made.ends[1], RELEVO_FOREVER, &data, &size),
		      RELEVO_END_OF_STREAM);
	assert_status(relevo_pipe_recv_into(made.ends[1], 0, NULL, 0, &size), RELEVO_END_OF_STREAM);
	assert_status(relevo_pipe_send(made.ends[1], "x", 1, 0), RELEVO_END_OF_STREAM);
	assert_status(relevo_pipe_send(made.ends[1], "x", 1, RELEVO_FOREVER), RELEVO_END_OF_STREAM);
	relevo_pipe_close(made.ends[1]);
}

static void after_hanging_up(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	relevo_tuple *tuple = NULL;
	void *data;
	size_t size;
	bool ready;
	int fd;
	assert_ok(relevo_tuple_new(&tuple));
	relevo_pipe_hang_up(made.ends[0]);
	relevo_pipe_hang_up(made.ends[0]);
	assert_status(relevo_pipe_send(made.ends[0], "x", 1, 0), RELEVO_CLOSED);
	assert_status(relevo_pipe_recv(made.ends[0], 0, &data, &size), RELEVO_CLOSED);
	assert_status(relevo_pipe_recv_into(made.ends[0], 0, NULL, 0, &size), RELEVO_CLOSED);
	assert_status(relevo_pipe_poll(made.ends[0], 0, &ready), RELEVO_CLOSED);
	assert_status(relevo_pipe_fd(made.ends[0], &fd), RELEVO_CLOSED);
	assert_status(relevo_pipe_send_tuple(made.ends[0], tuple, 0), RELEVO_CLOSED);
	assert_status(relevo_pipe_recv_tuple(made.ends[0], 0, &tuple), RELEVO_CLOSED);
	assert_status(relevo_tuple_add_pipe(tuple, NULL, made.ends[0]), RELEVO_CLOSED);
	assert_status(relevo_pipe_recv(made.ends[1], 0, &data, &size), RELEVO_END_OF_STREAM);
	relevo_tuple_free(tuple);
	close_both(&made);
}

static void a_scope_hangs_up(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	void *data;
	size_t size;
	for (int i = 0; i < 2; i++) {
		RELEVO_PIPE_SCOPED(end, made.ends[0]);
		if (i == 1)
			break;
		RELEVO_PIPE_SCOPED(other, made.ends[1]);
		pipe_send_text(end, "inside");
		pipe_expect_text(other, "inside");
	}
	assert_status(relevo_pipe_send(made.ends[0], "x", 1, 0), RELEVO_CLOSED);
	assert_status(relevo_pipe_recv(made.ends[1], 0, &data, &size), RELEVO_CLOSED);
	close_both(&made);
}

/* ---- several on one end ------------------------------------------------- */

enum { WRITERS = 3, EACH = 300, LONGEST = 150000 };

/* Each message tells in its first byte how it goes on. */
static void send_many(void *argument)
{
	struct ends *made = argument;
	uint8_t *bytes = malloc(LONGEST);
	for (int i = 0; i < EACH; i++) {
		size_t size = (size_t)(i % 3 == 0 ? LONGEST - i : 1 + i * 7);
		memset(bytes, i % 250, size);
		child_check(relevo_pipe_send(made->ends[0], bytes, size, RELEVO_FOREVER) ==
			    RELEVO_OK);
	}
	free(bytes);
}

static void receive_all(void *argument)
{
	struct ends *made = argument;
	relevo_pipe_close(made->ends[0]);
	void *data;
	size_t size;
	int status;
	while ((status = relevo_pipe_recv(made->ends[1], RELEVO_FOREVER, &data, &size)) ==
	       RELEVO_OK) {
		const uint8_t *bytes = data;
		child_check(size > 0);
		for (size_t i = 1; i < size; i++)
			child_check(bytes[i] == bytes[0]);
		free(data);
		++*received;
	}
	child_check(status == RELEVO_END_OF_STREAM);
}

static void processes_share_ends(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	pid_t writers[WRITERS], readers[2];
	received = mmap(NULL, sizeof *received, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	for (int i = 0; i < WRITERS; i++)
		writers[i] = child_start(send_many, &made);
	for (int i = 0; i < 2; i++)
		readers[i] = child_start(receive_all, &made);
	close_both(&made);
	for (int i = 0; i < WRITERS; i++)
		child_join(writers[i]);
	for (int i = 0; i < 2; i++)
		child_join(readers[i]);
	assert_int_equal(*received, WRITERS * EACH);
	munmap(received, sizeof *received);
}

struct taking {
	relevo_pipe *pipe;
	_Atomic int messages;
	_Atomic int64_t sum;
};

static void *take_until_the_end(void *argument)
{
	struct taking *taking = argument;
	int64_t number;
	size_t got;
	while (relevo_pipe_recv_into(taking->pipe, RELEVO_FOREVER, &number, sizeof number, &got) ==
	       RELEVO_OK) {
		taking->messages++;
		taking->sum += number;
	}
	return NULL;
}

static void threads_share_an_end(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	struct taking taking = { .pipe = made.ends[1] };
	pthread_t threads[3];
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, take_until_the_end, &taking);
	for (int64_t i = 0; i < 1000; i++)
		assert_ok(relevo_pipe_send(made.ends[0], &i, sizeof i, TEST_PATIENCE));
	relevo_pipe_close(made.ends[0]);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(taking.messages, 1000);
	assert_int_equal(taking.sum, 999 * 1000 / 2);
	relevo_pipe_close(made.ends[1]);
}

/* ---- strangers ---------------------------------------------------------- */

/* What is sent past the library is refused, and the pipe goes on. */
static void foreign_bytes_are_refused(void **state)
{
	(void)state;
	struct ends made = pipe_of(RELEVO_DIRECTION_BOTH);
	static const char junk[70000] = "junk";
	static const size_t sizes[] = { 1, 15, 16, 17, 4096, 65600 };
	void *data;
	size_t size;
	int fd;
	assert_ok(relevo_pipe_fd(made.ends[0], &fd));
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		assert_int_equal(send(fd, junk, sizes[i], 0), sizes[i]);
		assert_status(relevo_pipe_recv(made.ends[1], 0, &data, &size), RELEVO_BAD_FRAME);
	}
	/* A large message whose rest does not come, and one that lies about its size. */
	struct {
		uint32_t magic, fds;
		uint64_t size;
		char bytes[65536];
	} *head = calloc(1, sizeof *head);
	head->magic = 0x52765069;
	head->size = 100000;
	assert_int_equal(send(fd, head, sizeof *head, 0), sizeof *head);
	assert_status(relevo_pipe_recv(made.ends[1], 0, &data, &size), RELEVO_BAD_FRAME);
	head->size = UINT64_MAX;
	assert_int_equal(send(fd, head, sizeof *head, 0), sizeof *head);
	assert_status(relevo_pipe_recv(made.ends[1], 0, &data, &size), RELEVO_BAD_FRAME);
	head->size = 10;
	assert_int_equal(send(fd, head, 20, 0), 20);
	assert_status(relevo_pipe_recv(made.ends[1], 0, &data, &size), RELEVO_BAD_FRAME);
	head->fds = 3;
	assert_int_equal(send(fd, head, 26, 0), 26);
	assert_status(relevo_pipe_recv(made.ends[1], 0, &data, &size), RELEVO_BAD_FRAME);
	free(head);
	pipe_send_text(made.ends[0], "still");
	pipe_expect_text(made.ends[1], "still");
	close_both(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(messages_go_both_ways),
		leaks_unit_test(empty_messages_count),
		leaks_unit_test(sizes_up_to_the_limit),
		leaks_unit_test(too_short_keeps_the_message),
		leaks_unit_test(what_was_kept_is_not_a_childs),
		leaks_unit_test(parts_of_a_buffer),
		leaks_unit_test(waiting_takes_its_time),
		leaks_unit_test(a_full_pipe_holds_its_sender),
		leaks_unit_test(one_way_rules),
		leaks_unit_test(the_end_comes_last),
		leaks_unit_test(after_hanging_up),
		leaks_unit_test(a_scope_hangs_up),
		leaks_unit_test(processes_share_ends),
		leaks_unit_test(threads_share_an_end),
		leaks_unit_test(foreign_bytes_are_refused),
	};
	return cmocka_run_group_tests_name("pipe", tests, NULL, NULL);
}
