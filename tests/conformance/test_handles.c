/* Handles that are passed to other processes, as text. */
#include "conformance/line.h"
#include "conformance/role.h"
#include "support/kinds.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The sender writes two lines, and has closed its own handles by the time that they
 * are read. */
struct passing {
	struct stage *stage;
	int input;
	struct gate closed, done;
};

static const struct props passing_props = {
	sizeof(struct passing),
	{
		PROP(STAGE, struct passing, stage),
		PROP(DESCRIPTOR, struct passing, input),
		PROP(GATE, struct passing, closed),
		PROP(GATE, struct passing, done),
	},
};

static void read_line(int fd, char *text, size_t size)
{
	size_t used = 0;
	while (used + 1 < size && read(fd, text + used, 1) == 1 && text[used] != '\n')
		used++;
	text[used] = '\0';
}

static void use_what_comes(void *argument)
{
	struct passing *passing = argument;
	char queue_text[RELEVO_HANDLE_TEXT], lock_text[RELEVO_HANDLE_TEXT];
	relevo_session *session = stage_session(passing->stage);
	relevo_queue *queue = NULL;
	relevo_lock *lock = NULL;
	relevo_item item;
	read_line(passing->input, queue_text, sizeof queue_text);
	read_line(passing->input, lock_text, sizeof lock_text);
	gate_pass(&passing->closed);
	child_check(relevo_queue_from_text(session, queue_text, NULL, &queue) == RELEVO_OK);
	child_check(relevo_lock_from_text(session, lock_text, NULL, &lock) == RELEVO_OK);
	child_check(relevo_queue_get(queue, TEST_PATIENCE, &item) == RELEVO_OK);
	child_check(strcmp(item.data, "left by the sender") == 0);
	relevo_item_free(&item);
	child_check(relevo_lock_acquire(lock, 0, NULL) == RELEVO_OK);
	gate_open(&passing->done);
	gate_pass(&passing->closed);
	child_check(relevo_lock_release(lock) == RELEVO_OK);
	relevo_lock_close(lock);
	relevo_queue_close(queue);
	stage_leave(passing->stage);
}

static void handle_passing(void **state)
{
	struct stage *stage = *state;
	struct passing passing = { .stage = stage };
	char text[RELEVO_HANDLE_TEXT];
	int ends[2];
	relevo_queue *queue = NULL;
	relevo_lock *lock = NULL, *own = NULL;
	assert_int_equal(pipe(ends), 0);
	passing.input = ends[0];
	gate_make(&passing.closed);
	gate_make(&passing.done);
	relevo_process *child = role_start(use_what_comes, &passing_props, &passing);
	assert_ok(relevo_queue_open(stage->session, "a queue & more: 100 %", NULL, &queue));
	assert_ok(relevo_lock_open(stage->session, "sch\303\266n", NULL, &lock));
	assert_ok(relevo_queue_put(queue, "left by the sender", 18, RELEVO_FOREVER));
	assert_ok(relevo_session_flush(stage->session, TEST_PATIENCE));
	assert_ok(relevo_queue_to_text(queue, text, sizeof text));
	assert_true(dprintf(ends[1], "%s\n", text) > 0);
	assert_ok(relevo_lock_to_text(lock, text, sizeof text));
	assert_true(dprintf(ends[1], "%s\n", text) > 0);
	relevo_queue_close(queue);
	relevo_lock_close(lock);
	assert_ok(relevo_session_flush(stage->session, TEST_PATIENCE));
	gate_open(&passing.closed);
	gate_pass(&passing.done);
	/* It is the same lock. */
	assert_ok(relevo_lock_open(stage->session, "sch\303\266n", NULL, &own));
	assert_status(relevo_lock_acquire(own, 0, NULL), RELEVO_TIMED_OUT);
	gate_open(&passing.closed);
	role_join(child);
	assert_ok(relevo_lock_acquire(own, TEST_PATIENCE, NULL));
	relevo_lock_close(own);
	gate_close(&passing.closed);
	gate_close(&passing.done);
	close(ends[0]);
	close(ends[1]);
}

/* ---- through a pipe ----------------------------------------------------- */

