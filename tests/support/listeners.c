/* Listeners, pipes over them, and children that connect to them. */
#include "support/listeners.h"

#include <sys/mman.h>

relevo_listener *listener_at_any_port(const char *key_file)
{
	const struct relevo_listener_options options = { .key_file = key_file };
	relevo_listener *listener = NULL;
	assert_ok(relevo_listener_open("tcp://127.0.0.1:0", &options, &listener));
	return listener;
}

void pipe_expect_end(relevo_pipe *pipe)
{
	void *data;
	size_t size;
	assert_status(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size), RELEVO_END_OF_STREAM);
}

void pipe_expect_talk(relevo_pipe *one, relevo_pipe *other)
{
	pipe_send_text(one, "to the other");
	pipe_expect_text(other, "to the other");
	pipe_send_text(other, "and back");
	pipe_expect_text(one, "and back");
	relevo_pipe_close(one);
	relevo_pipe_close(other);
}

/* ---- children that are there before -------------------------------------- */

enum { ADDRESS_ROOM = 128 };

void early_start(struct early *early, void (*body)(void *early))
{
	char *shared = mmap(NULL, 2 * ADDRESS_ROOM, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	early->address = shared;
	early->key_file = shared + ADDRESS_ROOM;
	gate_make(&early->gate);
	early->child = child_start(body, early);
}

void early_go(struct early *early, const relevo_listener *listener, const char *key_file)
{
	snprintf(early->address, ADDRESS_ROOM, "%s", relevo_listener_address(listener));
	snprintf(early->key_file, ADDRESS_ROOM, "%s", key_file);
	gate_open(&early->gate);
}

void early_end(struct early *early)
{
	child_join(early->child);
	gate_close(&early->gate);
	munmap(early->address, 2 * ADDRESS_ROOM);
}

relevo_pipe *early_connect(struct early *early)
{
	const struct relevo_listener_options options = { .key_file = early->key_file };
	relevo_pipe *pipe = NULL;
	gate_pass(&early->gate);
	child_check(relevo_pipe_connect(early->address, &options, TEST_PATIENCE, &pipe) ==
		    RELEVO_OK);
	return pipe;
}
