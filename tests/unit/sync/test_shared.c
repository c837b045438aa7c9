/* What the library makes of a broker that sends something else than memory. */
#include "sync/shared.h"

#include "support/test.h"

#include "support/leaks.h"
#include "support/wire_client.h"
#include "transport/channel.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the broker's part, in a child -------------------------------------- */

/* What comes with the answer. */
enum present { NOTHING, PIPE, UNSEALED, TOO_SMALL, TOO_LATE, MANY_AND_MEMORY, OTHER_ANSWER };

/* One descriptor with these bytes. */
static void send_with(int socket, const void *bytes, size_t size, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof fd)];
	} control = { 0 };
	struct iovec piece = { (void *)bytes, size };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(head), &fd, sizeof fd);
	assert_int_equal(sendmsg(socket, &message, MSG_NOSIGNAL), size);
}

static int memory_of(uint64_t size)
{
	const struct memory_plan plan = { .size = size };
	int fd = -1;
	assert_int_equal(memory_create(&plan, &fd, NULL), RELEVO_OK);
	return fd;
}

static int unsealed(void)
{
	int fd = memfd_create("bad", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	return fd;
}

/* Frames that mean nothing to the client, each with a descriptor. */
static void send_gifts(struct wire_client *client)
{
	Relevo__Confirm confirm = RELEVO__CONFIRM__INIT;
	Relevo__Header header = WIRE_HEADER(CONFIRM, confirm, &confirm);
	struct buffer frame = wire_encode(&header, NULL);
	for (int i = 0; i < 50; i++)
		send_with(client->fd, buffer_data(&frame), buffer_size(&frame), STDIN_FILENO);
	buffer_fini(&frame);
}

static void send_present(struct wire_client *client, enum present present,
			 const struct buffer *frame)
{
	const uint8_t *bytes = buffer_data(frame);
	size_t size = buffer_size(frame);
	int pipe_ends[2];
	if (present == NOTHING || present == OTHER_ANSWER) {
		wire_send_bytes(client, bytes, size);
		return;
	}
	if (present == TOO_LATE) {
		wire_send_bytes(client, bytes, 1);
		send_with(client->fd, bytes + 1, 1, memory_of(100));
	} else if (present == PIPE) {
		assert_int_equal(pipe(pipe_ends), 0);
		send_with(client->fd, bytes, 1, pipe_ends[0]);
	} else {
		send_with(client->fd, bytes, 1,
			  present == UNSEALED    ? unsealed()
			  : present == TOO_SMALL ? memory_of(99)
						 : memory_of(100));
	}
	size_t sent = present == TOO_LATE ? 2 : 1;
	wire_send_bytes(client, bytes + sent, size - sent);
}

static void answer(struct wire_client *client, uint64_t call, enum present present)
{
	Relevo__Done done = RELEVO__DONE__INIT;
	Relevo__SharedOpened opened = RELEVO__SHARED_OPENED__INIT;
	opened.shared = 1;
	opened.name = (char *)"m";
	opened.size = 100;
	Relevo__Header header = WIRE_HEADER(SHARED_OPENED, shared_opened, &opened);
	if (present == OTHER_ANSWER) {
		header.op_case = RELEVO__HEADER__OP_DONE;
		header.done = &done;
	}
	header.call = call;
	struct buffer frame = wire_encode(&header, NULL);
	if (present == MANY_AND_MEMORY)
		send_gifts(client);
	send_present(client, present, &frame);
	buffer_fini(&frame);
}

static void welcome(struct wire_client *client, uint64_t call)
{
	Relevo__Welcome message = RELEVO__WELCOME__INIT;
	message.version = PROTOCOL_VERSION;
	message.max_item = ITEM_MAX_DEFAULT;
	message.max_frame = FRAME_MAX_FOR(ITEM_MAX_DEFAULT);
	message.window = WINDOW_DEFAULT;
	Relevo__Header header = WIRE_HEADER(WELCOME, welcome, &message);
	header.call = call;
	struct buffer frame = wire_encode(&header, NULL);
	wire_send_bytes(client, buffer_data(&frame), buffer_size(&frame));
	buffer_fini(&frame);
}

static void done(struct wire_client *client, uint64_t call)
{
	Relevo__Done message = RELEVO__DONE__INIT;
	Relevo__Header header = WIRE_HEADER(DONE, done, &message);
	header.call = call;
	struct buffer frame = wire_encode(&header, NULL);
	wire_send_bytes(client, buffer_data(&frame), buffer_size(&frame));
	buffer_fini(&frame);
}

static void serve(int socket, enum present present)
{
	struct wire_client client = { .fd = socket };
	assert_true(arena_init(&client.arena, ARENA_LIMIT_FOR_HEADERS));
	for (;;) {
		const Relevo__Header *header = wire_receive(&client)->header;
		uint64_t call = header->call;
		if (header->op_case == RELEVO__HEADER__OP_HELLO)
			welcome(&client, call);
		else if (header->op_case == RELEVO__HEADER__OP_SHARED_OPEN)
			answer(&client, call, present);
		else
			done(&client, call);
		if (header->op_case == RELEVO__HEADER__OP_GOODBYE)
			_exit(EXIT_SUCCESS);
	}
}

/* ---- the library's part ------------------------------------------------- */

static pid_t start_broker(enum present present, char *url, size_t size)
{
	struct address address;
	struct sockaddr_un name;
	snprintf(url, size, "abstract://relevo-test-shared-%d", (int)getpid());
	assert_int_equal(address_parse(url, &address, NULL), RELEVO_OK);
	socklen_t length = address_to_unix(&address, &name);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&name, length), 0);
	assert_int_equal(listen(listener, 1), 0);
	pid_t child = fork();
	if (child == 0)
		serve(accept(listener, NULL, NULL), present);
	close(listener);
	return child;
}