struct posting {
	struct line line;
	struct gate closed;
};

static void use_descriptors(relevo_tuple *tuple)
{
	relevo_pipe *out = NULL, *in = NULL, *accepted = NULL;
	int connection = -1, high = -1;
	char byte = 0;
	child_check(relevo_tuple_take_pipe(tuple, 2, &out) == RELEVO_OK);
	child_check(relevo_tuple_take_pipe(tuple, 3, &in) == RELEVO_OK);
	child_check(relevo_tuple_take_descriptor(tuple, 4, &connection) == RELEVO_OK);
	child_check(relevo_tuple_take_descriptor(tuple, 5, &high) == RELEVO_OK);
	child_check(relevo_tuple_take_pipe(tuple, 6, &accepted) == RELEVO_OK);
	line_send(accepted, "by the one that came");
	relevo_pipe_close(accepted);
	child_check(relevo_pipe_sends(out) && !relevo_pipe_receives(out));
	line_send(out, "by the end that was sent");
	child_check(relevo_pipe_receives(in) && !relevo_pipe_sends(in));
	line_expect(in, "left by the sender");
	child_check(write(connection, "c", 1) == 1);
	child_check(read(high, &byte, 1) == 1 && byte == 'h');
	relevo_pipe_close(out);
	relevo_pipe_close(in);
	close(connection);
	close(high);
}

static void use_what_is_posted(void *argument)
{
	struct posting *posting = argument;
	struct stage *stage = posting->line.stage;
	relevo_session *session = stage_session(stage);
	relevo_pipe *pipe = line_there(&posting->line);
	relevo_tuple *tuple = NULL;
	relevo_queue *queue = NULL;
	relevo_lock *lock = NULL;
	relevo_item item;
	child_check(relevo_pipe_recv_tuple(pipe, TEST_PATIENCE, &tuple) == RELEVO_OK);
	gate_pass(&posting->closed);
	child_check(relevo_tuple_queue(tuple, 0, session, NULL, &queue) == RELEVO_OK);
	child_check(relevo_tuple_lock(tuple, 1, session, NULL, &lock) == RELEVO_OK);
	child_check(relevo_queue_get(queue, TEST_PATIENCE, &item) == RELEVO_OK);
	relevo_item_free(&item);
	child_check(relevo_lock_acquire(lock, 0, NULL) == RELEVO_OK);
	child_check(relevo_lock_release(lock) == RELEVO_OK);
	if (!stage->over_tcp)
		use_descriptors(tuple);
	relevo_tuple_free(tuple);
	relevo_lock_close(lock);
	relevo_queue_close(queue);
	line_send(pipe, "done");
	relevo_pipe_close(pipe);
	stage_leave(stage);
}

/* What a pipe to another process of this host can carry besides. */
struct sent {
	relevo_pipe *out[2], *in[2];
	relevo_pipe *accepted[2]; /* the listener's end, and that of who connected */
	int connection[2], high[2];
};

static void accept_one(relevo_pipe *accepted[2])
{
	relevo_listener *listener = NULL;
	assert_ok(relevo_listener_open(NULL, NULL, &listener));
	assert_ok(relevo_pipe_connect(relevo_listener_address(listener), NULL, 0, &accepted[1]));
	assert_ok(relevo_listener_accept(listener, 0, &accepted[0]));
	relevo_listener_close(listener);
}

/* One end of each, of which the sender closes his own. */
static void post_descriptors(relevo_tuple *tuple, struct sent *sent)
{
	assert_ok(relevo_pipe_pair(RELEVO_DIRECTION_RECEIVE, sent->out));
	assert_ok(relevo_pipe_pair(RELEVO_DIRECTION_RECEIVE, sent->in));
	accept_one(sent->accepted);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sent->connection), 0);
	assert_int_equal(pipe(sent->high), 0);
	int low = sent->high[0];
	sent->high[0] = fcntl(low, F_DUPFD, 300);
	assert_true(sent->high[0] >= 300);
	close(low);
	line_send(sent->in[1], "left by the sender");
	assert_int_equal(write(sent->high[1], "h", 1), 1);
	assert_ok(relevo_tuple_add_pipe(tuple, NULL, sent->out[1]));
	assert_ok(relevo_tuple_add_pipe(tuple, NULL, sent->in[0]));
	assert_ok(relevo_tuple_add_descriptor(tuple, NULL, sent->connection[1]));
	assert_ok(relevo_tuple_add_descriptor(tuple, NULL, sent->high[0]));
	assert_ok(relevo_tuple_add_pipe(tuple, NULL, sent->accepted[0]));
}

