/* shared.proto, conversation by conversation. */
#include "transcript/scene.h"

#include "transport/memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- calls ------------------------------------------------------------- */

static uint64_t send_open(struct wire_client *client, Relevo__SharedOpen *open, const char *initial)
{
	uint32_t size = (uint32_t)strlen(initial);
	Relevo__Header header = WIRE_HEADER(SHARED_OPEN, shared_open, open);
	header.sizes = &size;
	header.n_sizes = size > 0;
	return wire_send(client, &header, initial);
}

static uint64_t send_open_name(struct wire_client *client, const char *name, uint64_t size)
{
	Relevo__SharedOpen open = RELEVO__SHARED_OPEN__INIT;
	open.name = (char *)name;
	open.size = size;
	return send_open(client, &open, "");
}

static uint64_t send_close(struct wire_client *client, uint32_t handle)
{
	Relevo__SharedClose close_it = RELEVO__SHARED_CLOSE__INIT;
	close_it.shared = handle;
	Relevo__Header header = WIRE_HEADER(SHARED_CLOSE, shared_close, &close_it);
	return wire_send(client, &header, NULL);
}

static uint64_t send_delete(struct wire_client *client, const char *name)
{
	Relevo__SharedDelete delete_it = RELEVO__SHARED_DELETE__INIT;
	delete_it.name = (char *)name;
	Relevo__Header header = WIRE_HEADER(SHARED_DELETE, shared_delete, &delete_it);
	return wire_send(client, &header, NULL);
}

/* Open it, look at its memory; the handle. */
static uint32_t open_and_map(struct wire_client *client, uint64_t call, struct memory *memory)
{
	int fd = wire_receive_descriptor(client);
	assert_true(fd >= 0);
	const Relevo__SharedOpened *opened =
		wire_expect(client, call, RELEVO__HEADER__OP_SHARED_OPENED)->shared_opened;
	assert_int_equal(memory_map(fd, opened->size, memory, NULL), RELEVO_OK);
	close(fd);
	return opened->shared;
}

/* ---- the broker's descriptors ------------------------------------------ */