/* Open memory at a broker that sends this with its answer. */
static int open_given(enum present present)
{
	char url[64];
	int outcome;
	relevo_session *session = NULL;
	relevo_shared *shared = NULL;
	pid_t broker = start_broker(present, url, sizeof url);
	assert_int_equal(relevo_session_open(url, NULL, &session), RELEVO_OK);
	int status = relevo_shared_open(session, "m", 100, NULL, &shared);
	assert_true((status == RELEVO_OK) == (shared != NULL));
	assert_true(status == RELEVO_OK || relevo_error_detail()[0] != '\0');
	relevo_shared_close(shared);
	/* The session is as good as before. */
	assert_int_equal(relevo_session_flush(session, 10000), RELEVO_OK);
	assert_int_equal(relevo_session_close(session), RELEVO_OK);
	assert_int_equal(waitpid(broker, &outcome, 0), broker);
	assert_int_equal(outcome, 0);
	return status;
}

static void test_an_answer_without_a_descriptor(void **state)
{
	(void)state;
	assert_int_equal(open_given(NOTHING), RELEVO_LIMIT);
}

static void test_a_descriptor_at_another_place(void **state)
{
	(void)state;
	assert_int_equal(open_given(TOO_LATE), RELEVO_LIMIT);
}

static void test_what_is_no_memory_is_not_mapped(void **state)
{
	(void)state;
	assert_int_equal(open_given(PIPE), RELEVO_BAD_STATE);
	assert_int_equal(open_given(UNSEALED), RELEVO_BAD_STATE);
	assert_int_equal(open_given(TOO_SMALL), RELEVO_BAD_STATE);
}

static void test_descriptors_that_nobody_wants_are_closed(void **state)
{
	(void)state;
	assert_int_equal(open_given(MANY_AND_MEMORY), RELEVO_OK);
}

static void test_an_answer_to_something_else(void **state)
{
	(void)state;
	assert_int_equal(open_given(OTHER_ANSWER), RELEVO_BAD_FRAME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_an_answer_without_a_descriptor),
		leaks_unit_test(test_a_descriptor_at_another_place),
		leaks_unit_test(test_what_is_no_memory_is_not_mapped),
		leaks_unit_test(test_descriptors_that_nobody_wants_are_closed),
		leaks_unit_test(test_an_answer_to_something_else),
	};
	return cmocka_run_group_tests_name("shared", tests, NULL, NULL);
}