static void close_what_was_posted(struct sent *sent)
{
	relevo_pipe_close(sent->out[1]);
	relevo_pipe_close(sent->in[0]);
	relevo_pipe_close(sent->accepted[0]);
	close(sent->connection[1]);
	close(sent->high[0]);
}

static void expect_last(relevo_pipe *pipe, const char *text)
{
	void *data;
	size_t size;
	line_expect(pipe, text);
	assert_status(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size), RELEVO_END_OF_STREAM);
	relevo_pipe_close(pipe);
}

static void hear_of_what_was_posted(struct sent *sent)
{
	char byte = 0;
	expect_last(sent->out[0], "by the end that was sent");
	expect_last(sent->accepted[1], "by the one that came");
	assert_int_equal(read(sent->connection[0], &byte, 1), 1);
	assert_int_equal(byte, 'c');
	relevo_pipe_close(sent->in[1]);
	close(sent->connection[0]);
	close(sent->high[1]);
}

static void handle_passing_by_pipe(void **state)
{
	struct stage *stage = *state;
	struct posting posting = { .line = line_make(stage, "post", RELEVO_DIRECTION_BOTH) };
	struct sent sent;
	relevo_tuple *tuple = NULL;
	relevo_queue *queue = NULL;
	relevo_lock *lock = NULL;
	gate_make(&posting.closed);
	pid_t child = child_start(use_what_is_posted, &posting);
	relevo_pipe *pipe = line_here(&posting.line);
	assert_ok(relevo_queue_open(stage->session, "q", NULL, &queue));
	assert_ok(relevo_lock_open(stage->session, "l", NULL, &lock));
	assert_ok(relevo_queue_put(queue, "x", 1, RELEVO_FOREVER));
	assert_ok(relevo_tuple_new(&tuple));
	assert_ok(relevo_tuple_add_queue(tuple, NULL, queue));
	assert_ok(relevo_tuple_add_lock(tuple, NULL, lock));
	if (!stage->over_tcp)
		post_descriptors(tuple, &sent);
	assert_ok(relevo_pipe_send_tuple(pipe, tuple, TEST_PATIENCE));
	relevo_tuple_free(tuple);
	relevo_queue_close(queue);
	relevo_lock_close(lock);
	if (!stage->over_tcp)
		close_what_was_posted(&sent);
	assert_ok(relevo_session_flush(stage->session, TEST_PATIENCE));
	gate_open(&posting.closed);
	if (!stage->over_tcp)
		hear_of_what_was_posted(&sent);
	line_expect(pipe, "done");
	child_join(child);
	relevo_pipe_close(pipe);
	gate_close(&posting.closed);
}

/* Through a queue, to a process that knows nothing but the text. */
static void handle_through_a_queue(void **state)
{
	struct stage *stage = *state;
	char text[RELEVO_HANDLE_TEXT], url[256];
	relevo_queue *letters = NULL, *queue = NULL, *opened = NULL;
	relevo_session *session = NULL;
	relevo_item item;
	assert_ok(relevo_queue_open(stage->session, "letters", NULL, &letters));
	assert_ok(relevo_queue_open(stage->session, NULL, NULL, &queue));
	assert_ok(relevo_queue_to_text(queue, text, sizeof text));
	assert_ok(relevo_queue_put(letters, text, strlen(text), RELEVO_FOREVER));
	assert_ok(relevo_queue_get(letters, TEST_PATIENCE, &item));
	assert_ok(relevo_handle_url(item.data, url, sizeof url));
	assert_string_equal(url, stage->broker.url);
	assert_ok(relevo_session_open(url, NULL, &session));
	assert_ok(relevo_queue_from_text(session, item.data, NULL, &opened));
	assert_string_equal(relevo_queue_name(opened), relevo_queue_name(queue));
	relevo_item_free(&item);
	relevo_queue_close(opened);
	assert_ok(relevo_session_close(session));
	relevo_queue_close(queue);
	relevo_queue_close(letters);
}