static int descriptors_of(const struct test_broker *broker)
{
	char path[64];
	int count = 0;
	snprintf(path, sizeof path, "/proc/%d/fd", (int)broker->pid);
	DIR *folder = opendir(path);
	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

/* The broker notices the end of a connection in its own time. */
static void expect_descriptors(struct scene *scene, int count)
{
	nsec_t patience = clock_now() + WIRE_MSEC * NSEC_PER_MSEC;
	while (descriptors_of(&scene->broker) != count && clock_now() < patience)
		wire_round_trip(&scene->bystander, scene->beside);
	assert_int_equal(descriptors_of(&scene->broker), count);
}

/* ---- the conversation -------------------------------------------------- */

static void test_two_sessions_get_the_same_memory(void **state)
{
	struct scene *scene = *state;
	struct memory first, second;
	Relevo__SharedOpen open = RELEVO__SHARED_OPEN__INIT;
	open.name = (char *)"m";
	open.size = 100;
	int before = descriptors_of(&scene->broker);
	uint32_t handle =
		open_and_map(&scene->client, send_open(&scene->client, &open, "begin"), &first);
	open_and_map(&scene->bystander, send_open(&scene->bystander, &open, "other"), &second);
	assert_string_equal(memory_data(&first), "begin");
	assert_string_equal(memory_data(&second), "begin");
	strcpy(memory_data(&first), "changed");
	assert_string_equal(memory_data(&second), "changed");
	assert_int_equal(descriptors_of(&scene->broker), before + 1);
	wire_expect_done(&scene->client, send_close(&scene->client, handle), 0);
	uint64_t call = send_close(&scene->client, handle);
	wire_expect_failure(&scene->client, call, RELEVO_BAD_ARGUMENT, "no shared memory");
	wire_expect_done(&scene->client, send_delete(&scene->client, "m"), 0);
	call = send_delete(&scene->client, "m");
	wire_expect_failure(&scene->client, call, RELEVO_NOT_FOUND, "\"m\"");
	assert_int_equal(descriptors_of(&scene->broker), before);
	memory_unmap(&first);
	strcpy(memory_data(&second), "still there");
	memory_unmap(&second);
}

static void expect_refused(struct scene *scene, Relevo__SharedOpen *open, const char *initial,
			   const char *text)
{
	uint64_t call = send_open(&scene->client, open, initial);
	wire_expect_failure(&scene->client, call, RELEVO_BAD_ARGUMENT, text);
}

static void test_bad_requests_are_named(void **state)
{
	struct scene *scene = *state;
	Relevo__SharedOpen open = RELEVO__SHARED_OPEN__INIT;
	open.name = (char *)"m";
	expect_refused(scene, &open, "", "shared memory of 0");
	open.size = 3;
	expect_refused(scene, &open, "four", "4 bytes do not fit");
	open.mode = (Relevo__OpenMode)9;
	expect_refused(scene, &open, "", "mode 9");
	open.mode = RELEVO__OPEN_MODE__OPEN_OR_CREATE;
	open.lifetime = (Relevo__Lifetime)-1;
	expect_refused(scene, &open, "", "lifetime -1");
	open.lifetime = RELEVO__LIFETIME__LIFETIME_KEPT;
	uint32_t sizes[2] = { 1, 1 };
	Relevo__Header header = WIRE_HEADER(SHARED_OPEN, shared_open, &open);
	header.sizes = sizes;
	header.n_sizes = 2;
	uint64_t call = wire_send(&scene->client, &header, "ab");
	wire_expect_failure(&scene->client, call, RELEVO_BAD_ARGUMENT, "2 bodies");
	call = send_open_name(&scene->client, "a\nb", 10);
	wire_expect_failure(&scene->client, call, RELEVO_BAD_NAME, "");
	call = send_open_name(&scene->client, "m", UINT64_MAX);
	wire_expect_failure(&scene->client, call, RELEVO_QUOTA, "18446744073709551615");
}

static int setup_tcp(void **state)
{
	static const char *const arguments[] = { "--listen", "tcp://127.0.0.1:0", NULL };
	return scene_setup_with(state, arguments);
}

static void test_not_over_a_network(void **state)
{
	struct scene *scene = *state;
	struct wire_client remote;
	wire_connect(&remote, scene->broker.more);
	wire_hello(&remote);
	uint64_t call = send_open_name(&remote, "m", 10);
	wire_expect_failure(&remote, call, RELEVO_NOT_LOCAL, "ipc://");
	wire_close(&remote);
}

static int setup_small(void **state)
{
	static const char *const arguments[] = { "--max-memory", "4M", NULL };
	return scene_setup_with(state, arguments);
}

static void test_memory_counts_for_its_user(void **state)
{
	struct scene *scene = *state;
	struct memory memory;
	open_and_map(&scene->client, send_open_name(&scene->client, "m", 3 << 20), &memory);
	uint64_t call = send_open_name(&scene->bystander, "n", 3 << 20);
	wire_expect_failure(&scene->bystander, call, RELEVO_QUOTA, "3145728 bytes");
	wire_expect_done(&scene->client, send_delete(&scene->client, "m"), 0);
	memory_unmap(&memory);
	open_and_map(&scene->bystander, send_open_name(&scene->bystander, "n", 3 << 20), &memory);
	memory_unmap(&memory);
}

/* ---- descriptors that go astray ---------------------------------------- */

static void send_with_descriptors(struct wire_client *client, const struct buffer *bytes)
{
	enum { COUNT = 5 };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(COUNT * sizeof(int))];
	} control = { 0 };
	struct iovec piece = { buffer_data(bytes), buffer_size(bytes) };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(COUNT * sizeof(int));
	const int fds[COUNT] = { 0, 1, 2, client->fd, client->fd };
	memcpy(CMSG_DATA(head), fds, sizeof fds);
	assert_int_equal(sendmsg(client->fd, &message, 0), buffer_size(bytes));
}

static void test_descriptors_nobody_asked_for_are_closed(void **state)
{
	struct scene *scene = *state;
	int before = descriptors_of(&scene->broker);
	Relevo__Flush flush = RELEVO__FLUSH__INIT;
	Relevo__Header header = WIRE_HEADER(FLUSH, flush, &flush);
	for (int i = 0; i < 50; i++) {
		header.call = ++scene->client.last_call;
		struct buffer bytes = wire_encode(&header, NULL);
		send_with_descriptors(&scene->client, &bytes);
		buffer_fini(&bytes);
		wire_expect_done(&scene->client, header.call, 0);
	}
	assert_int_equal(descriptors_of(&scene->broker), before);
	wire_round_trip(&scene->client, scene->queue);
}

