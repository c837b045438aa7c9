/* Handles that are passed to other processes, as text. */
#include "conformance/role.h"

#include <stdlib.h>
#include <string.h>
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
	child_check(relevo_queue_get(queue, &item, TEST_PATIENCE) == RELEVO_OK);
	child_check(strcmp(item.data, "left by the sender") == 0);
	relevo_item_free(&item);
	child_check(relevo_lock_try(lock, NULL) == RELEVO_OK);
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
	assert_ok(relevo_flush(stage->session, TEST_PATIENCE));
	assert_ok(relevo_queue_to_text(queue, text, sizeof text));
	assert_true(dprintf(ends[1], "%s\n", text) > 0);
	assert_ok(relevo_lock_to_text(lock, text, sizeof text));
	assert_true(dprintf(ends[1], "%s\n", text) > 0);
	relevo_queue_close(queue);
	relevo_lock_close(lock);
	assert_ok(relevo_flush(stage->session, TEST_PATIENCE));
	gate_open(&passing.closed);
	gate_pass(&passing.done);
	/* It is the same lock. */
	assert_ok(relevo_lock_open(stage->session, "sch\303\266n", NULL, &own));
	assert_status(relevo_lock_try(own, NULL), RELEVO_TIMED_OUT);
	gate_open(&passing.closed);
	role_join(child);
	assert_ok(relevo_lock_acquire(own, TEST_PATIENCE, NULL));
	relevo_lock_close(own);
	gate_close(&passing.closed);
	gate_close(&passing.done);
	close(ends[0]);
	close(ends[1]);
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
	assert_ok(relevo_queue_get(letters, &item, TEST_PATIENCE));
	assert_ok(relevo_text_url(item.data, url, sizeof url));
	assert_string_equal(url, stage->broker.url);
	assert_ok(relevo_open(url, NULL, &session));
	assert_ok(relevo_queue_from_text(session, item.data, NULL, &opened));
	assert_string_equal(relevo_queue_name(opened), relevo_queue_name(queue));
	relevo_item_free(&item);
	relevo_queue_close(opened);
	assert_ok(relevo_close(session));
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
	assert_status(relevo_text_url(text, small, 4), RELEVO_TOO_SHORT);
	relevo_queue_close(queue);
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	const struct CMUnitTest tests[] = {
		ROLE_CASE(handle_passing),
		STAGE_CASE(handle_through_a_queue),
		STAGE_CASE(handle_of_what_is_gone),
		STAGE_CASE(handle_text_rules),
	};
	return cmocka_run_group_tests_name("handles", tests, cast_prepare, NULL);
}