static void handle_of_what_is_gone(void **state)
{
	struct stage *stage = *state;
	char text[RELEVO_HANDLE_TEXT];
	relevo_queue *queue = NULL, *other = NULL, *opened = NULL;
	assert_ok(relevo_queue_open(stage->session, "q", NULL, &queue));
	assert_ok(relevo_queue_to_text(queue, text, sizeof text));
	assert_ok(relevo_queue_delete(stage->session, "q"));
	assert_fails(relevo_queue_from_text(stage->session, text, NULL, &opened), RELEVO_GONE,
		     "the queue \"q\" is gone");
	/* Another one of the same name is not meant. */
	assert_ok(relevo_queue_open(stage->session, "q", NULL, &other));
	assert_status(relevo_queue_from_text(stage->session, text, NULL, &opened), RELEVO_GONE);
	relevo_queue_close(other);
	relevo_queue_close(queue);
}

/* ---- every kind ---------------------------------------------------------- */

/* A program that knows nothing but the texts, and leaves traces of having been there. */
static void use_all_texts(void *argument)
{
	const struct kind_texts *texts = argument;
	const int32_t seven = 7;
	char url[256];
	int statuses[KINDS];
	relevo_session *session = NULL;
	struct kinds all;
	child_check(relevo_handle_url(texts->of[0], url, sizeof url) == RELEVO_OK);
	child_check(relevo_session_open(url, NULL, &session) == RELEVO_OK);
	kinds_from_text(&all, session, texts, 0, statuses);
	for (int i = 0; i < KINDS; i++)
		child_check(statuses[i] == RELEVO_OK);
	child_check(relevo_lock_acquire(all.lock, 0, NULL) == RELEVO_TIMED_OUT);
	child_check(relevo_rlock_acquire(all.rlock, 0, NULL) == RELEVO_TIMED_OUT);
	child_check(relevo_semaphore_acquire(all.semaphore, 0, NULL) == RELEVO_TIMED_OUT);
	child_check(relevo_condition_acquire(all.condition, TEST_PATIENCE, NULL) == RELEVO_OK);
	child_check(relevo_condition_notify(all.condition, 1) == RELEVO_OK);
	child_check(relevo_condition_release(all.condition) == RELEVO_OK);
	child_check(relevo_event_set(all.event) == RELEVO_OK);
	child_check(relevo_barrier_abort(all.barrier) == RELEVO_OK);
	child_check(relevo_value_set(all.value, &seven, sizeof seven) == RELEVO_OK);
	child_check(relevo_array_set(all.array, 3, &seven, sizeof seven) == RELEVO_OK);
	strcpy(relevo_shared_data(all.shared), "from the other side");
	kinds_close(&all);
	child_check(relevo_session_close(session) == RELEVO_OK);
}

static void handles_of_every_kind(void **state)
{
	struct stage *stage = *state;
	struct kind_texts texts;
	struct kinds all;
	int32_t found = 0;
	bool set = false;
	assert_ok(kinds_open(&all, stage->session, "k"));
	assert_ok(kinds_to_text(&all, &texts));
	assert_ok(relevo_lock_acquire(all.lock, 0, NULL));
	assert_ok(relevo_rlock_acquire(all.rlock, 0, NULL));
	assert_ok(relevo_semaphore_acquire(all.semaphore, 0, NULL));
	assert_ok(relevo_condition_acquire(all.condition, 0, NULL));
	pid_t child = child_start(use_all_texts, &texts);
	assert_ok(relevo_condition_wait(all.condition, TEST_PATIENCE));
	assert_ok(relevo_condition_release(all.condition));
	child_join(child);
	assert_ok(relevo_event_is_set(all.event, &set));
	assert_true(set);
	assert_ok(relevo_value_get(all.value, &found, sizeof found));
	assert_int_equal(found, 7);
	assert_ok(relevo_array_get(all.array, 3, &found, sizeof found));
	assert_int_equal(found, 7);
	assert_string_equal(relevo_shared_data(all.shared), "from the other side");
	struct relevo_barrier_state barrier;
	assert_ok(relevo_barrier_inspect(all.barrier, &barrier));
	assert_true(barrier.broken);
	assert_ok(relevo_lock_release(all.lock));
	assert_ok(relevo_rlock_release(all.rlock));
	kinds_close(&all);
}