static void test_who_does_not_take_descriptors_gets_the_answer(void **state)
{
	struct scene *scene = *state;
	for (int i = 0; i < 50; i++) {
		uint64_t call = send_open_name(&scene->client, "m", 10);
		/* By a plain recv(). */
		wire_expect(&scene->client, call, RELEVO__HEADER__OP_SHARED_OPENED);
	}
	wire_round_trip(&scene->client, scene->queue);
}

static void test_who_does_not_read_holds_no_more_than_it_has_open(void **state)
{
	enum { ROUNDS = 3000 };
	struct scene *scene = *state;
	int before = descriptors_of(&scene->broker);
	struct wire_client client;
	wire_connect(&client, scene->broker.url);
	wire_hello(&client);
	for (int i = 0; i < ROUNDS; i++)
		send_open_name(&client, "m", 10);
	wire_round_trip(&scene->bystander, scene->beside);
	/* The connection, and the memory. */
	expect_descriptors(scene, before + 2);
	wire_close(&client);
	uint64_t call = send_delete(&scene->client, "m");
	wire_expect_done(&scene->client, call, 0);
	expect_descriptors(scene, before);
}

static void test_a_broker_without_descriptors_says_so(void **state)
{
	struct scene *scene = *state;
	char name[16];
	int before = descriptors_of(&scene->broker);
	/* So few that they end before the share of one session. */
	const struct rlimit few = { 40, 40 };
	assert_int_equal(prlimit(scene->broker.pid, RLIMIT_NOFILE, &few, NULL), 0);
	int count = 0;
	for (;; count++) {
		snprintf(name, sizeof name, "m%d", count);
		uint64_t call = send_open_name(&scene->client, name, 10);
		const Relevo__Header *header = wire_receive(&scene->client)->header;
		assert_int_equal(header->call, call);
		if (header->op_case == RELEVO__HEADER__OP_FAILURE) {
			assert_int_equal(header->failure->status, RELEVO_NO_DESCRIPTORS);
			assert_non_null(strstr(header->failure->text, "descriptors"));
			break;
		}
	}
	assert_in_range(count, 5, 15);
	/* There is room for those who want to connect. */
	struct wire_client more;
	wire_connect(&more, scene->broker.url);
	wire_hello(&more);
	wire_close(&more);
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof name, "m%d", i);
		wire_expect_done(&scene->client, send_delete(&scene->client, name), 0);
	}
	expect_descriptors(scene, before);
}

static void test_what_a_session_leaves_behind_goes(void **state)
{
	struct scene *scene = *state;
	int before = descriptors_of(&scene->broker);
	struct wire_client client;
	struct memory first, second;
	wire_connect(&client, scene->broker.url);
	wire_hello(&client);
	Relevo__SharedOpen open = RELEVO__SHARED_OPEN__INIT;
	open.size = 10;
	open.lifetime = RELEVO__LIFETIME__LIFETIME_HANDLES;
	open_and_map(&client, send_open(&client, &open, ""), &first);
	open.lifetime = RELEVO__LIFETIME__LIFETIME_SESSION;
	open_and_map(&client, send_open(&client, &open, ""), &second);
	assert_int_equal(descriptors_of(&scene->broker), before + 3);
	wire_close(&client);
	expect_descriptors(scene, before);
	memory_unmap(&first);
	memory_unmap(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scene_test(test_two_sessions_get_the_same_memory),
		scene_test(test_bad_requests_are_named),
		cmocka_unit_test_setup_teardown(test_not_over_a_network, setup_tcp, scene_teardown),
		cmocka_unit_test_setup_teardown(test_memory_counts_for_its_user, setup_small,
						scene_teardown),
		scene_test(test_descriptors_nobody_asked_for_are_closed),
		scene_test(test_who_does_not_take_descriptors_gets_the_answer),
		scene_test(test_who_does_not_read_holds_no_more_than_it_has_open),
		scene_test(test_a_broker_without_descriptors_says_so),
		scene_test(test_what_a_session_leaves_behind_goes),
	};
	return cmocka_run_group_tests_name("shared", tests, NULL, NULL);
}