/* Each is taken for no other kind, nor for another of the same name. */
static void handles_that_are_others(void **state)
{
	struct stage *stage = *state;
	struct kind_texts texts, anew;
	struct kinds all, none;
	int statuses[KINDS];
	char small[8];
	assert_ok(kinds_open(&all, stage->session, "k"));
	assert_ok(kinds_to_text(&all, &texts));
	for (size_t first = 1; first < KINDS; first++) {
		kinds_from_text(&none, stage->session, &texts, first, statuses);
		for (int i = 0; i < KINDS; i++)
			assert_status(statuses[i], RELEVO_BAD_ARGUMENT);
	}
	assert_status(relevo_shared_to_text(all.shared, small, sizeof small), RELEVO_TOO_SHORT);
	assert_string_equal(small, "");
	kinds_close(&all);
	assert_ok(kinds_delete(stage->session, "k"));
	kinds_from_text(&none, stage->session, &texts, 0, statuses);
	for (int i = 0; i < KINDS; i++)
		assert_status(statuses[i], RELEVO_GONE);
	assert_ok(kinds_open(&all, stage->session, "k"));
	kinds_from_text(&none, stage->session, &texts, 0, statuses);
	for (int i = 0; i < KINDS; i++)
		assert_status(statuses[i], RELEVO_GONE);
	assert_ok(kinds_to_text(&all, &anew));
	kinds_from_text(&none, stage->session, &anew, 0, statuses);
	for (int i = 0; i < KINDS; i++)
		assert_status(statuses[i], RELEVO_OK);
	kinds_close(&none);
	kinds_close(&all);
}

/* ---- the text itself -------------------------------------------------------- */

static void handle_text_rules(void **state)
{
	struct stage *stage = *state;
	static const char *const wrong[] = {
		"",
		"q",
		"relevo:queue",
		"relevo:queue?url=x&name=q&broker=1",
		"relevo:queue?url=x&name=q&broker=1&id=g",
		"relevo:queue?url=x&name=%0&broker=1&id=1",
		"relevo:queue?url=x&name=%00&broker=1&id=1",
		"relevo:queue?url=x&name=q&broker=1&id=1&more=1",
		"relevo:queue?url=x&name=q&broker=11111111111111111111111&id=1",
	};
	char text[RELEVO_HANDLE_TEXT], small[20];
	relevo_queue *queue = NULL, *opened = NULL;
	relevo_lock *lock = NULL;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_fails(relevo_queue_from_text(stage->session, wrong[i], NULL, &opened),
			     RELEVO_BAD_ARGUMENT, "is no handle");
	assert_ok(relevo_queue_open(stage->session, "a b", NULL, &queue));
	assert_ok(relevo_queue_to_text(queue, text, sizeof text));
	assert_non_null(strstr(text, "&name=a%20b&"));
	assert_null(strchr(text, ' '));
	assert_fails(relevo_lock_from_text(stage->session, text, NULL, &lock), RELEVO_BAD_ARGUMENT,
		     "\"a b\" is a queue, not a lock");
	assert_status(relevo_queue_to_text(queue, small, sizeof small), RELEVO_TOO_SHORT);
	assert_string_equal(small, "");
	assert_status(relevo_handle_url(text, small, 4), RELEVO_TOO_SHORT);
	relevo_queue_close(queue);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		ROLE_CASE(handle_passing),           STAGE_CASE(handle_passing_by_pipe),
		STAGE_CASE(handle_through_a_queue),  STAGE_CASE(handle_of_what_is_gone),
		STAGE_CASE(handle_text_rules),       STAGE_CASE(handles_of_every_kind),
		STAGE_CASE(handles_that_are_others),
	};
	return cmocka_run_group_tests_name("handles", tests, cast_prepare, NULL);
}
